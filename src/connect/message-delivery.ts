import type { Message, QueueLimits } from "./message-queue.ts";
import { MessageQueue } from "./message-queue.ts";

/** What a delivery needs of the object around it. */
export interface DeliveryTarget {
  /** Calls the listeners. */
  dispatchMessage(message: Message): void;
  pauseReading(): void;
  resumeReading(): void;
}

/** Who gets the messages: listeners alone, an iterator (and listeners beside it), or nobody yet. */
type Mode = "listeners" | "iterator" | "undecided";

/**
 * Brings messages to listeners, to an iterator, or to both. Listeners get a message when it comes, as the standard
 * says, and it is lost where there are none. For an iterator messages wait in a queue, and when that is full the socket
 * is not read. While it is undecided who will come, they wait as well: after `connect()` the first listener or iterator
 * gets everything from the beginning.
 */
export class MessageDelivery {
  readonly #target: DeliveryTarget;
  readonly #queue: MessageQueue;
  #mode: Mode = "listeners";
  #hasListener = false;

  constructor(target: DeliveryTarget, limits: QueueLimits) {
    this.#target = target;
    this.#queue = new MessageQueue(
      limits,
      () => target.pauseReading(),
      () => target.resumeReading(),
    );
  }

  receive(message: Message, byteLength: number): void {
    if (this.#mode !== "listeners") this.#queue.add(message, byteLength);
    if (this.#mode !== "undecided" && this.#hasListener) this.#target.dispatchMessage(message);
  }

  /** Keeps messages until somebody comes for them. */
  hold(): void {
    this.#mode = "undecided";
  }

  /** There is a listener now. */
  addListener(): void {
    this.#hasListener = true;
    if (this.#mode !== "undecided") return;
    // Listeners that are added in the same turn get the first messages, too.
    queueMicrotask(() => {
      if (this.#mode !== "undecided") return;
      this.#mode = "listeners";
      for (let message = this.#queue.take(); message !== undefined; message = this.#queue.take()) {
        this.#target.dispatchMessage(message);
      }
    });
  }

  /** An iterator over all messages that come, and those that wait. Several share them. */
  iterate(): AsyncIterableIterator<Message, undefined, undefined> {
    this.#mode = "iterator";
    const queue = this.#queue;
    return {
      next: () => queue.next(),
      return: () => Promise.resolve({ done: true, value: undefined }),
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  /** Whether bytes that a listener is given are an iterator's, too. */
  get isShared(): boolean {
    return this.#mode === "iterator";
  }

  /** No more messages; with an error, if some may have been lost. */
  end(error: unknown): void {
    this.#queue.end(error);
  }
}
