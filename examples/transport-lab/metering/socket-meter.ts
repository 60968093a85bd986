import { channel } from "node:diagnostics_channel";
import type { Socket } from "node:net";

/**
 * Counts the bytes of a server's sockets where they meet the operating system, and is the only file that knows how.
 *
 * `net.Socket` has counters of its own, but they end where a connection becomes a WebSocket: the server takes the handle,
 * which is what reads and writes, out of the socket (src/transport/handle-stream.ts in the package), and the socket is destroyed. The handle
 * counts as well, and goes on. So what is kept here is the handle of each connection that Node announces on its diagnostics channel, and it is
 * asked for its counters. Node does not document `_handle`, but every version this package runs on has it.
 *
 * A handle that was closed cannot be asked any more. Whoever closes it calls its `close` (or `reset`), which is replaced by one that
 * takes the last reading first.
 */
interface Handle {
  readonly bytesRead: number;
  readonly bytesWritten: number;
  close(callback?: () => void): void;
  reset?(callback?: () => void): number;
}

/** What went over a server's sockets since it listens, those that are closed included. */
export interface SocketBytes {
  readonly bytesReceived: number;
  readonly bytesSent: number;
  /** Connections that are open. */
  readonly sockets: number;
}

const announcements = channel("net.server.socket");

/** The meter of one server. */
export class SocketMeter {
  readonly #port: number;
  readonly #open = new Set<Handle>();
  #bytesReceived = 0;
  #bytesSent = 0;

  /** Counts all connections to this port from now on. */
  constructor(port: number) {
    this.#port = port;
    announcements.subscribe(this.#receive);
  }

  /** What the sockets have received and sent until now. */
  read(): SocketBytes {
    let bytesReceived = this.#bytesReceived;
    let bytesSent = this.#bytesSent;
    for (const handle of this.#open) {
      bytesReceived += handle.bytesRead;
      bytesSent += handle.bytesWritten;
    }
    return { bytesReceived, bytesSent, sockets: this.#open.size };
  }

  /** New connections are not counted any more. */
  stop(): void {
    announcements.unsubscribe(this.#receive);
  }

  // Node keeps subscribers weakly in some versions, so this is a property and not made on the way.
  readonly #receive = (announced: unknown): void => {
    const { socket } = announced as { readonly socket: Socket };
    const handle = (socket as unknown as { readonly _handle?: Handle | null })._handle;
    if (socket.localPort !== this.#port || handle === undefined || handle === null) return;
    this.#open.add(handle);
    const methods = Object.getPrototypeOf(handle) as Handle;
    handle.close = (callback) => {
      this.#retire(handle);
      methods.close.call(handle, callback);
    };
    handle.reset = (callback) => {
      this.#retire(handle);
      return methods.reset?.call(handle, callback) ?? 0;
    };
  };

  #retire(handle: Handle): void {
    if (!this.#open.delete(handle)) return;
    this.#bytesReceived += handle.bytesRead;
    this.#bytesSent += handle.bytesWritten;
  }
}
