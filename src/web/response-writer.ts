import { isBytesLike, toBytes } from "../base/bytes.ts";
import type { Problem } from "../base/errors.ts";
import { describe, misuse, WaterspoutError } from "../base/errors.ts";
import { encodeJson } from "../base/json.ts";
import { kindOf } from "../base/text.ts";
import type { BodyWriter } from "../transport/body-writer.ts";
import type { BodyCompressor } from "../transport/compress-response.ts";
import type { HeaderField, HttpExchange } from "../transport/http-exchange.ts";
import type { ChunkSource } from "./chunk-source.ts";
import { chunkSourceOf } from "./chunk-source.ts";
import { compressStream, compressWhole, prepareCompression } from "./response-compression.ts";
import type { Answer, EtagOwner } from "./response-condition.ts";
import { answerConditionally, entityTagFor } from "./response-condition.ts";
import type { ResolvedSettings } from "./settings.ts";

/** What a response needs of the handler that makes it. */
export interface ResponseOwner extends EtagOwner {
  takeHeaders(): HeaderField[];
}

/**
 * The response of one request. What is written waits until `flush` or `finish`: a response that is never flushed is sent as a
 * whole, with its length, its entity tag and its compression; one that is flushed goes out bit by bit, as fast as the client
 * takes it.
 */
export class ResponseWriter {
  status = 200;
  reason: string | undefined;
  isFinished = false;
  readonly #owner: ResponseOwner;
  readonly #exchange: HttpExchange;
  readonly #settings: ResolvedSettings;
  /** The Content-Type that the first chunk asks for; "" for a response that says its own, or none. */
  #type: string | undefined;
  /** Undefined for none, since most responses have one at most. */
  #chunks: (string | Uint8Array)[] | undefined;
  /** Once the header fields have been sent. */
  #body: BodyWriter | undefined;
  #compressor: BodyCompressor | undefined;
  /** What is being sent, in order; rejects with what went wrong. */
  #sending: Promise<void> | undefined;
  #onLost: ((error: WaterspoutError) => void) | undefined;
  #lost: WaterspoutError | undefined;

  constructor(owner: ResponseOwner, exchange: HttpExchange, settings: ResolvedSettings) {
    this.#owner = owner;
    this.#exchange = exchange;
    this.#settings = settings;
  }

  /** What failed while sending, if anything did; resolves when what was handed over has been sent. */
  get sending(): Promise<void> | undefined {
    return this.#sending;
  }

  /** @param name what the chunk is called where it is refused. */
  write(chunk: string | Uint8Array | object, name = "chunk"): void {
    if (this.isFinished) throw misuse("HEADERS_SENT", { what: "write()" });
    if (typeof chunk === "string") {
      this.#type ??= "text/html; charset=utf-8";
      this.#add(chunk);
    } else if (isBytesLike(chunk)) {
      this.#type ??= "application/octet-stream";
      this.#add(toBytes(chunk));
    } else if (typeof chunk === "object" && chunk !== null) {
      const text = encodeJson(name, chunk);
      this.#type ??= "application/json; charset=utf-8";
      this.#add(text);
    } else {
      const expected = "a string, an object or bytes";
      throw misuse("ARGUMENT_TYPE_INVALID", { name, expected, got: kindOf(chunk) });
    }
  }

  /** Sends what has been written; resolves when the client takes more, and rejects when it has gone. */
  flush(): Promise<void> {
    if (this.isFinished) throw misuse("HEADERS_SENT", { what: "flush()" });
    const body = this.#begin();
    const chunk = this.#takeBody() ?? "";
    return this.#queue(() => this.#send(body, chunk));
  }

  /** Completes the response. Returns a promise where there is something to wait for. */
  finish(): Promise<void> | undefined {
    if (this.isFinished) throw misuse("HEADERS_SENT", { what: "finish()" });
    const body = this.#body;
    const chunk = this.#takeBody();
    if (body === undefined) return this.#sendWhole(chunk);
    this.isFinished = true;
    return this.#queue(async () => {
      if (this.#lost !== undefined) return;
      if (chunk !== undefined) await this.#send(body, chunk);
      if (this.#compressor !== undefined) await body.write(await this.#compressor.end());
      body.end();
    });
  }

