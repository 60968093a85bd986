/** The layers of ARCHITECTURE.md are checked by a tool; these are the proofs that the check can fail. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";

interface Violation {
  readonly rule: { readonly name: string };
  readonly from: string;
}

async function violationsIn(directory: string): Promise<string[]> {
  const args = ["depcruise", "--config", ".dependency-cruiser.cjs", "--output-type", "json", directory];
  const { stdout } = await promisify(execFile)("npx", args, {
    maxBuffer: 1e8,
    shell: process.platform === "win32",
  });
  const { summary } = JSON.parse(stdout) as { summary: { violations: Violation[] } };
  return summary.violations.map(({ rule, from }) => `${rule.name} ${from}`).toSorted();
}

test("src/ has no import that goes up", async () => {
  assert.deepEqual(await violationsIn("src"), []);
});

test("imports that go up, sideways, in a circle or around transport are found", async () => {
  const root = "test/fixtures/layers/src";
  assert.deepEqual(await violationsIn(root), [
    `app-imports-lower-layers-only ${root}/app/kit.ts`,
    `base-imports-lower-layers-only ${root}/base/upward.ts`,
    `cli-uses-the-entry-points ${root}/cli/inward.ts`,
    `connect-imports-lower-layers-only ${root}/connect/sideways.ts`,
    `hub-imports-lower-layers-only ${root}/hub/sideways.ts`,
    `io-lives-in-transport ${root}/protocol/socket.ts`,
    `no-circular ${root}/web/circle-a.ts`,
    `testing-imports-no-cli ${root}/app/kit.ts`,
    `web-imports-lower-layers-only ${root}/web/upward.ts`,
  ]);
});
