import assert from "node:assert/strict";
import { join, relative } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import type { StaticFileOptions } from "../../src/index.ts";
import { StaticFileHandler } from "../../src/index.ts";
import { deferred } from "../support/deferred.ts";
import { temporaryFiles } from "../support/files.ts";
import { expectedLog } from "../support/log.ts";
import { get, request } from "../support/raw-http.ts";
import { serveRoutes } from "../support/serve-routes.ts";

const log = expectedLog();

const parent = temporaryFiles({
  "root/index.html": "<h1>home</h1>",
  "root/hello.txt": "hello world",
  "root/空 格.txt": "空格",
  "root/empty.txt": "",
  "root/bytes.bin": Uint8Array.of(0, 10, 13, 255),
  "root/sub/index.html": "<h1>sub</h1>",
  "root/sub/a+b%20c.txt": "odd",
  "root/bare/x.txt": "x",
});
const root = join(parent, "root");
const routes = [["/static/*", StaticFileHandler, { root }]] as const;

test("a file is sent with its type, its length and what a cache needs", async (context) => {
  const server = await serveRoutes(context, log, routes);
  const response = await get(server, "/static/hello.txt");
  assert.equal(response.status, 200);
  assert.equal(response.text, "hello world");
  assert.equal(response.header("Content-Type"), "text/plain; charset=utf-8");
  assert.equal(response.header("Content-Length"), "11");
  assert.equal(response.header("Accept-Ranges"), "bytes");
  assert.match(response.header("ETag") ?? "", /^"[\w-]+"$/);
  assert.match(response.header("Last-Modified") ?? "", / GMT$/);
  assert.equal(response.header("Cache-Control"), "no-cache");
  assert.equal(response.header("X-Content-Type-Options"), "nosniff");
  assert.equal(response.header("Vary"), undefined);
  await log.expect(/^200 GET \/static\/hello\.txt \(127\.0\.0\.1\) /);
});

test("bytes are sent as they are, and an empty file is a file", async (context) => {
  const server = await serveRoutes(context, log, routes);
  const { body, header } = await get(server, "/static/bytes.bin");
  assert.deepEqual(body, Buffer.of(0, 10, 13, 255));
  assert.equal(header("Content-Type"), "application/octet-stream");
  const empty = await get(server, "/static/empty.txt");
  assert.deepEqual([empty.status, empty.text, empty.header("Content-Length")], [200, "", "0"]);
});

test("a type follows the name", async (context) => {
  const table: Readonly<Record<string, string>> = {
    "a.html": "text/html; charset=utf-8",
    "a.css": "text/css; charset=utf-8",
    "a.js": "text/javascript; charset=utf-8",
    "a.mjs": "text/javascript; charset=utf-8",
    "a.json": "application/json; charset=utf-8",
    "a.svg": "image/svg+xml",
    "a.png": "image/png",
    "a.WASM": "application/wasm",
    "a.unheard-of": "application/octet-stream",
    a: "application/octet-stream",
  };
  const files = temporaryFiles(Object.fromEntries(Object.keys(table).map((name) => [name, "x"])));
  const server = await serveRoutes(context, log, [["/*", StaticFileHandler, { root: files }]]);
  for (const [name, type] of Object.entries(table)) {
    assert.equal((await get(server, `/${name}`)).header("Content-Type"), type, name);
  }
});

test("the name in the path is percent-decoded once", async (context) => {
  const server = await serveRoutes(context, log, routes);
  assert.equal((await get(server, "/static/%E7%A9%BA%20%E6%A0%BC.txt")).text, "空格");
  assert.equal((await get(server, "/static/sub/a+b%2520c.txt")).text, "odd");
  assert.equal((await get(server, "/static/sub/a+b%20c.txt")).status, 404);
  await log.expect(/^404 GET/);
});

test("a directory is its index.html, under an address that ends in a slash", async (context) => {
  const server = await serveRoutes(context, log, routes);
  assert.equal((await get(server, "/static/")).text, "<h1>home</h1>");
  assert.equal((await get(server, "/static/sub/")).text, "<h1>sub</h1>");
  assert.equal((await get(server, "/static/bare/")).status, 404, "a directory is never listed");
  await log.expect(/^404 GET/);
  assert.equal((await get(server, "/static/hello.txt/")).status, 404, "a file is no directory");
  await log.expect(/^404 GET/);
});

test("HEAD has the header fields of the file and no body", async (context) => {
  const server = await serveRoutes(context, log, routes);
  const { status, header, text } = await request(server, "HEAD", "/static/hello.txt");
  assert.deepEqual([status, header("Content-Length"), text], [200, "11", ""]);
  assert.equal(header("Content-Type"), "text/plain; charset=utf-8");
});

