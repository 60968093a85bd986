import assert from "node:assert/strict";
import { utimesSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { StaticFileHandler } from "../../src/index.ts";
import { temporaryFiles } from "../support/files.ts";
import { expectedLog } from "../support/log.ts";
import { get, request } from "../support/raw-http.ts";
import { serveRoutes } from "../support/serve-routes.ts";

const log = expectedLog();

const root = temporaryFiles({
  "index.html": "home",
  "home.htm": "other home",
  "a.data": "a",
  "sub/b.data": "b",
  "bare/x.txt": "x",
});

test("a handler may say type, time and header fields for each file", async (context) => {
  const asked: unknown[] = [];
  class Own extends StaticFileHandler {
    override setExtraHeaders(path: string) {
      asked.push(["extra", path, this.peekHeader("cache-control")?.[0]]);
      this.setHeader("X-Path", path);
      this.clearHeader("Last-Modified");
    }
    override getCacheTime(path: string, modified: Date, type: string) {
      asked.push(["time", path, modified.getTime(), type]);
      return path.startsWith("sub/") ? 60.5 : -1;
    }
    override getContentType(path: string) {
      return path.endsWith(".data") ? "application/x-data" : super.getContentType(path);
    }
  }
  utimesSync(join(root, "sub/b.data"), 1000, 1000.9);
  const server = await serveRoutes(context, log, [["/*", Own, { root }]]);
  const { header } = await get(server, "/sub/b.data");
  assert.equal(header("X-Path"), "sub/b.data");
  assert.equal(header("Cache-Control"), "public, max-age=60");
  assert.equal(header("Content-Type"), "application/x-data");
  assert.equal(header("Last-Modified"), undefined);
  assert.deepEqual(asked, [
    ["time", "sub/b.data", 1_000_000, "application/x-data"],
    ["extra", "sub/b.data", "public, max-age=60"],
  ]);
  const home = await get(server, "/");
  assert.deepEqual([home.header("X-Path"), home.header("Cache-Control")], ["index.html", "no-cache"]);
  assert.equal((await get(server, "/absent")).header("X-Path"), undefined);
  await log.expect(/^404 GET/);
});

test("the tag and the type that a handler sets are those that count", async (context) => {
  class Tagged extends StaticFileHandler {
    override setExtraHeaders() {
      this.setHeader("ETag", '"mine"');
      this.setHeader("Content-Type", "text/x-own");
    }
  }
  class Untagged extends StaticFileHandler {
    override setExtraHeaders() {
      this.clearHeader("ETag");
    }
  }
  const server = await serveRoutes(context, log, [
    ["/tagged/*", Tagged, { root }],
    ["/untagged/*", Untagged, { root }],
  ]);
  const { header } = await get(server, "/tagged/a.data");
  assert.deepEqual([header("ETag"), header("Content-Type")], ['"mine"', "text/x-own"]);
  assert.equal((await get(server, "/tagged/a.data", ['If-None-Match: "mine"'])).status, 304);
  const lines = ["Range: bytes=0-0", 'If-Range: "x"'];
  assert.equal((await get(server, "/untagged/a.data", lines)).status, 200);
});

test("what only a user may see is not for shared caches", async (context) => {
  class Private extends StaticFileHandler {
    override getCurrentUser() {
      return "alice";
    }
    override getCacheTime() {
      return 60;
    }
  }
  const server = await serveRoutes(context, log, [["/*", Private, { root }]]);
  assert.equal((await get(server, "/a.data")).header("Cache-Control"), "private, max-age=60");
});

test("the file of a directory has another name, or there is none", async (context) => {
  const server = await serveRoutes(context, log, [
    ["/other/*", StaticFileHandler, { root, index: "home.htm" }],
    ["/none/*", StaticFileHandler, { root, index: false }],
    ["/one", StaticFileHandler, { root }],
  ]);
  assert.equal((await get(server, "/other/")).text, "other home");
  assert.equal((await get(server, "/other/bare")).status, 301);
  assert.equal((await get(server, "/none/a.data")).text, "a");
  for (const path of ["/none/", "/none/bare", "/none/bare/"]) {
    assert.equal((await get(server, path)).status, 404, path);
    await log.expect(/^404 GET/);
  }
  assert.equal(
    (await get(server, "/one")).text,
    "home",
    "a route that names no file is that of the directory",
  );
});

test("HEAD is answered without automatic methods, too, and never in part", async (context) => {
  const server = await serveRoutes(context, log, [["/*", StaticFileHandler, { root }]], {
    automaticMethods: false,
  });
  const { status, header, text } = await request(server, "HEAD", "/a.data", ["Range: bytes=0-0"]);
  assert.deepEqual([status, header("Content-Length"), text], [200, "1", ""]);
});

test("a time to come is not said", async (context) => {
  const files = temporaryFiles({ "x.txt": "x" });
  const later = Date.now() / 1000 + 3600;
  utimesSync(join(files, "x.txt"), later, later);
  const server = await serveRoutes(context, log, [["/*", StaticFileHandler, { root: files }]]);
  const { header } = await get(server, "/x.txt");
  assert.ok(Date.parse(header("Last-Modified") ?? "") <= Date.now());
});
