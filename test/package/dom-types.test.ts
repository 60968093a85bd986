/** The package's declarations, in a program that has the browser's types beside Node's. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";

test("our WebSocket is assignable to the DOM's, class and object", async () => {
  const args = ["node_modules/typescript/bin/tsc", "-p", "test/types/dom"];
  const compiled = promisify(execFile)(process.execPath, args);
  const { stdout } = await compiled.catch((error: { stdout: string }) => error);
  assert.equal(stdout, "");
});
