import type { AddressInfo } from "node:net";
import { createServer } from "node:http";
import { Server } from "socket.io";
import { announce, options } from "./contract.ts";

const isTakeover = options.compression === "takeover";
/** As for ws, which it stands on. */
const compression = {
  serverNoContextTakeover: !isTakeover,
  clientNoContextTakeover: !isTakeover,
  zlibDeflateOptions: { chunkSize: 1024, memLevel: 7, level: 3 },
  zlibInflateOptions: { chunkSize: 10 * 1024 },
};
const listener = createServer();
const server = new Server(listener, {
  transports: ["websocket"],
  serveClient: false,
  maxHttpBufferSize: options.messageBytesMax,
  perMessageDeflate: options.compression === "off" ? false : compression,
});

server.on("connection", (socket) => {
  socket.on("message", (message) => {
    if (options.mode === "echo") socket.emit("message", message);
    else server.emit("message", message);
  });
});
listener.listen(0, "127.0.0.1", () => announce((listener.address() as AddressInfo).port));