  /** Sends chunks as they are made, and stops their making when the client leaves. */
  async sendChunks(chunks: AsyncIterable<unknown>): Promise<void> {
    const source = chunkSourceOf(chunks);
    try {
      if (this.#chunks !== undefined) await this.flush();
      const isHead = this.#exchange.method === "HEAD";
      for (;;) {
        const { done, value } = await this.#next(source);
        if (done === true) break;
        this.write(value as object);
        await this.flush();
        // What the first chunk says of the header fields is all that is wanted.
        if (isHead) break;
      }
      source.cancel(undefined);
      await this.finish();
    } catch (error) {
      source.cancel(error);
      throw error;
    }
  }

  /** Has the response be without a Content-Type unless it is set. */
  omitType(): void {
    this.#type = "";
  }

  /** Forgets what has been written and set. */
  clear(): void {
    if (this.#body !== undefined || this.isFinished) throw misuse("HEADERS_SENT", { what: "clear()" });
    this.dropBody();
    this.status = 200;
    this.reason = undefined;
  }

  /** Forgets what has been written. */
  dropBody(): void {
    this.#chunks = undefined;
    this.#type = undefined;
  }

  /** The client has gone: whoever waits is told. Returns the error with which. */
  receiveLost(problem: Problem | undefined): WaterspoutError {
    const error = new WaterspoutError(problem ?? describe("CLIENT_GONE", {}));
    this.#lost = error;
    this.#onLost?.(error);
    this.#compressor?.destroy();
    return error;
  }

  /** The next chunk; rejects also when the client leaves before there is one. */
  #next(source: ChunkSource): Promise<IteratorResult<unknown, unknown>> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    return new Promise((resolve, reject) => {
      this.#onLost = reject;
      source.next().then(resolve, reject);
    });
  }

  /** Has `act` done when all that was handed over before is done. Nobody has to wait for it. */
  #queue(act: () => Promise<void>): Promise<void> {
    const done = this.#sending === undefined ? act() : this.#sending.then(act);
    this.#sending = done;
    // What has been sent must not look complete.
    done.catch(() => this.#exchange.abort());
    return done;
  }

  async #send(body: BodyWriter, chunk: string | Uint8Array): Promise<void> {
    if (this.#lost !== undefined) throw this.#lost;
    const isCompressed = this.#compressor !== undefined && chunk.length > 0;
    const waiting = body.write(isCompressed ? await this.#compressor!.write(chunk) : chunk);
    if (waiting !== undefined) await waiting;
    if (this.#exchange.isLost) throw this.#lost ?? misuse("CLIENT_GONE", {});
  }

  #sendWhole(body: string | Uint8Array | undefined): Promise<void> | undefined {
    // While the response can still become another one: this is the handler's code, and may throw.
    const etag = entityTagFor(this.#exchange, this.status, body, this.#owner);
    this.isFinished = true;
    const headers = this.#takeHeaders();
    const isCompressible = prepareCompression(this.status, headers, this.#settings);
    const answer = answerConditionally(this.#exchange, this.status, headers, body, etag);
    const compressing = isCompressible
      ? compressWhole(this.#exchange, answer.headers, answer.body, this.#settings)
      : undefined;
    if (compressing === undefined) return this.#respond(answer);
    const { status } = answer;
    return this.#queue(async () => await this.#respond({ status, ...(await compressing) }));
  }

  #respond({ status, headers, body }: Answer): Promise<void> | undefined {
    const reason = status === this.status ? this.reason : undefined;
    return this.#exchange.respond(status, headers, body, reason);
  }

  /** Sends the header fields, unless they have been. */
  #begin(): BodyWriter {
    if (this.#body !== undefined) return this.#body;
    const headers = this.#takeHeaders();
    const compressed = compressStream(this.#exchange, this.status, headers, this.#settings);
    this.#compressor = compressed?.compressor;
    this.#body = this.#exchange.begin(this.status, compressed?.headers ?? headers, this.reason);
    return this.#body;
  }

  #takeHeaders(): HeaderField[] {
    const type = this.#type;
    const isDefault = type !== undefined && type !== "" && !this.#owner.hasHeader("Content-Type");
    const headers = this.#owner.takeHeaders();
    if (isDefault) headers.push(["Content-Type", type]);
    return headers;
  }

  #add(chunk: string | Uint8Array): void {
    if (this.#chunks === undefined) this.#chunks = [chunk];
    else this.#chunks.push(chunk);
  }

  #takeBody(): string | Uint8Array | undefined {
    const chunks = this.#chunks;
    this.#chunks = undefined;
    if (chunks === undefined || chunks.length === 1) return chunks?.[0];
    if (chunks.every((chunk) => typeof chunk === "string")) return chunks.join("");
    return Buffer.concat(chunks.map((chunk) => (typeof chunk === "string" ? Buffer.from(chunk) : chunk)));
  }
}
