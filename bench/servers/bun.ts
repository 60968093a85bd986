import { announce, options } from "./contract.ts";

/** The part of Bun's interface that is used here; its types would be one more package. */
interface BunSocket {
  send(message: string | Uint8Array, compress: boolean): number;
  subscribe(topic: string): void;
}
interface BunServer {
  readonly port: number;
  upgrade(request: unknown): boolean;
  publish(topic: string, message: string | Uint8Array): number;
}
declare const Bun: {
  serve(options: object): BunServer;
  gc(isSynchronous: boolean): void;
};

const isCompressed = options.compression !== "off";
const compressor = options.compression === "takeover" ? "dedicated" : "shared";
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch(request: unknown, self: BunServer) {
    return self.upgrade(request) ? undefined : new Response("not a WebSocket", { status: 400 });
  },
  websocket: {
    maxPayloadLength: options.messageBytesMax,
    perMessageDeflate: isCompressed ? { compress: compressor, decompress: compressor } : false,
    open(socket: BunSocket) {
      if (options.mode === "broadcast") socket.subscribe("all");
    },
    message(socket: BunSocket, message: string | Uint8Array) {
      if (options.mode === "echo") socket.send(message, isCompressed);
      else server.publish("all", message);
    },
  },
});
announce(server.port, () => Bun.gc(true));
