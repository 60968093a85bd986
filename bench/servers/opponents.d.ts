/** The parts of the opponents' interfaces that are used here: their packages are not there before the first run. */
declare module "socket.io" {
  import type { Server as Listener } from "node:http";

  interface Socket {
    on(event: "message", listener: (message: unknown) => void): void;
    emit(event: "message", message: unknown): void;
  }
  class Server {
    constructor(server: Listener, options: object);
    on(event: "connection", listener: (socket: Socket) => void): void;
    emit(event: "message", message: unknown): void;
  }
}
