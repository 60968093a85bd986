import type { Socket } from "node:net";
import type { ByteStream } from "./byte-stream.ts";
import { HttpConnection } from "./http-connection.ts";

/** The connections of an HTTP server, and those that have left HTTP. */
export class ConnectionBook {
  /** What a peer without an address is called: "unix" where none can have one, and otherwise it has gone. */
  namelessPeer = "-";
  /** What answers say of connections that stay open: see `keepAliveFields`. */
  readonly keepAlive: string;
  /** Whether the server closes: what is answered now is the last answer of its connection. */
  isClosing = false;
  /** The open connections by their sockets; with TLS by their peer's address and port. */
  readonly #connections = new Map<string | Socket, HttpConnection>();
  readonly #bySocket = new WeakMap<Socket, HttpConnection>();
  /** Connections that have left HTTP, and their sockets behind. */
  readonly #streams = new Set<ByteStream>();
  #onStreamsClosed: (() => void) | undefined;
  #onConnectionsClosed: (() => void) | undefined;

  constructor(keepAlive: string) {
    this.keepAlive = keepAlive;
  }

  /** A connection was accepted; with TLS its handshake is still to come. */
  add(socket: Socket, isTls: boolean): void {
    this.#open(isTls ? addressOf(socket) : socket, socket, isTls);
  }

  /** The handshake of TLS is done: this socket takes the place of the one that was accepted. */
  secure(socket: Socket): void {
    this.#open(addressOf(socket), socket, false);
  }

  /** The connection of a socket. */
  connectionOf(socket: Socket): HttpConnection {
    // One whose handshake of TLS has failed was never written down.
    return this.#bySocket.get(socket) ?? this.#note(socket, true);
  }

  /** The connections that are open and have not left HTTP. */
  connections(): Iterable<HttpConnection> {
    return this.#connections.values();
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

  /** Cuts connections on which nothing was ever sent: nobody waits for anything there. */
  destroySilent(): void {
    for (const { socket, isSilent } of this.#connections.values()) if (isSilent) socket.destroy();
  }

  destroyAll(): void {
    for (const { socket } of this.#connections.values()) socket.destroy();
    for (const stream of this.#streams) stream.destroy();
  }

  #open(key: string | Socket, socket: Socket, isHandshaking: boolean): void {
    // It comes again when the other protocol that it asked for is not spoken.
    if (this.#connections.get(key)?.socket === socket) return;
    const connection = this.#note(socket, isHandshaking);
    this.#connections.set(key, connection);
    socket.once("close", () => {
      connection.receiveClosed();
      if (this.#connections.get(key) !== connection) return;
      this.#connections.delete(key);
      if (this.#connections.size === 0) this.#onConnectionsClosed?.();
    });
  }

  #note(socket: Socket, isHandshaking: boolean): HttpConnection {
    const connection = new HttpConnection(socket, this.namelessPeer, isHandshaking);
    this.#bySocket.set(socket, connection);
    return connection;
  }
}

/** Nothing else that Node tells is the same of a TLS socket and of the one below it. */
function addressOf(socket: Socket): string | Socket {
  const { remoteAddress, remotePort } = socket;
  return remotePort === undefined ? socket : `${remoteAddress} ${remotePort}`;
}
