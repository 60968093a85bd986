import { announce, options } from "./contract.ts";

/** The part of uWebSockets.js that is used here: it is not in the npm registry, so its types cannot be installed either. */
interface Socket {
  send(message: ArrayBuffer, isBinary: boolean, compress: boolean): number;
  subscribe(topic: string): boolean;
}
interface App {
  ws(pattern: string, behavior: object): App;
  publish(topic: string, message: ArrayBuffer, isBinary: boolean): boolean;
  listen(host: string, port: number, listening: (token: unknown) => void): void;
}
interface Module {
  App(): App;
  us_socket_local_port(token: unknown): number;
  readonly SHARED_COMPRESSOR: number;
  readonly SHARED_DECOMPRESSOR: number;
  readonly DEDICATED_COMPRESSOR: number;
  readonly DEDICATED_DECOMPRESSOR: number;
}

const name = "uWebSockets.js";
const library = (await import(name).catch((error: Error) => {
  process.stderr.write(
    `it cannot be loaded here (${error.message.split("\n")[0]}); who has it puts it into bench/node_modules\n`,
  );
  return process.exit(1);
})) as { readonly default: Module };
const uws = library.default;

const compressions = {
  off: 0,
  "no takeover": uws.SHARED_COMPRESSOR | uws.SHARED_DECOMPRESSOR,
  takeover: uws.DEDICATED_COMPRESSOR | uws.DEDICATED_DECOMPRESSOR,
};
const isCompressed = options.compression !== "off";
const app = uws.App();
app.ws("/*", {
  maxPayloadLength: options.messageBytesMax,
  compression: compressions[options.compression],
  open(socket: Socket) {
    if (options.mode === "broadcast") socket.subscribe("all");
  },
  message(socket: Socket, message: ArrayBuffer, isBinary: boolean) {
    if (options.mode === "echo") socket.send(message, isBinary, isCompressed);
    else app.publish("all", message, isBinary);
  },
});
app.listen("127.0.0.1", 0, (token) => announce(uws.us_socket_local_port(token)));
