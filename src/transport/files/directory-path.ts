import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** A directory as a path, which is relative to the working directory of the process, or as a file URL; absolute. */
export function resolveDirectory(directory: string | URL): string {
  return resolve(
    directory instanceof URL || directory.startsWith("file:") ? fileURLToPath(directory) : directory,
  );
}
