import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";

/** A file below the directory of templates, as it was when it was read. */
export interface TemplateFile {
  readonly path: string;
  readonly text: string;
  /** Differs when the file has been changed. */
  readonly version: string;
}

/**
 * Reads the files below a directory that end in one of `extensions`, by their names relative to it, with slashes. Of a file that has not
 * changed since it was read into `known` it is that object. Hidden directories and `node_modules` are passed over, and
 * directories that are symbolic links are not entered.
 */
export async function readTemplateFiles(
  directory: string,
  extensions: readonly string[],
  known: ReadonlyMap<string, TemplateFile> = new Map(),
): Promise<Map<string, TemplateFile>> {
  const files = new Map<string, TemplateFile>();
  const folders = [""];
  for (const folder of folders) {
    for (const entry of await readdir(join(directory, folder), { withFileTypes: true })) {
      const name = folder + entry.name;
      if (entry.isDirectory()) {
        if (!entry.name.startsWith(".") && entry.name !== "node_modules") folders.push(`${name}/`);
      } else if (extensions.some((extension) => entry.name.endsWith(extension))) {
        const file = await readIfThere(join(directory, name), known.get(name));
        if (file !== undefined) files.set(name, file);
      }
    }
  }
  return files;
}

/** Undefined for what is no file, or none any more: an editor may replace it at this moment. */
async function readIfThere(path: string, known: TemplateFile | undefined): Promise<TemplateFile | undefined> {
  try {
    const stats = await stat(path);
    if (!stats.isFile()) return undefined;
    const version = `${stats.ino} ${stats.mtimeMs} ${stats.size}`;
    return version === known?.version ? known : { path, version, text: await readFile(path, "utf8") };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
