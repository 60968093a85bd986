import type { Socket } from "node:net";
import type { HttpExchange } from "./http-exchange.ts";

interface Entry {
  /** Requests whose answers are under way, in order. */
  readonly exchanges: HttpExchange[];
  /** What has to wait for the last of these answers. */
  readonly waiting: (() => void)[];
}

/**
 * What goes on on each connection of an HTTP server. A client may send the next request, an upgrade or rubbish while
 * its last request is still being answered (pipelining, RFC 9112 §9.3.2): whatever is said about what came later has to
 * stand behind that answer.
 */
export class ConnectionBook {
  /** Bytes that had been read of each when it was added, for TLS those of its handshake. */
  readonly #sockets = new Map<Socket, number>();
  readonly #entries = new WeakMap<Socket, Entry>();

  /** A connection was accepted. */
  add(socket: Socket): void {
    this.#sockets.set(socket, socket.bytesRead);
    socket.once("close", () => this.#sockets.delete(socket));
  }

  /** An answer is under way, until `end`. */
  begin(socket: Socket, exchange: HttpExchange): void {
    const entry = this.#entries.get(socket);
    if (entry === undefined) this.#entries.set(socket, { exchanges: [exchange], waiting: [] });
    else entry.exchanges.push(exchange);
  }

  end(socket: Socket, exchange: HttpExchange): void {
    const entry = this.#entries.get(socket);
    if (entry === undefined) return;
    entry.exchanges.splice(entry.exchanges.indexOf(exchange), 1);
    if (entry.exchanges.length > 0) return;
    for (const action of entry.waiting.splice(0)) action();
  }

  /** The request that came last, if it is still being answered. */
  latest(socket: Socket): HttpExchange | undefined {
    return this.#entries.get(socket)?.exchanges.at(-1);
  }

  /** Calls `action` when no answer is under way, which may be now. */
  whenIdle(socket: Socket, action: () => void): void {
    const entry = this.#entries.get(socket);
    if (entry === undefined || entry.exchanges.length === 0) action();
    else entry.waiting.push(action);
  }

  /** Cuts connections on which nothing was ever sent: nobody waits for anything there. */
  destroySilent(): void {
    for (const [socket, bytesRead] of this.#sockets) if (socket.bytesRead === bytesRead) socket.destroy();
  }

  destroyAll(): void {
    for (const socket of this.#sockets.keys()) socket.destroy();
  }
}
