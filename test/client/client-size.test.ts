/** The size of the client is checked by a script; these are the proofs that it measures, and that the check can fail. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

function measure(...args: readonly string[]): { readonly status: number | null; readonly stdout: string } {
  return spawnSync(process.execPath, ["build/scripts/client-size.js", ...args], { encoding: "utf8" });
}

test("the client is small enough", () => {
  const { status, stdout } = measure();
  assert.match(stdout, /^# dist\/client\/index\.js: \d{4} bytes gzipped/);
  assert.equal(status, 0);
});

test("one that is not would be noticed", (context) => {
  const directory = mkdtempSync(join(tmpdir(), "waterspout-size-"));
  context.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, "large.js");
  writeFileSync(file, `export const noise = "${randomBytes(8000).toString("hex")}";`);
  const { status, stdout } = measure(file);
  assert.match(stdout, /: \d+ bytes gzipped .*, at most 8000\n$/);
  assert.equal(status, 1);
});