test("other methods are not allowed", async (context) => {
  const server = await serveRoutes(context, log, routes);
  for (const method of ["POST", "PUT", "DELETE", "PATCH"]) {
    const { status, header } = await request(server, method, "/static/hello.txt");
    assert.deepEqual([status, header("Allow")], [405, "GET, HEAD, OPTIONS"], method);
    await log.expect(new RegExp(`^405 ${method}`));
  }
});

test("one range is 206 (RFC 9110 §14)", async (context) => {
  const server = await serveRoutes(context, log, routes);
  const table: readonly [range: string, contentRange: string, text: string][] = [
    ["bytes=0-4", "bytes 0-4/11", "hello"],
    ["bytes=6-", "bytes 6-10/11", "world"],
    ["bytes=-5", "bytes 6-10/11", "world"],
    ["bytes=-99", "bytes 0-10/11", "hello world"],
    ["bytes=0-999", "bytes 0-10/11", "hello world"],
    ["bytes=10-10", "bytes 10-10/11", "d"],
  ];
  for (const [range, contentRange, text] of table) {
    const response = await get(server, "/static/hello.txt", [`Range: ${range}`]);
    assert.equal(response.status, 206, range);
    assert.equal(response.header("Content-Range"), contentRange, range);
    assert.equal(response.text, text, range);
    assert.equal(response.header("Content-Length"), String(text.length), range);
  }
});

test("several ranges, or what is none, are the whole file; a range outside of it is 416", async (context) => {
  const server = await serveRoutes(context, log, routes);
  for (const range of ["bytes=0-1,4-5", "items=0-4", "bytes", "bytes=x-y"]) {
    const { status, text } = await get(server, "/static/hello.txt", [`Range: ${range}`]);
    assert.deepEqual([status, text], [200, "hello world"], range);
  }
  const { status, header, text } = await get(server, "/static/hello.txt", ["Range: bytes=11-"]);
  assert.equal(status, 416);
  assert.equal(header("Content-Range"), "bytes */11");
  assert.ok(!text.includes("hello"));
  await log.expect(/^416 GET/);
});

test("what has not changed is 304, and what has is 412 for who insists", async (context) => {
  const server = await serveRoutes(context, log, routes);
  const first = await get(server, "/static/hello.txt");
  const [etag = "", modified = ""] = [first.header("ETag"), first.header("Last-Modified")];
  const table: readonly [line: string, status: number][] = [
    [`If-None-Match: ${etag}`, 304],
    [`If-None-Match: "other", ${etag}`, 304],
    ["If-None-Match: *", 304],
    ['If-None-Match: "other"', 200],
    [`If-Modified-Since: ${modified}`, 304],
    ["If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT", 200],
    ['If-Match: "other"', 412],
    ["If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT", 412],
  ];
  for (const [line, status] of table) {
    const response = await get(server, "/static/hello.txt", [line]);
    assert.equal(response.status, status, line);
    if (status === 304) {
      assert.equal(response.header("ETag"), etag);
      assert.equal(response.header("Content-Length"), undefined);
    }
    if (status === 412) await log.expect(/^412 GET/);
  }
});

test("a root is a path, a relative path or a file URL", async (context) => {
  const roots = [
    root,
    `${root}/`,
    relative(process.cwd(), root),
    pathToFileURL(root),
    String(pathToFileURL(`${root}/`)),
  ];
  for (const each of roots) {
    const options: StaticFileOptions = { root: each };
    const server = await serveRoutes(context, log, [["/*", StaticFileHandler, options]]);
    assert.equal((await get(server, "/hello.txt")).text, "hello world", String(each));
  }
});

test("the last group of an expression names the file", async (context) => {
  const server = await serveRoutes(context, log, [[/\/(v\d)\/(.*)/, StaticFileHandler, { root }]]);
  assert.equal((await get(server, "/v1/hello.txt")).text, "hello world");
});

test("once the file is sent the response is finished", { timeout: 5000 }, async (context) => {
  const after: unknown[] = [];
  const done = deferred();
  class Extended extends StaticFileHandler {
    override async get() {
      await super.get();
      after.push(this.isFinished);
      assert.throws(() => this.setHeader("X-Late", "1"), { code: "HEADERS_SENT" });
      done.resolve();
    }
  }
  const server = await serveRoutes(context, log, [["/*", Extended, { root }]]);
  assert.equal((await get(server, "/hello.txt")).text, "hello world");
  await done.promise;
  assert.deepEqual(after, [true]);
});

test("a handler that extends it may set header fields", async (context) => {
  class Cached extends StaticFileHandler {
    override prepare() {
      this.setHeader("Cache-Control", "max-age=60");
      this.setHeader("X-Own", "1");
    }
  }
  const server = await serveRoutes(context, log, [["/*", Cached, { root }]]);
  const { header } = await get(server, "/hello.txt");
  assert.deepEqual([header("Cache-Control"), header("X-Own")], ["max-age=60", "1"]);
});
