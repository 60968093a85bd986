import assert from "node:assert/strict";
import { utimesSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from "node:zlib";
import { StaticFileHandler } from "../../src/index.ts";
import { temporaryFiles } from "../support/files.ts";
import { expectedLog } from "../support/log.ts";
import type { RawResponse } from "../support/raw-http.ts";
import { get, request } from "../support/raw-http.ts";
import { serveRoutes } from "../support/serve-routes.ts";

const log = expectedLog();

const script = "export const answer = 42;\n".repeat(100);
const root = temporaryFiles({
  "app.js": script,
  "app.js.br": brotliCompressSync(script),
  "app.js.gz": gzipSync(script),
  "only-gzip.css": "body {}",
  "only-gzip.css.gz": gzipSync("body {}"),
  "plain.txt": "plain",
  "folder.txt": "x",
  "folder.txt.br/x": "x",
  "stale.js": "new",
  "stale.js.br": brotliCompressSync("old"),
  "index.html": "<p>home",
  "index.html.br": brotliCompressSync("<p>home"),
});
utimesSync(join(root, "stale.js.br"), 1000, 1000);
const routes = [["/*", StaticFileHandler, { root, precompressed: true }]] as const;

/** The text of a response, decoded as it says. */
function decoded({ header, body }: RawResponse): string {
  const coding = header("Content-Encoding");
  if (coding === "br") return String(brotliDecompressSync(body));
  return String(coding === "gzip" ? gunzipSync(body) : body);
}

test("the form that the client likes best is sent, of those that there are", async (context) => {
  const server = await serveRoutes(context, log, routes);
  const table: readonly [path: string, acceptEncoding: string, coding: string | undefined][] = [
    ["/app.js", "gzip, deflate, br", "br"],
    ["/app.js", "gzip", "gzip"],
    ["/app.js", "br;q=0.5, gzip;q=0.8", "gzip"],
    ["/app.js", "br;q=0, gzip", "gzip"],
    ["/app.js", "*", "br"],
    ["/app.js", "identity", undefined],
    ["/app.js", "deflate", undefined],
    ["/app.js", "identity;q=1, br;q=0.5", undefined],
    ["/only-gzip.css", "gzip, br", "gzip"],
    ["/only-gzip.css", "br", undefined],
    ["/plain.txt", "gzip, br", undefined],
    ["/folder.txt", "br", undefined],
    ["/", "br", "br"],
  ];
  const types: Readonly<Record<string, string>> = {
    js: "text/javascript",
    css: "text/css",
    txt: "text/plain",
  };
  for (const [path, accepted, coding] of table) {
    const response = await get(server, path, [`Accept-Encoding: ${accepted}`]);
    const plain = await get(server, path);
    const what = `${path} ${accepted}`;
    assert.equal(response.header("Content-Encoding"), coding, what);
    assert.equal(decoded(response), plain.text, what);
    const type = `${types[path.split(".")[1] ?? ""] ?? "text/html"}; charset=utf-8`;
    assert.equal(response.header("Content-Type"), type, what);
    for (const each of [response, plain]) assert.equal(each.header("Vary"), "Accept-Encoding", what);
    assert.equal(response.header("ETag") === plain.header("ETag"), coding === undefined, what);
    assert.equal(response.header("Content-Length"), String(response.body.length), what);
  }
});

test("a form is a thing of its own for ranges and conditions", async (context) => {
  const server = await serveRoutes(context, log, routes);
  const brotli = ["Accept-Encoding: br"];
  const whole = await get(server, "/app.js", brotli);
  const etag = whole.header("ETag") ?? "";
  const part = await get(server, "/app.js", [...brotli, "Range: bytes=2-5", `If-Range: ${etag}`]);
  assert.equal(part.status, 206);
  assert.equal(part.header("Content-Range"), `bytes 2-5/${whole.body.length}`);
  assert.equal(part.header("Content-Encoding"), "br");
  assert.deepEqual(part.body, whole.body.subarray(2, 6));
  const other = await get(server, "/app.js", ["Range: bytes=2-5", `If-Range: ${etag}`]);
  assert.deepEqual([other.status, other.text], [200, script], "a part of the other form does not fit");
  const known = await get(server, "/app.js", [...brotli, `If-None-Match: ${etag}`]);
  assert.deepEqual([known.status, known.header("Vary")], [304, "Accept-Encoding"]);
  assert.equal(known.header("Content-Encoding"), undefined);
  assert.equal((await get(server, "/app.js", [`If-None-Match: ${etag}`])).status, 200);
  const head = await request(server, "HEAD", "/app.js", brotli);
  assert.equal(head.header("Content-Length"), String(whole.body.length));
});

test("a form that is older than its file is not taken for it", async (context) => {
  const server = await serveRoutes(context, log, routes);
  const response = await get(server, "/stale.js", ["Accept-Encoding: br"]);
  assert.deepEqual([response.header("Content-Encoding"), response.text], [undefined, "new"]);
});

test("where versions are known, a form is of its file only by its content", async (context) => {
  const files = temporaryFiles({
    "stale.js": "new",
    "stale.js.br": brotliCompressSync("old"),
    "good.js": "good",
    "good.js.br": brotliCompressSync("good"),
  });
  // As after a deployment that forgot to compress anew, with times that say nothing.
  for (const name of ["stale.js", "good.js", "good.js.br"]) utimesSync(join(files, name), 1000, 1000);
  const settings = { staticPath: files, staticHandlerArgs: { precompressed: true } };
  const server = await serveRoutes(context, log, [], settings);
  let response = await get(server, "/static/stale.js", ["Accept-Encoding: br"]);
  // Before the hashes are made it is known by its time.
  while (response.header("Content-Encoding") === "br")
    response = await get(server, "/static/stale.js", ["Accept-Encoding: br"]);
  assert.equal(response.text, "new");
  assert.equal(
    (await get(server, "/static/good.js", ["Accept-Encoding: br"])).header("Content-Encoding"),
    "br",
  );
});

test("without the option nothing is looked for", async (context) => {
  const server = await serveRoutes(context, log, [["/*", StaticFileHandler, { root }]]);
  const { text, header } = await get(server, "/app.js", ["Accept-Encoding: br"]);
  assert.deepEqual([text, header("Vary")], [script, undefined]);
});

test("compressResponse compresses whole files, and leaves parts and compressed forms alone", async (context) => {
  const big = temporaryFiles({
    "small.js": "1",
    "app.js": script,
    "big.js": script.repeat(100),
    "form.js": script,
    "form.js.br": brotliCompressSync(script),
    "image.png": Buffer.alloc(5000),
  });
  const server = await serveRoutes(
    context,
    log,
    [["/*", StaticFileHandler, { root: big, precompressed: true }]],
    { compressResponse: true },
  );
  const lines = ["Accept-Encoding: gzip"];
  for (const path of ["/app.js", "/big.js"]) {
    const plain = await get(server, path);
    const response = await get(server, path, lines);
    assert.equal(response.header("Content-Encoding"), "gzip", path);
    assert.ok(response.body.length < plain.body.length / 10, path);
    assert.equal(decoded(response), plain.text, path);
    assert.equal(response.header("ETag"), `W/${plain.header("ETag")}`, path);
    assert.equal(response.header("Vary"), "Accept-Encoding", path);
    assert.equal(response.header("Accept-Ranges"), undefined, path);
    const head = await request(server, "HEAD", path, lines);
    assert.deepEqual([head.header("Content-Encoding"), head.text], ["gzip", ""], path);
    const again = await get(server, path, [...lines, `If-None-Match: ${response.header("ETag")}`]);
    assert.deepEqual([again.status, again.header("Vary")], [304, "Accept-Encoding"], path);
    const part = await get(server, path, [...lines, "Range: bytes=0-5"]);
    assert.deepEqual(
      [part.status, part.header("Content-Encoding"), part.text],
      [206, undefined, "export"],
      path,
    );
  }
  for (const path of ["/small.js", "/image.png"])
    assert.equal((await get(server, path, lines)).header("Content-Encoding"), undefined, path);
  const form = await get(server, "/form.js", ["Accept-Encoding: br"]);
  assert.deepEqual([form.header("Content-Encoding"), decoded(form)], ["br", script]);
});

test("a handler that varies by something else says both", async (context) => {
  class Varied extends StaticFileHandler {
    override prepare() {
      this.setHeader("Vary", "Origin");
    }
  }
  const server = await serveRoutes(context, log, [["/*", Varied, { root, precompressed: true }]]);
  assert.equal((await get(server, "/plain.txt")).header("Vary"), "Origin // Accept-Encoding");
});
