import { readFile, stat } from "node:fs/promises";

/** A longer file is not read: a bundle's map may be long, but not endless. */
const fileBytesMax = 16 << 20;

/** How many files are read for one page. */
const filesMax = 40;

/** Reads files to show a part of them: each once, a limited number of them, none that is too long or no plain file. */
export class SourceReader {
  readonly #texts = new Map<string, Promise<string | undefined>>();

  /** The text of a file; undefined where it cannot be had. */
  read(path: string): Promise<string | undefined> {
    const known = this.#texts.get(path);
    if (known !== undefined) return known;
    const text = this.#texts.size < filesMax ? readPlainFile(path) : Promise.resolve(undefined);
    this.#texts.set(path, text);
    return text;
  }
}

async function readPlainFile(path: string): Promise<string | undefined> {
  try {
    const stats = await stat(path);
    return stats.isFile() && stats.size <= fileBytesMax ? await readFile(path, "utf8") : undefined;
  } catch {
    return undefined;
  }
}
