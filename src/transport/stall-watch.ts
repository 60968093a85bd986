import type { Socket } from "node:net";
import { describe } from "../base/errors.ts";
import type { ConnectionBook } from "./connection-book.ts";

/** How often connections are looked at: how late one may be cut, in milliseconds. */
const checkMs = 1000;

/** What was last seen of a connection on which bytes wait for the client. */
interface Sighting {
  readonly taken: number;
  readonly since: number;
}

/**
 * Cuts connections whose client does not take its answer. A client need not be fast, but has to take something of what waits for
 * it within the limit: a chunk of at most 64 KiB, which is what answers are handed over in. Looking at all connections from time to
 * time costs an answer nothing.
 */
export class StallWatch {
  readonly #book: ConnectionBook;
  readonly #limitMs: number;
  readonly #sightings = new WeakMap<Socket, Sighting>();
  #timer: NodeJS.Timeout | undefined;

  /** @param limitMs 0 for no limit. */
  constructor(book: ConnectionBook, limitMs: number) {
    this.#book = book;
    this.#limitMs = limitMs;
  }

  start(): void {
    if (this.#limitMs === 0) return;
    this.#timer = setInterval(() => this.#check(), Math.min(checkMs, Math.ceil(this.#limitMs / 4))).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #check(): void {
    const now = performance.now();
    for (const { socket, first } of this.#book.connections()) {
      if (first === undefined) continue;
      const waiting = socket.writableLength;
      if (waiting === 0) {
        this.#sightings.delete(socket);
        continue;
      }
      const taken = socket.bytesWritten - waiting;
      const seen = this.#sightings.get(socket);
      if (seen === undefined || seen.taken !== taken) {
        this.#sightings.set(socket, { taken, since: now });
      } else if (now - seen.since >= this.#limitMs) {
        first.cutOff(describe("RESPONSE_TIMEOUT", { waiting, limit: this.#limitMs }));
      }
    }
  }
}
