import type { BrotliCompress, Gzip } from "node:zlib";
import { brotliCompress, constants, createBrotliCompress, createGzip, gzip } from "node:zlib";
import type { ContentCoding } from "../protocol/http/content-coding.ts";

/** How hard responses are compressed. */
export interface CompressionLevels {
  readonly gzipLevel: number;
  readonly brotliQuality: number;
}

/** Compresses a whole body, beside the event loop. */
export function compressBody(
  body: string | Uint8Array,
  coding: ContentCoding,
  levels: CompressionLevels,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, result: Uint8Array): void => {
      if (error === null) resolve(result);
      else reject(error);
    };
    const sizeHint = typeof body === "string" ? Buffer.byteLength(body) : body.length;
    if (coding === "gzip") gzip(body, { level: levels.gzipLevel }, done);
    else brotliCompress(body, { params: brotliParams(levels, sizeHint) }, done);
  });
}

/** Compresses a body that comes bit by bit; each bit can be read as soon as it is here, which costs some of the gain. */
export class BodyCompressor {
  readonly #stream: Gzip | BrotliCompress;
  readonly #chunks: Uint8Array[] = [];
  #failure: Error | undefined;

  constructor(coding: ContentCoding, levels: CompressionLevels) {
    this.#stream =
      coding === "gzip"
        ? createGzip({ level: levels.gzipLevel })
        : createBrotliCompress({ params: brotliParams(levels, 0) });
    this.#stream.on("data", (chunk: Uint8Array) => this.#chunks.push(chunk));
    this.#stream.on("error", (error) => {
      this.#failure = error;
    });
  }

  /** What to send for `chunk`, all of it. */
  write(chunk: string | Uint8Array): Promise<Uint8Array> {
    this.#stream.write(chunk);
    return this.#taken((done) => this.#stream.flush(done));
  }

  /** What ends the body. */
  end(): Promise<Uint8Array> {
    return this.#taken((done) => {
      this.#stream.once("end", done);
      this.#stream.end();
    });
  }

  /** Lets go of the compressor's memory; to be called for each, also when the client has gone. */
  destroy(): void {
    this.#stream.destroy();
  }

  #taken(act: (done: () => void) => void): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      // A stream that is destroyed meanwhile tells nobody else.
      const closed = (): void => resolve(new Uint8Array());
      this.#stream.once("close", closed);
      act(() => {
        this.#stream.off("close", closed);
        const chunks = this.#chunks.splice(0);
        if (this.#failure === undefined) resolve(Buffer.concat(chunks));
        else reject(this.#failure);
      });
    });
  }
}

function brotliParams(levels: CompressionLevels, sizeHint: number): Record<number, number> {
  return {
    [constants.BROTLI_PARAM_QUALITY]: levels.brotliQuality,
    [constants.BROTLI_PARAM_SIZE_HINT]: sizeHint,
  };
}
