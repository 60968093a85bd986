/** Small files are kept in memory, for as long as they are what they were. */
import assert from "node:assert/strict";
import { promises, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { mock, test } from "node:test";
import { StaticFileHandler } from "../../src/index.ts";
import type { Server } from "../../src/index.ts";
import { temporaryFiles } from "../support/files.ts";
import { expectedLog } from "../support/log.ts";
import { get } from "../support/raw-http.ts";
import { serveRoutes } from "../support/serve-routes.ts";

const log = expectedLog();

/** Serves a directory as if it were an hour later, when its files have long been what they are; counts what is opened. */
async function serveSettled(
  context: TestContext,
  root: string,
): Promise<{ readonly server: Server; readonly opened: () => number }> {
  const { now } = Date;
  context.mock.method(Date, "now", () => now() + 3_600_000);
  const { mock: calls } = mock.method(promises, "open");
  context.after(() => calls.restore());
  const server = await serveRoutes(context, log, [["/*", StaticFileHandler, { root }]]);
  return { server, opened: () => calls.callCount() };
}

test("a file that is asked for again is not opened again, whatever is asked of it", async (context) => {
  const root = temporaryFiles({ "a.txt": "0123456789", "empty.txt": "" });
  const { server, opened } = await serveSettled(context, root);
  const first = await get(server, "/a.txt");
  const second = await get(server, "/a.txt");
  assert.deepEqual([second.status, second.text], [200, "0123456789"]);
  for (const name of ["etag", "last-modified", "cache-control", "content-type"])
    assert.equal(second.header(name), first.header(name), name);
  const part = await get(server, "/a.txt", ["Range: bytes=2-4"]);
  assert.deepEqual([part.status, part.text], [206, "234"]);
  const same = await get(server, "/a.txt", [`If-None-Match: ${String(first.header("etag"))}`]);
  assert.deepEqual([same.status, same.text], [304, ""]);
  assert.equal(opened(), 1);
  assert.equal((await get(server, "/empty.txt")).text, "");
  assert.equal((await get(server, "/empty.txt")).text, "");
  assert.equal(opened(), 2);
});

test("a part of a file is not taken for all of it", async (context) => {
  const root = temporaryFiles({ "a.txt": "0123456789" });
  const { server, opened } = await serveSettled(context, root);
  assert.equal((await get(server, "/a.txt", ["Range: bytes=0-4"])).text, "01234");
  assert.equal((await get(server, "/a.txt")).text, "0123456789");
  assert.equal(opened(), 2);
});

test("what was written, replaced, removed or turned into a link is seen at once", async (context) => {
  const parent = temporaryFiles({ "root/a.txt": "first", "outside.txt": "SECRET" });
  const root = join(parent, "root");
  const path = join(root, "a.txt");
  const { server } = await serveSettled(context, root);
  const keepAndRead = async (): Promise<string> => {
    await get(server, "/a.txt");
    return (await get(server, "/a.txt")).text;
  };
  assert.equal(await keepAndRead(), "first");
  writeFileSync(path, "third");
  assert.equal(await keepAndRead(), "third");
  writeFileSync(join(root, "new.txt"), "other");
  renameSync(join(root, "new.txt"), path);
  assert.equal(await keepAndRead(), "other");
  rmSync(path);
  assert.equal((await get(server, "/a.txt")).status, 404);
  symlinkSync(join(parent, "outside.txt"), path);
  const { status, text } = await get(server, "/a.txt");
  assert.deepEqual([status, text.includes("SECRET")], [404, false]);
  for (let time = 0; time < 2; time++) await log.expect(/^404 GET/);
  await log.expect(/^FILE_REFUSED/);
});

test("a file that has just changed is read again: it may change once more and look the same", async (context) => {
  const root = temporaryFiles({ "a.txt": "first" });
  const { mock: calls } = mock.method(promises, "open");
  context.after(() => calls.restore());
  const changedMs = Date.now();
  context.mock.method(Date, "now", () => changedMs + 900);
  const server = await serveRoutes(context, log, [["/*", StaticFileHandler, { root }]]);
  for (let time = 0; time < 2; time++) assert.equal((await get(server, "/a.txt")).text, "first");
  assert.equal(calls.callCount(), 2);
});

test("a large file is not kept", async (context) => {
  const root = temporaryFiles({ "a.bin": "x".repeat(256 * 1024) });
  const { server, opened } = await serveSettled(context, root);
  for (let time = 0; time < 2; time++) assert.equal((await get(server, "/a.bin")).text.length, 256 * 1024);
  assert.equal(opened(), 2);
});
