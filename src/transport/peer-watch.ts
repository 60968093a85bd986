import type { Socket } from "node:net";

/**
 * Notices when the peer of a socket leaves that nobody reads: one that has asked to leave HTTP, and is being thought about. Node does not watch it any
 * more.
 */
export class PeerWatch {
  readonly #socket: Socket;
  readonly #onEnd: () => void;

  /** @param onEnd called when the peer has ended its side, or the connection is closed; perhaps for both. */
  constructor(socket: Socket, onEnd: () => void) {
    this.#socket = socket;
    this.#onEnd = onEnd;
    socket.once("end", onEnd);
    socket.once("close", onEnd);
    // An end is seen only by who reads: what comes before it waits in the socket's own buffer, which is bounded.
    socket.on("readable", readEnd);
  }

  /** Watches no more. Node then has the socket flow again. */
  stop(): void {
    this.#socket.off("readable", readEnd).off("end", this.#onEnd).off("close", this.#onEnd);
  }
}

function readEnd(this: Socket): void {
  if (this.readableLength === 0) this.read();
}
