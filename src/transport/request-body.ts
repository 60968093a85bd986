import type { IncomingMessage } from "node:http";
import { noBytes } from "../base/bytes.ts";
import { BodyError } from "../base/body-error.ts";
import type { Problem } from "../base/errors.ts";
import { describe } from "../base/errors.ts";

/** How much of a body is read, and how long it may take. */
export interface BodyLimits {
  /** Infinity for a body of any length. */
  readonly bytesMax: number;
  /** Milliseconds for which the next bytes are waited for; 0 for ever. */
  readonly timeoutMs: number;
  /** The setting that allows more bytes, as the log names it. */
  readonly setting: string;
}

/**
 * The body of a request, which is read once: whole, or chunk by chunk. Nothing is read before somebody asks, and no more than
 * is asked for: what a slow reader leaves waits with the client, who sends no more than fits into the buffers between.
 */
export class RequestBody implements AsyncIterable<Uint8Array> {
  readonly #request: IncomingMessage;
  readonly #limits: BodyLimits;
  readonly #beforeRead: () => void;
  #state: "untouched" | "reading" | "left" = "untouched";
  #isUnwanted = false;
  #receivedBytes = 0;

  /** `beforeRead` is called once when somebody begins to read. */
  constructor(request: IncomingMessage, limits: BodyLimits, beforeRead: () => void) {
    this.#request = request;
    this.#limits = limits;
    this.#beforeRead = beforeRead;
  }

  /** The whole body. @throws BodyError BODY_TOO_LARGE, BODY_ABORTED, BODY_TIMEOUT */
  async bytes(): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of this) chunks.push(chunk);
    if (chunks.length <= 1) return chunks[0] ?? noBytes;
    return Buffer.concat(chunks);
  }

  /** The chunks as they come; to be called once. @throws BodyError like `bytes`, while iterating. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    const { bytesMax, setting } = this.#limits;
    const announced = Number(this.#request.headers["content-length"] ?? 0);
    // Before a byte of it: who waits for "100 Continue" need not send what would be refused.
    if (announced > bytesMax) throw new BodyError(describe("BODY_TOO_LARGE", { limit: bytesMax, setting }));
    this.#beforeRead();
    this.#state = "reading";
    const arrivals = new Arrivals(this.#request, this.#limits.timeoutMs);
    try {
      for (;;) {
        const chunk = this.#request.read() as Uint8Array | null;
        if (chunk === null) {
          if (this.#request.readableEnded) return;
          if (isLost(this.#request)) throw this.#aborted();
          if (!(await arrivals.next())) throw this.#timedOut();
          continue;
        }
        this.#receivedBytes += chunk.length;
        if (this.#receivedBytes > bytesMax) {
          throw new BodyError(describe("BODY_TOO_LARGE", { limit: bytesMax, setting }));
        }
        yield chunk;
      }
    } finally {
      arrivals.stop();
      this.#state = "left";
      if (this.#isUnwanted) this.#request.resume();
    }
  }

  /** Nobody needs what has not been read, so that the next request can come: it is read and forgotten. */
  discard(): void {
    this.#isUnwanted = true;
    // Who still reads it has it; what they leave is forgotten then.
    if (this.#state !== "reading") this.#request.resume();
  }

  #aborted(): BodyError {
    return new BodyError(describe("BODY_ABORTED", { received: this.#receivedBytes }));
  }

  #timedOut(): BodyError {
    const { timeoutMs } = this.#limits;
    return new BodyError(describe("BODY_TIMEOUT", { limit: timeoutMs, received: this.#receivedBytes }));
  }
}

/** Waits for a request to have more to read, to end or to be lost. */
class Arrivals {
  readonly #request: IncomingMessage;
  readonly #timeoutMs: number;
  #timer: NodeJS.Timeout | undefined;
  #hasNews = false;
  #wake: (inTime: boolean) => void = () => {};
  readonly #onNews = (): void => {
    this.#hasNews = true;
    this.#wake(true);
  };

  constructor(request: IncomingMessage, timeoutMs: number) {
    this.#request = request;
    this.#timeoutMs = timeoutMs;
    request.on("readable", this.#onNews).on("end", this.#onNews).on("close", this.#onNews);
    // Node does not tell a request that its connection is lost once there is an answer.
    if (!request.complete) request.socket.once("close", this.#onNews);
    // What is wrong is said by the "close".
    request.on("error", ignore);
  }

  /** Resolves at the next event, or the one since the last call; with false when the time was up before. */
  async next(): Promise<boolean> {
    if (!this.#hasNews) {
      const isInTime = await new Promise<boolean>((resolve) => {
        this.#wake = resolve;
        this.#startTimer();
      });
      if (this.#timer !== undefined) clearTimeout(this.#timer);
      if (!isInTime) return false;
    }
    this.#hasNews = false;
    return true;
  }

  stop(): void {
    this.#request.off("readable", this.#onNews).off("end", this.#onNews).off("close", this.#onNews);
    this.#request.socket.off("close", this.#onNews);
  }

  #startTimer(): void {
    if (this.#timeoutMs === 0) return;
    this.#timer = setTimeout(() => this.#wake(false), this.#timeoutMs);
  }
}

function isLost(request: IncomingMessage): boolean {
  return request.destroyed || (request.socket.destroyed && !request.complete);
}

function ignore(): void {}

/**
 * Reads the whole body of a request. A problem when it is longer than `bytesMax`, of which no more is kept; undefined when
 * the client left before its end.
 */
export async function readRequestBody(body: RequestBody): Promise<Uint8Array | Problem | undefined> {
  try {
    return await body.bytes();
  } catch (error) {
    if (!(error instanceof BodyError)) throw error;
    return error.code === "BODY_ABORTED" ? undefined : error.problem;
  }
}
