import type { AddressInfo } from "node:net";
import { WebSocket, WebSocketServer } from "ws";
import { announce, options } from "./contract.ts";

const isTakeover = options.compression === "takeover";
/** The sizes and the level are those that its README advises. */
const compression = {
  serverNoContextTakeover: !isTakeover,
  clientNoContextTakeover: !isTakeover,
  zlibDeflateOptions: { chunkSize: 1024, memLevel: 7, level: 3 },
  zlibInflateOptions: { chunkSize: 10 * 1024 },
};
const server = new WebSocketServer({
  host: "127.0.0.1",
  port: 0,
  maxPayload: options.messageBytesMax,
  perMessageDeflate: options.compression === "off" ? false : compression,
});

server.on("connection", (socket) => {
  socket.on("message", (data, isBinary) => {
    if (options.mode === "echo") {
      socket.send(data, { binary: isBinary });
      return;
    }
    for (const client of server.clients) {
      if (client.readyState === WebSocket.OPEN) client.send(data, { binary: isBinary });
    }
  });
});
server.on("listening", () => announce((server.address() as AddressInfo).port));
