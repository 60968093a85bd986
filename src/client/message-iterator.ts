import type { Ending } from "./link.ts";

/** A message as events and iterators have it; bytes as `binaryType` says. */
export type MessageData = string | ArrayBuffer | Blob;

/** Endings that are the end of the data, and not a loss. */
const ordinary = new Set([1000, 1001, 1005]);

/**
 * Messages for one `for await`, from the moment it began to the end of the socket. What it has not come for waits; a browser's
 * WebSocket cannot be slowed down, so that past the limit the iteration ends with an error, behind the messages that are there.
 */
export class MessageIterator implements AsyncIterableIterator<MessageData, undefined, undefined> {
  readonly #messagesMax: number;
  readonly #leave: (iterator: MessageIterator) => void;
  readonly #messages: MessageData[] = [];
  readonly #readers: PromiseWithResolversOf<IteratorResult<MessageData, undefined>>[] = [];
  #isOver = false;
  #error: unknown;

  constructor(messagesMax: number, leave: (iterator: MessageIterator) => void) {
    this.#messagesMax = messagesMax;
    this.#leave = leave;
  }

  receive(data: MessageData): void {
    const reader = this.#readers.shift();
    if (reader) reader.resolve({ done: false, value: data });
    else if (this.#messages.length < this.#messagesMax) this.#messages.push(data);
    else {
      const message = `more than ${this.#messagesMax} messages wait for an iterator (iterationMaxMessages)`;
      this.#finish(new DOMException(message, "QuotaExceededError"));
    }
  }

  /** The socket is closed: an error where messages may be missing. */
  end({ code, reason }: Ending, isOwnDoing: boolean): void {
    const error = new DOMException(`the socket was closed with ${code} ${reason}`, "NetworkError");
    this.#finish(isOwnDoing || ordinary.has(code) ? undefined : error);
  }

  next(): Promise<IteratorResult<MessageData, undefined>> {
    const value = this.#messages.shift();
    if (value !== undefined) return Promise.resolve({ done: false, value });
    if (!this.#isOver) return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }));
    const error = this.#error;
    this.#error = undefined;
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- it is one
    return error === undefined ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(error);
  }

  return(): Promise<IteratorResult<MessageData, undefined>> {
    this.#messages.length = 0;
    this.#finish(undefined);
    return this.next();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #finish(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#leave(this);
    const [first, ...others] = this.#readers.splice(0);
    if (first === undefined) this.#error = error;
    else if (error === undefined) first.resolve({ done: true, value: undefined });
    else first.reject(error);
    for (const reader of others) reader.resolve({ done: true, value: undefined });
  }
}

interface PromiseWithResolversOf<Value> {
  readonly resolve: (value: Value) => void;
  readonly reject: (error: unknown) => void;
}
