/** The most that is kept of one directory, in bytes of content. */
const bytesMax = 16 * 1024 * 1024;

/** A file's content, and the stamp (served-file.ts) that the file had when it was read. */
export interface KeptFile {
  readonly stamp: string;
  readonly content: Uint8Array;
}

/**
 * The content of small files that were asked for, those first that were asked for last. Whoever takes one looks whether the file
 * is still what it was: that is one call of the file system where opening, judging, reading and closing it are seven (`npm run bench --
 * http-static`).
 */
export class FileCache {
  readonly #files = new Map<string, KeptFile>();
  #bytes = 0;

  get(path: string): KeptFile | undefined {
    const kept = this.#files.get(path);
    if (kept !== undefined) {
      // A map keeps its insertion order: the first is the one that was asked for longest ago.
      this.#files.delete(path);
      this.#files.set(path, kept);
    }
    return kept;
  }

  set(path: string, kept: KeptFile): void {
    this.delete(path);
    this.#files.set(path, kept);
    this.#bytes += kept.content.length;
    for (const oldest of this.#files.keys()) {
      if (this.#bytes <= bytesMax) return;
      this.delete(oldest);
    }
  }

  delete(path: string): void {
    this.#bytes -= this.#files.get(path)?.content.length ?? 0;
    this.#files.delete(path);
  }
}
