import assert from "node:assert/strict";
import { test } from "node:test";
import { computeEtag, weakEtag } from "../../src/web/etag.ts";
import { expectedLog } from "../support/log.ts";
import { page } from "../support/handlers.ts";
import { get, request } from "../support/raw-http.ts";
import { serveRoutes } from "../support/serve-routes.ts";

const log = expectedLog();

test("the same bytes have the same tag, as text and as bytes", () => {
  assert.match(computeEtag("é"), /^"[\w-]{27}"$/);
  assert.equal(computeEtag("é"), computeEtag(Buffer.from("é")));
  assert.notEqual(computeEtag("a"), computeEtag("b"));
  assert.deepEqual([weakEtag('"a"'), weakEtag('W/"a"')], ['W/"a"', 'W/"a"']);
});

test("a whole response to GET has a tag, and a client that has it gets a 304 without a body", async (context) => {
  const server = await serveRoutes(context, log, [["/", page(() => "content")]]);
  const first = await get(server, "/");
  const etag = first.header("ETag");
  assert.equal(etag, computeEtag("content"));
  for (const method of ["GET", "HEAD"]) {
    const again = await request(server, method, "/", [`If-None-Match: "x", W/${etag}`]);
    assert.equal(again.status, 304, method);
    assert.equal(again.header("ETag"), etag);
    for (const name of ["Content-Length", "Content-Type", "Transfer-Encoding"])
      assert.equal(again.header(name), undefined, name);
    assert.equal(again.text, "");
  }
  assert.equal((await get(server, "/", ['If-None-Match: "x"'])).status, 200);
  assert.equal((await request(server, "HEAD", "/")).header("ETag"), etag);
});

test("what is not asked for by GET, is no 200, is empty or is streamed has no tag", async (context) => {
  class Various extends page(() => "") {
    post() {
      return "posted";
    }
  }
  const server = await serveRoutes(context, log, [
    ["/empty", Various],
    [
      "/created",
      page((handler) => {
        handler.setStatus(201);
        return "created";
      }),
    ],
    [
      "/flushed",
      page(async (handler) => {
        handler.write("a");
        await handler.flush();
      }),
    ],
  ]);
  for (const [method, path] of [
    ["GET", "/empty"],
    ["POST", "/empty"],
    ["GET", "/created"],
    ["GET", "/flushed"],
  ] as const) {
    const { header, status } = await request(server, method, path, ["If-None-Match: *"]);
    assert.equal(header("ETag"), undefined, path);
    assert.notEqual(status, 304);
  }
});

test("a handler may name its own tag, or have none", async (context) => {
  class Versioned extends page(() => "x") {
    override computeEtag(): string | undefined {
      return this.request.query === "none" ? undefined : 'W/"v1"';
    }
  }
  const server = await serveRoutes(context, log, [
    ["/", Versioned],
    [
      "/set",
      page((handler) => {
        handler.setHeader("ETag", '"mine"');
        return "x";
      }),
    ],
  ]);
  assert.equal((await get(server, "/")).header("ETag"), 'W/"v1"');
  assert.equal((await get(server, "/?none", ["If-None-Match: *"])).status, 200);
  assert.equal((await get(server, "/set")).header("ETag"), '"mine"');
  assert.equal((await get(server, "/set", ['If-None-Match: "mine"'])).status, 304);
});
