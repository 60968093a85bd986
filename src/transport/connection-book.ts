import type { Socket } from "node:net";
import type { ByteStream } from "./byte-stream.ts";
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
  /** What a peer without an address is called: "unix" where none can have one, and otherwise it has gone. */
  namelessPeer = "-";
  /** The open connections by their sockets; with TLS by their peer's address and port. */
  readonly #connections = new Map<
    string | Socket,
    { readonly socket: Socket; readonly isSilent: () => boolean }
  >();
  readonly #entries = new WeakMap<Socket, Entry>();
  /** Connections that have left HTTP, and their sockets behind. */
  readonly #streams = new Set<ByteStream>();
  #onStreamsClosed: (() => void) | undefined;
  #onConnectionsClosed: (() => void) | undefined;

  /** A connection was accepted; with TLS its handshake is still to come. */
  add(socket: Socket, isTls: boolean): void {
    this.#set(isTls ? addressOf(socket) : socket, socket, () => isTls || socket.bytesRead === 0);
  }

  /** The handshake of TLS is done: this socket takes the place of the one that was accepted. */
  secure(socket: Socket): void {
    const { bytesRead } = socket;
    this.#set(addressOf(socket), socket, () => socket.bytesRead === bytesRead);
  }

  /** A socket has become this stream, until `forgetStream`. */
  addStream(stream: ByteStream): void {
    this.#streams.add(stream);
  }

  readonly forgetStream = (stream: ByteStream): void => {
    this.#streams.delete(stream);
    if (this.#streams.size === 0) this.#onStreamsClosed?.();
  };

  /** Resolves when no connection is open that has not left HTTP. */
  async connectionsClosed(): Promise<void> {
    if (this.#connections.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#onConnectionsClosed = resolve;
    });
  }

  /** Resolves when no stream is open. */
  async streamsClosed(): Promise<void> {
    if (this.#streams.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#onStreamsClosed = resolve;
    });
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
    if (entry.exchanges.length > 0 || entry.waiting.length === 0) return;
    const waiting = entry.waiting.splice(0);
    // To a peer that has gone there is nothing left to say.
    if (!socket.destroyed) for (const action of waiting) action();
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

  /** The connections on which answers are under way, each with the request whose answer is first. */
  *answering(): Iterable<readonly [socket: Socket, exchange: HttpExchange]> {
    for (const { socket } of this.#connections.values()) {
      const first = this.#entries.get(socket)?.exchanges[0];
      if (first !== undefined) yield [socket, first];
    }
  }

  /** Cuts connections on which nothing was ever sent: nobody waits for anything there. */
  destroySilent(): void {
    for (const { socket, isSilent } of this.#connections.values()) if (isSilent()) socket.destroy();
  }

  destroyAll(): void {
    for (const { socket } of this.#connections.values()) socket.destroy();
    for (const stream of this.#streams) stream.destroy();
  }

  #set(key: string | Socket, socket: Socket, isSilent: () => boolean): void {
    const connection = { socket, isSilent };
    this.#connections.set(key, connection);
    socket.once("close", () => {
      // Each leaves the list when it hears of it.
      const exchanges = this.#entries.get(socket)?.exchanges.slice() ?? [];
      for (const exchange of exchanges) exchange.receiveConnectionClosed();
      if (this.#connections.get(key) !== connection) return;
      this.#connections.delete(key);
      if (this.#connections.size === 0) this.#onConnectionsClosed?.();
    });
  }
}

/** Nothing else that Node tells is the same of a TLS socket and of the one below it. */
function addressOf(socket: Socket): string | Socket {
  const { remoteAddress, remotePort } = socket;
  return remotePort === undefined ? socket : `${remoteAddress} ${remotePort}`;
}
