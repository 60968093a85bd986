import type { BigIntStats } from "node:fs";
import type { FileHandle } from "node:fs/promises";

/** How much is read at a time of a file that is sent bit by bit, and held for each client that is slow to take it. */
const chunkBytes = 64 * 1024;

/** Up to this length what is asked for is read and sent in one piece, and may be kept for others who ask for it. */
export const wholeBytesMax: number = 255 * 1024;

/** A file that changed less than this ago may change once more without its times telling, in milliseconds. */
const settledMs = 1000;

/** A file that is open, or whose content is there. What it is sent from is what was looked at: its name may lead to another one meanwhile. */
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
  readonly #source: FileHandle | Uint8Array;
  readonly #stats: BigIntStats;

  /** @param source the open file, or the content that a file with these `stats` has. */
  constructor(name: string, source: FileHandle | Uint8Array, stats: BigIntStats) {
    this.name = name;
    this.#source = source;
    this.#stats = stats;
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
      const buffer = await this.#readSome(position, Math.min(chunkBytes, end - position));
      position += buffer.length;
      if (!mayChange && position === end && (await this.hasChanged()))
        throw new Error(`the file ${this.name} changed while it was read`);
      yield buffer;
    }
  }

  /** The same in one piece. */
  async readWhole(start: number, end: number): Promise<Uint8Array> {
    const first = await this.#readSome(start, end - start);
    if (first.length === end - start) return first;
    const rest = await this.readWhole(start + first.length, end);
    return Buffer.concat([first, rest]);
  }

  /** The same file, to be sent from its content, which is that of it as it is. */
  withContent(content: Uint8Array): ServedFile {
    return new ServedFile(this.name, content, this.#stats);
  }

  /** Whether these are the stats of this very file with this content: what `stampOf` compares, without its text. */
  isOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): boolean {
    const own = this.#stats;
    return (
      own.ino === ino &&
      own.mtimeNs === mtimeNs &&
      own.ctimeNs === ctimeNs &&
      own.size === size &&
      own.dev === dev
    );
  }

  /** Whether it is not what it was when it was opened. */
  async hasChanged(): Promise<boolean> {
    if (this.#source instanceof Uint8Array) return false;
    return !this.isOf(await this.#source.stat({ bigint: true }));
  }

  /** Whether what was read of it may be kept: it is of this file as it is, and the next change would be seen. */
  async isSettled(): Promise<boolean> {
    if (this.#source instanceof Uint8Array) return false;
    const since = Date.now() - Math.max(this.modifiedMs, this.changedMs);
    return since > settledMs && !(await this.hasChanged());
  }

  async close(): Promise<void> {
    if (!(this.#source instanceof Uint8Array)) await this.#source.close();
  }

  /** At least one byte and at most `length` bytes, from `position` on. */
  async #readSome(position: number, length: number): Promise<Uint8Array> {
    if (this.#source instanceof Uint8Array) return this.#source.subarray(position, position + length);
    const buffer = Buffer.allocUnsafeSlow(length);
    if (length === 0) return buffer;
    const { bytesRead } = await this.#source.read(buffer, 0, length, position);
    if (bytesRead === 0) throw new Error(`the file ${this.name} became shorter while it was read`);
    return bytesRead === length ? buffer : buffer.subarray(0, bytesRead);
  }
}

/** Two files with one stamp are one file with one content, unless it was written twice within a tick of the system's clock (4 to 10 ms). */
export function stampOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join("-");
}
