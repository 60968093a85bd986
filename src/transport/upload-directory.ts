import { createReadStream } from "node:fs";
import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";

/** A file that came with a request, where it lies now. */
export interface StoredFile {
  readonly path: string;
  readonly size: number;
}

/**
 * A directory for the files of one request, made for the first of them, which nobody but this user can read. Names on disk are
 * numbers: no text of a stranger is ever part of a path.
 */
export class UploadDirectory {
  #path: Promise<string> | undefined;
  #count = 0;

  /** Writes a file, chunk by chunk as the disk takes them. Rejects when `chunks` does, and when the disk is full. */
  async store(chunks: AsyncIterable<Uint8Array>): Promise<StoredFile> {
    this.#path ??= mkdtemp(join(tmpdir(), "waterspout-"));
    const path = join(await this.#path, `${this.#count++}`);
    const file = await open(path, "wx", 0o600);
    let size = 0;
    try {
      for await (const chunk of chunks) {
        await file.writeFile(chunk);
        size += chunk.length;
      }
    } finally {
      await file.close();
    }
    return { path, size };
  }

  /** Removes the directory and what is in it. */
  async remove(): Promise<void> {
    if (this.#path === undefined) return;
    await rm(await this.#path, { recursive: true, force: true });
  }
}

/** The bytes of a file, as they are wanted. */
export function streamFile(path: string): ReadableStream<Uint8Array> {
  return Readable.toWeb(createReadStream(path)) as ReadableStream<Uint8Array>;
}

/** The bytes of a file, all at once. */
export function readWholeFile(path: string): Promise<Uint8Array> {
  return readFile(path);
}
