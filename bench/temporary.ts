import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

let directory: string | undefined;

/** A directory for what is needed, and may be large, until this process ends. */
export function temporaryDirectory(): string {
  if (directory !== undefined) return directory;
  const created = mkdtempSync(join(tmpdir(), "waterspout-bench-"));
  process.once("exit", () => rmSync(created, { recursive: true, force: true }));
  return (directory = created);
}
