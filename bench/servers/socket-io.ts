import type { AddressInfo } from "node:net";
import { createServer } from "node:http";
import { Server } from "socket.io";
import { announce, options } from "./contract.ts";

const isTakeover = options.compression === "takeover";
const listener = createServer();
const server = new Server(listener, {
  transports: ["websocket"],
  serveClient: false,
  maxHttpBufferSize: options.messageBytesMax,
  perMessageDeflate:
    options.compression === "off"
      ? false
      : { serverNoContextTakeover: !isTakeover, clientNoContextTakeover: !isTakeover, threshold: 0 },
});

server.on("connection", (socket) => {
  socket.on("message", (message) => {
    if (options.mode === "echo") socket.emit("message", message);
    else server.emit("message", message);
  });
});
listener.listen(0, "127.0.0.1", () => announce((listener.address() as AddressInfo).port));
