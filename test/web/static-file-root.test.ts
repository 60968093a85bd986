/** A static route that was not told its directory serves nothing at all, and says so as early as it can. */
import assert from "node:assert/strict";
import { renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { RouteEntry, StaticFileOptions } from "../../src/index.ts";
import { Application, StaticFileHandler } from "../../src/index.ts";
import { temporaryFiles } from "../support/files.ts";
import { expectedLog } from "../support/log.ts";
import { get } from "../support/raw-http.ts";
import { runApplication } from "../support/run-application.ts";
import { serveRoutes } from "../support/serve-routes.ts";

const log = expectedLog();

test("an override of initialize that does not call super serves no file of the machine", async (context) => {
  class Assets extends StaticFileHandler {
    override initialize(_options: StaticFileOptions) {}
  }
  const { at, log: ownLog } = await runApplication(context, [["/assets/*", Assets, { root: "test" }]]);
  for (const path of ["/assets/etc/hostname", "/assets/package.json", "/assets/"]) {
    assert.equal((await fetch(at(path))).status, 500, path);
    await ownLog.expect(/an override of initialize\(\) must call super\.initialize\(options\)/);
    await ownLog.expect(/^500 GET/);
  }
});

test("options that make no sense are refused when the application is made", () => {
  const table: readonly [options: object | undefined, refusal: RegExp][] = [
    [undefined, /setting root must be a path or a file URL, got undefined/],
    [{}, /setting root must be a path or a file URL, got undefined/],
    [{ root: 5 }, /got 5/],
    [{ root: null }, /got null/],
    [{ root: "" }, /got ""/],
    [
      { root: new URL("https://example.com/") },
      /setting root must be a path or a file URL, got an object \(URL\)/,
    ],
    [{ root: ".", index: true }, /setting index must be the name of a file, or false, got true/],
    [{ root: ".", index: "" }, /setting index/],
    [{ root: ".", index: "../index.html" }, /setting index/],
    [
      { root: ".", dotfiles: true },
      /setting dotfiles must be a list of names that begin with a dot, .*, got true/,
    ],
    [{ root: ".", dotfiles: [".well-known", "git"] }, /setting dotfiles .* got "git"/],
    [{ root: ".", dotfiles: [".."] }, /setting dotfiles/],
    [{ root: ".", dotfiles: ["."] }, /setting dotfiles/],
    [{ root: ".", precompressed: 1 }, /setting precompressed must be true or false, got 1/],
    [
      { root: ".", maxAge: 5 },
      /there is no setting maxAge \(there are: root, index, dotfiles, precompressed\)/,
    ],
  ];
  for (const [options, refusal] of table) {
    const route = ["/*", StaticFileHandler, options] as RouteEntry;
    assert.throws(() => new Application([route]), refusal, JSON.stringify(options));
  }
});

test("a root that is no directory keeps the application from listening", async () => {
  const root = temporaryFiles({ "file.txt": "" });
  for (const missing of [join(root, "absent"), join(root, "file.txt")]) {
    const refusal = (name: string): object => ({
      code: "SETTING_INVALID",
      message: new RegExp(`setting ${name} must be a directory that is there, got "`),
    });
    await assert.rejects(
      new Application([["/*", StaticFileHandler, { root: missing }]]).listen(0),
      refusal("root"),
    );
    await assert.rejects(new Application([], { staticPath: missing }).listen(0), refusal("staticPath"));
  }
});

test("a root that goes away has no files", async (context) => {
  const parent = temporaryFiles({ "root/hello.txt": "hello" });
  const root = join(parent, "root");
  const server = await serveRoutes(context, log, [["/*", StaticFileHandler, { root }]]);
  assert.equal((await get(server, "/hello.txt")).status, 200);
  rmSync(root, { recursive: true });
  for (const path of ["/", "/hello.txt"]) {
    assert.equal((await get(server, path)).status, 404, path);
    await log.expect(/^404 GET/);
  }
});

test("a root that is a link may be turned to another release while files are served", async (context) => {
  const parent = temporaryFiles({ "one/v.txt": "one", "one/only.txt": "1", "two/v.txt": "two" });
  const root = join(parent, "current");
  symlinkSync("one", root);
  const server = await serveRoutes(context, log, [["/*", StaticFileHandler, { root }]]);
  assert.equal((await get(server, "/v.txt")).text, "one");
  symlinkSync("two", join(parent, "next"));
  renameSync(join(parent, "next"), root);
  assert.equal((await get(server, "/v.txt")).text, "two");
  assert.equal((await get(server, "/only.txt")).status, 404);
  await log.expect(/^404 GET/);
});

test("options of an override may be made by it", async (context) => {
  const root = temporaryFiles({ "hello.txt": "hello" });
  const made: StaticFileOptions = { root };
  class Assets extends StaticFileHandler {
    override initialize() {
      super.initialize(made);
    }
  }
  const server = await serveRoutes(context, log, [["/*", Assets]]);
  assert.equal((await get(server, "/hello.txt")).text, "hello");
});
