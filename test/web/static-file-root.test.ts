/** A static route that was not told its directory serves nothing at all. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { StaticFileOptions } from "../../src/index.ts";
import { StaticFileHandler } from "../../src/index.ts";
import { runApplication } from "../support/run-application.ts";

test("an override of initialize that does not call super serves no file of the machine", async (context) => {
  class Assets extends StaticFileHandler {
    override initialize(_options: StaticFileOptions) {}
  }
  const { at, log } = await runApplication(context, [["/assets/*", Assets, { root: "test" }]]);
  for (const path of ["/assets/etc/hostname", "/assets/package.json", "/assets/"]) {
    assert.equal((await fetch(at(path))).status, 500, path);
    await log.expect(/an override of initialize\(\) must call super\.initialize\(options\)/);
    await log.expect(/^500 GET/);
  }
});

test("an empty root is none", async (context) => {
  const { at, log } = await runApplication(context, [["/*", StaticFileHandler, { root: "" }]]);
  assert.equal((await fetch(at("/package.json"))).status, 500);
  await log.expect(/setting root must be a path or a file URL, got ""/);
  await log.expect(/^500 GET/);
});
