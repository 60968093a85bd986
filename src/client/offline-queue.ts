import type { OutgoingData } from "./link.ts";
import { byteLengthOf } from "./link.ts";
import type { ResolvedOptions } from "./options.ts";

/** What was sent while there was no connection, in order, within its limits. */
export class OfflineQueue {
  readonly #options: ResolvedOptions["queue"];
  readonly #drop: (data: OutgoingData) => void;
  #messages: OutgoingData[] = [];
  /** Bytes that wait. */
  bytes = 0;

  /** @param drop is called for each message that is given up to make room. */
  constructor(options: ResolvedOptions["queue"], drop: (data: OutgoingData) => void) {
    this.#options = options;
    this.#drop = drop;
  }

  /** @throws DOMException InvalidStateError where nothing is queued, QuotaExceededError where there is no more room. */
  add(data: OutgoingData): void {
    const { policy, maxMessages, maxBytes } = this.#options;
    if (policy === "none") throw new DOMException("the socket is not open", "InvalidStateError");
    const size = byteLengthOf(data);
    const isTooMuch = (): boolean => this.#messages.length >= maxMessages || this.bytes + size > maxBytes;
    if (policy === "reject" && isTooMuch()) {
      throw new DOMException(
        `${this.#messages.length} messages of ${this.bytes} bytes wait for a connection, one of ${size} is too much (queue: { maxMessages: ${maxMessages}, maxBytes: ${maxBytes} })`,
        "QuotaExceededError",
      );
    }
    // One that would not even fit alone drives nothing out.
    if (size > maxBytes || maxMessages < 1) {
      this.#drop(data);
      return;
    }
    const dropped: OutgoingData[] = [];
    while (isTooMuch()) {
      const oldest = this.#messages.shift() as OutgoingData;
      this.bytes -= byteLengthOf(oldest);
      dropped.push(oldest);
    }
    this.#messages.push(data);
    this.bytes += size;
    for (const each of dropped) this.#drop(each);
  }

  /** Takes everything out. */
  takeAll(): readonly OutgoingData[] {
    const messages = this.#messages;
    this.#messages = [];
    this.bytes = 0;
    return messages;
  }
}
