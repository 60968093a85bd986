import type { ServerResponse } from "node:http";

/** What a response stream tells its owner. */
export interface ResponseStreamEvents {
  /** There is room again. */
  receiveDrain(): void;
  /** Nothing more can be written. Called once. */
  receiveClosed(): void;
}

/** A response that is written bit by bit: what a stream of server-sent events needs of Node's. */
export class ResponseStream {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
    // No chunks: the body ends with the connection. HAProxy, if it is not told otherwise, keeps back what it
    // has got of a response in chunks for up to 200 ms, waiting for more.
    response.removeHeader("Transfer-Encoding");
    response.flushHeaders();
  }

  /** To be called once, before anything is written. */
  start(events: ResponseStreamEvents): void {
    this.#response.on("drain", () => events.receiveDrain());
    this.#response.once("close", () => events.receiveClosed());
    // What a broken connection means is said by its "close".
    this.#response.on("error", () => {});
  }

  /** Bytes that have not reached the operating system. */
  get bufferedBytes(): number {
    return this.#response.writableLength;
  }

  /** Whether to wait for `receiveDrain` before writing more. */
  get needsDrain(): boolean {
    return this.#response.writableNeedDrain;
  }

  /** `onWritten` is called when the operating system has taken it. */
  write(text: string, onWritten?: () => void): void {
    this.#response.write(text, onWritten);
  }

  /** Completes the response. */
  end(): void {
    this.#response.end();
  }

  /** Cuts the connection. */
  destroy(): void {
    this.#response.destroy();
  }
}
