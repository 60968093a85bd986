/** A path below a root, name by name. */
export interface FilePath {
  readonly names: readonly string[];
  /** Whether it ends in a slash, as the path of a directory does. The root itself is such a path, and has no names. */
  readonly isDirectory: boolean;
}

/**
 * Reads a percent-decoded path. Undefined for one that names nothing below a root: every name has to be a name, so that there are no ways to climb, no
 * empty names and no backslashes, which only a client on the other kind of system would mean as one. What is refused is not
 * repaired: a file has one path.
 *
 * @param dotfiles names that begin with a dot and are served all the same.
 * @param platform Windows has names of its own, which other systems take for names like any other, and which are harmless there.
 */
export function parseFilePath(
  path: string,
  dotfiles: readonly string[],
  platform: NodeJS.Platform = process.platform,
): FilePath | undefined {
  const names = path.split("/");
  const isDirectory = names.at(-1) === "";
  if (isDirectory) names.pop();
  const isServed = (name: string): boolean =>
    isName(name) &&
    (!name.startsWith(".") || dotfiles.includes(name)) &&
    (platform !== "win32" || !isSpecialOnWindows(name));
  return names.every(isServed) ? { names, isDirectory } : undefined;
}

function isName(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && !/[\0\\]/.test(name);
}

/**
 * What Windows takes for something else than the file of that name: devices, whatever their extension (`aux.txt`); names with a drive or
 * with a stream of a file (`C:x`, `page.html::$DATA`); names that end in dots or spaces, which it drops; and short names (`GIT~1`),
 * under which a dotfile can be had.
 */
function isSpecialOnWindows(name: string): boolean {
  return (
    // oxlint-disable-next-line no-control-regex -- they are what is looked for
    /[\x00-\x1f:*?"<>|]|[. ]$|~\d/.test(name) ||
    /^(?:con|prn|aux|nul|conin\$|conout\$|com[\d¹²³]|lpt[\d¹²³])[ ]*(?:\.|$)/i.test(name)
  );
}
