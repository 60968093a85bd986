import { constants, promises } from "node:fs";
import { join, sep } from "node:path";
import { resolveDirectory } from "./directory-path.ts";
import { FileCache } from "./file-cache.ts";
import { ServedFile } from "./served-file.ts";
import { SharedCalls } from "./shared-calls.ts";

/** What a path below a root leads to. A file is open, and to be closed by whoever asked. */
export type Found =
  | { readonly kind: "file"; readonly file: ServedFile }
  | { readonly kind: "directory" }
  | { readonly kind: "absent" }
  | { readonly kind: "refused"; readonly reason: string };

/** Without waiting for the other end of what turns out to be a pipe. Windows knows neither flag, and needs none. */
const readFlags: number = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);

/** What the operating system says of a path that leads to nothing. */
const absences: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", "ENAMETOOLONG", "ELOOP"]);

/** How often a file is opened again that was replaced while it was looked at. */
const attemptsMax = 3;

const outside: Found = { kind: "refused", reason: "a symbolic link leads out of the root" };

/**
 * A directory of files to serve. Links inside it are followed as long as they stay inside.
 *
 * A path is opened first and judged afterwards, by what the system says that it leads to: whoever may change links below the root could otherwise do
 * so between the judgement and the opening.
 */
export class FileRoot {
  readonly path: string;
  /** As it was when it was last looked at: a root that is itself a link may come to lead elsewhere, by a deployment. */
  #realPath: string | undefined;
  readonly #cache = new FileCache();
  readonly #kept = new SharedCalls((path) => this.#lookAtKept(path));

  /** @param root a path, which is relative to the working directory of the process, or a file URL. */
  constructor(root: string | URL) {
    this.path = resolveDirectory(root);
  }

  /** Whether there is such a directory. */
  async exists(): Promise<boolean> {
    try {
      return (await promises.stat(this.path)).isDirectory();
    } catch {
      return false;
    }
  }

  /** @param names that `parseFilePath` has found good. */
  async open(names: readonly string[]): Promise<Found> {
    const path = join(this.path, ...names);
    const kept = this.#cache.has(path) ? await this.#kept.ask(path) : undefined;
    if (kept !== undefined) return { kind: "file", file: kept };
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      const found = await this.#look(path, names.join("/"));
      if (found !== undefined) return found;
    }
    return { kind: "absent" };
  }

  /** Keeps the content of a file that `open` has found, for who asks next, if it is sure to be noticed when it changes. */
  async keep(file: ServedFile, content: Uint8Array): Promise<void> {
    if (await file.isSettled())
      this.#cache.set(join(this.path, ...file.name.split("/")), file.withContent(content));
  }

  /**
   * A file whose content is there, if its path still leads to what it led to. Where it lies is not judged again: this content was inside the root, and is
   * what it was.
   */
  async #lookAtKept(path: string): Promise<ServedFile | undefined> {
    const kept = this.#cache.get(path);
    if (kept === undefined) return undefined;
    try {
      if (kept.isOf(await promises.stat(path, { bigint: true }))) return kept;
    } catch {
      // It is gone, or cannot be seen: opening it says how that is.
    }
    this.#cache.delete(path);
    return undefined;
  }

  /** Undefined when there was something else a moment later. */
  async #look(path: string, name: string): Promise<Found | undefined> {
    try {
      const stats = await promises.stat(path);
      if (stats.isDirectory()) {
        return (await this.#contains(await promises.realpath(path))) ? { kind: "directory" } : outside;
      }
      // Opening a pipe or a device is more than looking at it.
      if (!stats.isFile()) return { kind: "refused", reason: "it is no regular file" };
      return await this.#open(path, name);
    } catch (error) {
      if (absences.has(codeOf(error))) return { kind: "absent" };
      throw error;
    }
  }

  async #open(path: string, name: string): Promise<Found | undefined> {
    const handle = await promises.open(path, readFlags);
    let found: Found | undefined;
    try {
      const [stats, realPath] = await Promise.all([handle.stat({ bigint: true }), promises.realpath(path)]);
      if (!(await this.#contains(realPath))) return outside;
      const real = await promises.lstat(realPath, { bigint: true });
      if (stats.isFile() && real.dev === stats.dev && real.ino === stats.ino)
        found = { kind: "file", file: new ServedFile(name, handle, stats) };
      return found;
    } finally {
      if (found === undefined) await handle.close();
    }
  }

  async #contains(realPath: string): Promise<boolean> {
    if (this.#realPath !== undefined && isBelow(realPath, this.#realPath)) return true;
    this.#realPath = await promises.realpath(this.path);
    return isBelow(realPath, this.#realPath);
  }
}

function isBelow(path: string, root: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
