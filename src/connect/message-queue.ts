/** A message as an iterator yields it: text as a string, binary as bytes. */
export type Message = string | Uint8Array;

/** When a queue is full. */
export interface QueueLimits {
  readonly maxQueuedMessages: number;
  readonly maxQueuedBytes: number;
}

interface Entry {
  readonly message: Message;
  readonly byteLength: number;
}

interface Reader {
  resolve(result: IteratorResult<Message, undefined>): void;
  reject(reason: unknown): void;
}

const done: IteratorResult<Message, undefined> = { done: true, value: undefined };

/**
 * Messages on their way to an iterator. `onFull` is called when the limits are reached, `onEmptier` when half of it
 * has been taken out again; what one read brought may carry the queue past its limits.
 */
export class MessageQueue {
  readonly #limits: QueueLimits;
  readonly #onFull: () => void;
  readonly #onEmptier: () => void;
  #entries: Entry[] = [];
  /** Index of the first entry that has not been taken: to shift each one out of a long list would be quadratic. */
  #first = 0;
  #bytes = 0;
  #readers: Reader[] = [];
  #isFull = false;
  #ending: { readonly error: unknown } | undefined;

  constructor(limits: QueueLimits, onFull: () => void, onEmptier: () => void) {
    this.#limits = limits;
    this.#onFull = onFull;
    this.#onEmptier = onEmptier;
  }

  /** Messages that wait. */
  get length(): number {
    return this.#entries.length - this.#first;
  }

  add(message: Message, byteLength: number): void {
    const reader = this.#readers.shift();
    if (reader !== undefined) {
      reader.resolve({ done: false, value: message });
      return;
    }
    this.#entries.push({ message, byteLength });
    this.#bytes += byteLength;
    const { maxQueuedMessages, maxQueuedBytes } = this.#limits;
    if (this.#isFull || (this.length < maxQueuedMessages && this.#bytes < maxQueuedBytes)) return;
    this.#isFull = true;
    this.#onFull();
  }

  /** Takes the first message out. */
  take(): Message | undefined {
    const entry = this.#entries[this.#first];
    if (entry === undefined) return undefined;
    this.#first++;
    this.#bytes -= entry.byteLength;
    if (this.#first === this.#entries.length) {
      this.#entries = [];
      this.#first = 0;
    } else if (this.#first >= 1024) {
      this.#entries = this.#entries.slice(this.#first);
      this.#first = 0;
    }
    const { maxQueuedMessages, maxQueuedBytes } = this.#limits;
    if (this.#isFull && this.length <= maxQueuedMessages / 2 && this.#bytes <= maxQueuedBytes / 2) {
      this.#isFull = false;
      this.#onEmptier();
    }
    return entry.message;
  }

  /** The next message, or the end when all have been read. */
  next(): Promise<IteratorResult<Message, undefined>> {
    const value = this.take();
    if (value !== undefined) return Promise.resolve({ done: false, value });
    if (this.#ending === undefined) {
      return new Promise((resolve, reject) => {
        this.#readers.push({ resolve, reject });
      });
    }
    const { error } = this.#ending;
    if (error === undefined) return Promise.resolve(done);
    // Once: who goes on reading after an error has reached the end, as with any iterator that threw.
    this.#ending = { error: undefined };
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- it is one
    return Promise.reject(error);
  }

  /** Nothing more will come; with an error if that is not how it should have ended. */
  end(error: unknown): void {
    const [first, ...others] = this.#readers;
    this.#readers = [];
    this.#ending = { error: first === undefined ? error : undefined };
    if (error === undefined) first?.resolve(done);
    else first?.reject(error);
    for (const reader of others) reader.resolve(done);
  }
}
