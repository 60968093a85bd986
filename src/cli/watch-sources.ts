import { existsSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { watch } from "chokidar";

/** An editor writes a file in several steps, and some write several files. */
const settleMs = 50;

/** What an application is written in. What it writes itself, logs and databases, must not start it again. */
const sourceName = /(?:\.[cm]?[jt]sx?|^package\.json|^tsconfig.*\.json)$/;

/**
 * Calls `onChange`, once for changes that come together, when a source file changes in the folder of the package that `file`
 * is in, or anything in `others`. Resolves when it watches.
 */
export async function watchSources(
  file: string,
  others: readonly string[],
  onChange: (path: string) => void,
): Promise<void> {
  const root = packageFolder(resolve(file));
  const added = others.map((path) => resolve(path));
  const isAdded = (path: string): boolean =>
    added.some((each) => path === each || path.startsWith(each + sep));
  const watcher = watch([root, ...added], {
    ignoreInitial: true,
    ignored: (path, stats) => {
      if (isAdded(path) || path === root) return false;
      const steps = relative(root, path).split(sep);
      if (steps.some((step) => step === "node_modules" || (step.startsWith(".") && step !== "..")))
        return true;
      return stats?.isFile() === true && !sourceName.test(basename(path));
    },
  });
  let timer: NodeJS.Timeout | undefined;
  watcher.on("all", (_event, path) => {
    clearTimeout(timer);
    timer = setTimeout(() => onChange(path), settleMs);
  });
  // A folder that cannot be watched is not worth the end of what runs.
  watcher.on("error", () => {});
  await new Promise<void>((done) => watcher.once("ready", done));
}

/** The nearest folder with a package.json, or that of the file. */
function packageFolder(file: string): string {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json"))) return folder;
    if (folder === dirname(folder)) return dirname(file);
  }
}
