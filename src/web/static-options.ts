import { misuse } from "../base/errors.ts";
import { checkNames, invalidSetting } from "../base/setting-check.ts";
import { kindOf, quote } from "../base/text.ts";
import { FileRoot } from "../transport/files/file-root.ts";

/** The options of a route to a `StaticFileHandler`. */
export interface StaticFileOptions {
  /**
   * The directory whose files are served: a file URL such as `new URL("./page/", import.meta.url)`, or a path, which is
   * relative to the working directory of the process.
   */
  readonly root: string | URL;
  /** The file that is served for a directory; false for none, and directories are 404. Default `index.html`. */
  readonly index?: string | false | undefined;
  /** Names that begin with a dot and are served all the same, such as `.well-known`. Default none. */
  readonly dotfiles?: readonly string[] | undefined;
  /**
   * Whether `app.js.br` or `app.js.gz`, where they lie beside `app.js`, are sent in its place to clients that take them. Default false.
   */
  readonly precompressed?: boolean | undefined;
}

/** The same, checked and complete. */
export interface ResolvedStaticOptions {
  readonly root: FileRoot;
  readonly index: string | undefined;
  readonly dotfiles: readonly string[];
  readonly precompressed: boolean;
}

const optionNames = ["root", "index", "dotfiles", "precompressed"] as const;

/** A route gives the same object with each of its requests. */
const resolved = new WeakMap<object, ResolvedStaticOptions>();

/** Checks the options of a route. @throws WaterspoutError SETTING_INVALID, SETTING_UNKNOWN */
export function resolveStaticOptions(options: StaticFileOptions): ResolvedStaticOptions {
  const known = resolved.get(options);
  if (known !== undefined) return known;
  checkNames("", options, optionNames);
  const { root, index = "index.html", dotfiles = [], precompressed = false } = options;
  if (!isRoot(root)) {
    const expected = "a path or a file URL";
    throw misuse("SETTING_INVALID", { name: "root", expected, value: kindOf(root) });
  }
  if (index !== false && (typeof index !== "string" || !/^[^/\\\0]+$/.test(index)))
    throw invalidSetting("index", "the name of a file, or false", index);
  if (!Array.isArray(dotfiles) || !dotfiles.every(isDotfile)) {
    const wrong: unknown = Array.isArray(dotfiles) ? dotfiles.find((name) => !isDotfile(name)) : dotfiles;
    throw invalidSetting("dotfiles", 'a list of names that begin with a dot, such as ".well-known"', wrong);
  }
  if (typeof precompressed !== "boolean")
    throw invalidSetting("precompressed", "true or false", precompressed);
  const complete = {
    root: new FileRoot(root),
    index: index === false ? undefined : index,
    dotfiles: dotfiles as readonly string[],
    precompressed,
  };
  resolved.set(options, complete);
  return complete;
}

/** Throws SETTING_INVALID unless the directory is there. `name` is what the message calls it. */
export async function checkRootExists(name: string, root: FileRoot): Promise<void> {
  if (await root.exists()) return;
  throw misuse("SETTING_INVALID", { name, expected: "a directory that is there", value: quote(root.path) });
}

export function isRoot(root: unknown): root is string | URL {
  return root instanceof URL ? root.protocol === "file:" : typeof root === "string" && root !== "";
}

function isDotfile(name: unknown): boolean {
  return typeof name === "string" && /^\.[^/\\\0]+$/.test(name) && name !== "..";
}
