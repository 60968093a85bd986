import type { OutgoingMessage } from "./link.ts";
import { byteLengthOf } from "./link.ts";
import type { ResolvedOptions } from "./options.ts";

/** What was sent while there was no connection, in order, within its limits. */
export class OfflineQueue {
  readonly #options: ResolvedOptions["queue"];
  readonly #drop: (message: OutgoingMessage) => void;
  readonly #messages: OutgoingMessage[] = [];
  /** Bytes that wait. */
  bytes = 0;

  get length(): number {
    return this.#messages.length;
  }

  /** @param drop is called for each message that is given up to make room. */
  constructor(options: ResolvedOptions["queue"], drop: (message: OutgoingMessage) => void) {
    this.#options = options;
    this.#drop = drop;
  }

  /** @throws DOMException InvalidStateError where nothing is queued, QuotaExceededError where there is no more room. */
  add(message: OutgoingMessage): void {
    const { policy, maxMessages, maxBytes } = this.#options;
    if (policy === "none") throw new DOMException("the socket is not open", "InvalidStateError");
    const size = byteLengthOf(message);
    const isFull = (): boolean => this.#messages.length >= maxMessages || this.bytes + size > maxBytes;
    if (policy === "reject" && isFull()) {
      throw new DOMException("the queue is full", "QuotaExceededError");
    }
    // One that would not even fit alone drives nothing out.
    if (size > maxBytes || maxMessages < 1) {
      this.#drop(message);
      return;
    }
    const dropped: OutgoingMessage[] = [];
    while (isFull()) dropped.push(...this.takeFirst());
    this.#messages.push(message);
    this.bytes += size;
    for (const each of dropped) this.#drop(each);
  }

  /** Takes the oldest message out; none where there is none. */
  takeFirst(): OutgoingMessage[] {
    const taken = this.#messages.splice(0, 1);
    for (const each of taken) this.bytes -= byteLengthOf(each);
    return taken;
  }
}
