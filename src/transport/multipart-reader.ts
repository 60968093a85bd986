import type { Readable } from "node:stream";
import { Dicer } from "@fastify/busboy";
import { BodyError } from "../base/body-error.ts";
import { describe } from "../base/errors.ts";

/** How much a multipart body may have of what is kept in memory. */
export interface MultipartLimits {
  readonly partsMax: number;
  readonly headerBytesMax: number;
}

/** A part of a multipart body as it comes: its header fields, and its bytes to be read once. */
export interface RawPart extends AsyncIterable<Uint8Array> {
  /** By lower-case name, one character for each byte; a repeated field has several values. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
}

/** Header fields of a part that are looked at. Nobody sends more than five. */
const headerPairsMax = 50;

/**
 * Reads a multipart body (RFC 2046 §5.1) part by part, with the parser of `@fastify/busboy`. Each part is read before the next
 * comes, by whom it was given to or by us; no more is taken from `source` than the reader of the part takes, and one chunk.
 *
 * The parser leaves out what it does not understand, and says of no part that it is the last. So nothing that it
 * says is taken for complete: a part without header fields, too many of them, and a body without its end are errors here.
 *
 * @throws BodyError FORM_INVALID, FORM_TOO_LARGE, and what `source` throws, while iterating.
 */
export class MultipartReader implements AsyncIterable<RawPart> {
  readonly #source: AsyncIterable<Uint8Array>;
  readonly #limits: MultipartLimits;
  readonly #dicer: Dicer;
  readonly #waiting: RawPart[] = [];
  #count = 0;
  #hasOpenHeader = false;
  #error: Error | undefined;
  #isFinished = false;
  #isComplete = false;
  #isStopped = false;
  #abandon: () => void = () => {};
  /** Called when anything has happened that somebody may wait for. */
  #wakers: (() => void)[] = [];

  constructor(source: AsyncIterable<Uint8Array>, boundary: string, limits: MultipartLimits) {
    this.#source = source;
    this.#limits = limits;
    // More than allowed, so that too much can be told from just enough: the parser cuts it off silently.
    const options = {
      boundary,
      maxHeaderSize: 2 * limits.headerBytesMax,
      maxHeaderPairs: headerPairsMax,
    };
    this.#dicer = new Dicer(options);
    this.#dicer.on("part", (part) => this.#receivePart(part));
    this.#dicer.on("error", () => this.#fail(invalid("it has no end")));
    // When the last part was full the parser forgets to say that it has taken the chunk with the end of it.
    this.#dicer.on("finish", () => {
      this.#isFinished = true;
      this.#abandon();
    });
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RawPart, void, undefined> {
    void this.#pump();
    try {
      for (;;) {
        const part = await this.#nextPart();
        if (part === undefined) return;
        yield part;
        for await (const chunk of part) void chunk;
      }
    } finally {
      // The pump may wait for a chunk that does not come: it ends by itself, and nobody waits for it.
      this.#isStopped = true;
      this.#wake();
    }
  }

  async #nextPart(): Promise<RawPart | undefined> {
    for (;;) {
      const part = this.#waiting.shift();
      if (part !== undefined) {
        this.#wake();
        return part;
      }
      if (this.#error !== undefined) throw this.#error;
      if (this.#isComplete) return undefined;
      await this.#news();
    }
  }

  /** Gives the parser what comes, as fast as it takes it. Never rejects. */
  async #pump(): Promise<void> {
    try {
      for await (const chunk of this.#source) {
        // What follows the last boundary means nothing (RFC 2046 §5.1.1).
        if (!this.#isFinished) await this.#untilTaken((taken) => this.#dicer.write(chunk, taken));
        // The parser waits for a part that is full, but makes any number of small ones.
        while (this.#waiting.length > 0 && this.#isWanted()) await this.#news();
        if (!this.#isWanted()) return;
      }
      if (!this.#isFinished) {
        await this.#untilTaken((taken) => this.#dicer.end(taken));
        // The parser says one turn later that the end is missing.
        await new Promise((resolve) => setImmediate(resolve));
      }
      if (this.#hasOpenHeader) this.#fail(invalid("the header fields of a part have no end"));
      this.#isComplete = true;
    } catch (error) {
      this.#fail(error as Error);
    } finally {
      this.#wake();
    }
  }

  /** Waits for a callback of the parser, which does not come when a part is not read any more. */
  #untilTaken(act: (taken: () => void) => void): Promise<void> {
    return new Promise((resolve) => {
      this.#abandon = resolve;
      act(() => resolve());
      if (!this.#isWanted()) resolve();
    });
  }

  #isWanted(): boolean {
    return !this.#isStopped && this.#error === undefined;
  }

  #receivePart(stream: Readable): void {
    if (this.#hasOpenHeader) this.#fail(invalid("the header fields of a part have no end"));
    this.#hasOpenHeader = true;
    if (++this.#count > this.#limits.partsMax) {
      this.#fail(tooLarge(this.#limits.partsMax, "parts", "maxFormParts"));
    }
    stream.on("error", () => {});
    stream.on("readable", () => this.#wake());
    stream.on("end", () => this.#wake());
    stream.on("header", (headers: Record<string, readonly string[]>) => {
      this.#hasOpenHeader = false;
      const { headerBytesMax } = this.#limits;
      if (bytesOf(headers) > headerBytesMax) {
        this.#fail(tooLarge(headerBytesMax, "bytes of header fields in a part", "maxPartHeaderBytes"));
      }
      this.#waiting.push({ headers, [Symbol.asyncIterator]: () => this.#read(stream) });
      this.#wake();
    });
  }

  async *#read(stream: Readable): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const chunk = stream.read() as Uint8Array | null;
      if (chunk !== null) {
        yield chunk;
      } else if (this.#error !== undefined) {
        throw this.#error;
      } else if (stream.readableEnded || this.#isStopped) {
        return;
      } else {
        await this.#news();
      }
    }
  }

  /** The first error is the one that counts. */
  #fail(error: Error): void {
    this.#error ??= error;
    this.#wake();
  }

  #news(): Promise<void> {
    return new Promise((resolve) => {
      this.#wakers.push(resolve);
    });
  }

  #wake(): void {
    const wakers = this.#wakers;
    this.#wakers = [];
    if (!this.#isWanted()) this.#abandon();
    for (const wake of wakers) wake();
  }
}

function bytesOf(headers: Readonly<Record<string, readonly string[]>>): number {
  let bytes = 0;
  for (const [name, values] of Object.entries(headers)) {
    for (const value of values) bytes += name.length + value.length + ": \r\n".length;
  }
  return bytes;
}

function invalid(reason: string): BodyError {
  return new BodyError(describe("FORM_INVALID", { reason }));
}

function tooLarge(limit: number, what: string, setting: string): BodyError {
  return new BodyError(describe("FORM_TOO_LARGE", { limit, what, setting }));
}
