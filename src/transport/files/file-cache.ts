import type { ServedFile } from "./served-file.ts";

/** The most that is kept of one directory, in bytes of content. */
const bytesMax = 16 * 1024 * 1024;

/**
 * The content of small files that were asked for, those first that were asked for last. Whoever takes one looks whether the file
 * is still what it was: that is one call of the file system where opening, judging, reading and closing it are seven (`npm run bench --
 * http-static`).
 */
export class FileCache {
  readonly #files = new Map<string, ServedFile>();
  #bytes = 0;

  has(path: string): boolean {
    return this.#files.has(path);
  }

  get(path: string): ServedFile | undefined {
    const kept = this.#files.get(path);
    if (kept !== undefined) {
      // A map keeps its insertion order: the first is the one that was asked for longest ago.
      this.#files.delete(path);
      this.#files.set(path, kept);
    }
    return kept;
  }

  set(path: string, kept: ServedFile): void {
    this.delete(path);
    this.#files.set(path, kept);
    this.#bytes += kept.size;
    for (const oldest of this.#files.keys()) {
      if (this.#bytes <= bytesMax) return;
      this.delete(oldest);
    }
  }

  delete(path: string): void {
    this.#bytes -= this.#files.get(path)?.size ?? 0;
    this.#files.delete(path);
  }
}
