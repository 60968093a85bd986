import type { BigIntStats } from "node:fs";
import type { FileHandle } from "node:fs/promises";

/** How much is read of a file at a time, and held for each client that is slow to take it. */
export const chunkBytes: number = 64 * 1024;

/** An open file. What it is sent from is what was looked at: its name may lead to another one meanwhile. */
export class ServedFile {
  /** Its path below the root, with slashes. */
  readonly name: string;
  readonly size: number;
  /** When its content changed, in milliseconds since 1970. */
  readonly modifiedMs: number;
  /** When anything about it changed, which nobody can set. */
  readonly changedMs: number;
  /** Differs when the content does; see `stampOf`. */
  readonly stamp: string;
  /**
   * An entity tag of its size and times, with its quotes. The time of change is among them because the other one is often set to the same for
   * all versions, by packaging tools, and two versions of one length would have one tag.
   */
  readonly etag: string;
  readonly #handle: FileHandle;

  constructor(name: string, handle: FileHandle, stats: BigIntStats) {
    this.name = name;
    this.#handle = handle;
    this.size = Number(stats.size);
    this.modifiedMs = Number(stats.mtimeMs);
    this.changedMs = Number(stats.ctimeMs);
    this.stamp = stampOf(stats);
    const parts = [stats.size, stats.mtimeNs, stats.ctimeNs];
    this.etag = `"${parts.map((part) => part.toString(36)).join("-")}"`;
  }

  /**
   * The bytes from `start` to before `end`, as they are wanted.
   *
   * @param mayChange false where a mixture of two versions must not be taken for one: the last bytes come only if the file is still what
   *   it was.
   * @throws Error when the file became shorter, or changed.
   */
  async *read(start: number, end: number, mayChange: boolean): AsyncGenerator<Uint8Array, void, undefined> {
    let position = start;
    while (position < end) {
      const buffer = Buffer.allocUnsafeSlow(Math.min(chunkBytes, end - position));
      const { bytesRead } = await this.#handle.read(buffer, 0, buffer.length, position);
      if (bytesRead === 0) throw new Error(`the file ${this.name} became shorter while it was read`);
      position += bytesRead;
      if (!mayChange && position === end && (await this.hasChanged()))
        throw new Error(`the file ${this.name} changed while it was read`);
      yield buffer.subarray(0, bytesRead);
    }
  }

  /** The same in one piece. */
  async readWhole(start: number, end: number): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.read(start, end, true)) chunks.push(chunk);
    return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
  }

  /** Whether it is not what it was when it was opened. */
  async hasChanged(): Promise<boolean> {
    return stampOf(await this.#handle.stat({ bigint: true })) !== this.stamp;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

/** Two files with one stamp are one file with one content, unless it was written twice within a tick of the system's clock (4 to 10 ms). */
function stampOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join("-");
}
