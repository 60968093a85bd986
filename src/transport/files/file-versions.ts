import { createHash } from "node:crypto";
import { promises } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { createBrotliDecompress, createGunzip } from "node:zlib";
import { parseFilePath } from "./file-path.ts";
import type { FileRoot } from "./file-root.ts";
import type { ServedFile } from "./served-file.ts";

/** How many files of the tree are looked at when a server starts. Those beyond are when they are first asked for. */
const treeFilesMax = 10_000;

/** How long what is known of a name is believed before it is looked at again, in milliseconds. */
const recheckMs = 1000;

/** A file is read no earlier than so long after its last change, so that two changes within a tick of the clock are not taken for one. */
const stillMs = 100;

/** What is known of a file. */
interface Entry {
  /** Of the file that the rest is said of. */
  readonly stamp: string;
  readonly version: string;
  /** The version of what it is a compressed form of; "" where it is none. */
  readonly plainVersion: string;
  checkedAt: number;
}

/**
 * The versions of the files of a tree: hashes of their contents. They are computed in the background, a file at a time and a piece at a time, for
 * the whole tree when a server starts, and again when a file is seen to have changed. Whoever asks is told what is known, at once.
 */
export class FileVersions {
  readonly #root: FileRoot;
  readonly #dotfiles: readonly string[];
  readonly #recheckMs: number;
  readonly #entries = new Map<string, Entry>();
  /** Names that are to be looked at. */
  readonly #wanted = new Set<string>();
  #users = 0;
  #hasWalked = false;
  #work: Promise<void> | undefined;

  /** @param isDevelopment whether names are looked at whenever somebody asks for their versions. */
  constructor(root: FileRoot, dotfiles: readonly string[], isDevelopment: boolean) {
    this.#root = root;
    this.#dotfiles = dotfiles;
    this.#recheckMs = isDevelopment ? 0 : recheckMs;
  }

  /** The version that the file of this name had when it was last looked at. */
  latest(name: string): string | undefined {
    if (name === "") return undefined;
    const entry = this.#entries.get(name);
    if (entry === undefined || performance.now() - entry.checkedAt >= this.#recheckMs) this.#want(name);
    return entry?.version;
  }

  /** The version of this very file, where it is known. */
  versionOf(file: ServedFile): string | undefined {
    return this.#entryOf(file)?.version;
  }

  /** The version of what this very file is a compressed form of (`.br`, `.gz`), where it is known; "" of any other file. */
  plainVersionOf(file: ServedFile): string | undefined {
    return this.#entryOf(file)?.plainVersion;
  }

  /** A server listens: the background work may be done. Returns what is to be called when it does no more. */
  join(): () => void {
    this.#users++;
    if (!this.#hasWalked) {
      this.#hasWalked = true;
      this.#want("");
    }
    this.#run();
    return () => void this.#users--;
  }

  /** Resolves when there is nothing to do. */
  async settled(): Promise<void> {
    while (this.#work !== undefined) await this.#work;
  }

  #entryOf(file: ServedFile): Entry | undefined {
    const entry = this.#entries.get(file.name);
    if (entry?.stamp === file.stamp) return entry;
    this.#want(file.name);
    return undefined;
  }

  #want(name: string): void {
    this.#wanted.add(name);
    this.#run();
  }

  #run(): void {
    if (this.#users === 0) return;
    this.#work ??= this.#workOff().finally(() => {
      this.#work = undefined;
    });
  }

  async #workOff(): Promise<void> {
    for (const name of this.#wanted) {
      if (this.#users === 0) return;
      this.#wanted.delete(name);
      if (name === "") await this.#walk([], treeFilesMax);
      else await this.#refresh(name);
    }
  }

  /** Wants the files of a directory and of those in it; returns how many more there may be. What cannot be read has no versions. */
  async #walk(names: readonly string[], filesMax: number): Promise<number> {
    let left = filesMax;
    for (const entry of await readDirectory(join(this.#root.path, ...names))) {
      if (left <= 0 || this.#users === 0) break;
      const inner = [...names, entry.name];
      if (parseFilePath(inner.join("/"), this.#dotfiles) === undefined) continue;
      if (entry.isDirectory()) left = await this.#walk(inner, left);
      else if (entry.isFile() || entry.isSymbolicLink()) {
        this.#wanted.add(inner.join("/"));
        left--;
      }
    }
    return left;
  }

  /** Looks at a file, and reads it if it is not the one that is known. What fails is tried again when it is next asked for. */
  async #refresh(name: string): Promise<void> {
    const path = parseFilePath(name, this.#dotfiles);
    try {
      const found = path === undefined ? undefined : await this.#root.open(path.names);
      if (found?.kind !== "file") {
        this.#entries.delete(name);
        return;
      }
      try {
        await this.#read(found.file);
      } finally {
        await found.file.close();
      }
    } catch {
      this.#entries.delete(name);
    }
  }

  async #read(file: ServedFile): Promise<void> {
    const entry = this.#entries.get(file.name);
    if (entry?.stamp === file.stamp) {
      entry.checkedAt = performance.now();
      return;
    }
    const ageMs = Date.now() - file.changedMs;
    // Clocks of other machines may be ahead.
    if (ageMs < stillMs) await delay(Math.min(stillMs - ageMs, stillMs));
    const version = await hashOf(this.#whileWanted(file));
    const plainVersion = await this.#plainVersionOf(file);
    if (this.#users === 0) return;
    this.#entries.set(file.name, {
      stamp: file.stamp,
      version,
      plainVersion,
      checkedAt: performance.now(),
    });
  }

  /** The bytes of a file, as long as there is a server for which they are read. */
  async *#whileWanted(file: ServedFile): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of file.read(0, file.size, false)) {
      if (this.#users === 0) return;
      yield chunk;
    }
  }

  /** What cannot be decompressed is no compressed form of anything. */
  async #plainVersionOf(file: ServedFile): Promise<string> {
    const decompress = file.name.endsWith(".br")
      ? createBrotliDecompress()
      : file.name.endsWith(".gz")
        ? createGunzip()
        : undefined;
    if (decompress === undefined) return "";
    const source = Readable.from(this.#whileWanted(file));
    source.on("error", (error) => decompress.destroy(error));
    try {
      return await hashOf(source.pipe(decompress));
    } catch {
      return "";
    } finally {
      source.destroy();
    }
  }
}

async function readDirectory(path: string): ReturnType<typeof readEntries> {
  try {
    return await readEntries(path);
  } catch {
    return [];
  }
}

function readEntries(path: string) {
  return promises.readdir(path, { withFileTypes: true });
}

/** 132 bits of a SHA-256, in characters that stand in a URL as they are. */
async function hashOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of chunks) hash.update(chunk);
  return hash.digest("base64url").slice(0, 22);
}
