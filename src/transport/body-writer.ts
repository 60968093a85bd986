import type { ServerResponse } from "node:http";
import { sliceBytesMin } from "./response-head.ts";
import { takeTurn } from "./turns.ts";

/** How much is handed over at a time of a body that is there as a whole. */
const sliceBytes = 64 * 1024;

/** A body that is written bit by bit, as fast as the client takes it. */
export class BodyWriter {
  readonly #response: ServerResponse;
  readonly #isSent: boolean;

  /** @param isSent false for an answer that must not have a body: what is written is dropped. */
  constructor(response: ServerResponse, isSent: boolean) {
    this.#response = response;
    this.#isSent = isSent;
    // What a broken connection means is said by its "close".
    response.on("error", () => {});
  }

  /** Returns a promise where the client does not take more at once; it resolves when it does, or has gone. */
  write(bytes: string | Uint8Array): Promise<void> | undefined {
    if (!this.#isSent) return undefined;
    if (bytes.length >= sliceBytesMin) return writeSlices(this.#response, bytes);
    if (bytes.length > 0) this.#response.write(bytes);
    else this.#response.flushHeaders();
    return this.#response.writableNeedDrain ? drained(this.#response) : undefined;
  }

  /** Completes the body. Throws when it is shorter than its Content-Length. */
  end(): void {
    this.#response.end();
  }
}

/** Writes bytes slice by slice; resolves when all are handed over, or the client has gone. */
export async function writeSlices(response: ServerResponse, chunk: string | Uint8Array): Promise<void> {
  const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
  for (let start = 0; start < bytes.length && !response.destroyed; start += sliceBytes) {
    const isTaken = response.write(bytes.subarray(start, start + sliceBytes));
    if (!isTaken) await drained(response);
  }
}

/**
 * Resolves when the response takes more, or is closed, and it is its turn: the operating system takes megabytes at once for a client
 * that reads nothing, and the answers to a thousand of them would keep everybody else waiting for seconds.
 */
function drained(response: ServerResponse): Promise<void> {
  if (response.destroyed || response.socket?.destroyed === true) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      response.off("drain", done).off("close", done);
      takeTurn(resolve);
    };
    response.on("drain", done).on("close", done);
  });
}
