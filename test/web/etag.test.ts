import assert from "node:assert/strict";
import { test } from "node:test";
import { computeEtag, weakEtag } from "../../src/web/etag.ts";
import { expectedLog } from "../support/log.ts";
import { page } from "../support/handlers.ts";
import { get, request } from "../support/raw-http.ts";
import { serveRoutes } from "../support/serve-routes.ts";

const log = expectedLog();

test("the same bytes have the same tag, as text and as bytes", () => {
  const bodies = ["é", "a", "{}", "abcd", "x".repeat(512), "x".repeat(513), `${"x".repeat(300)}é`];
  bodies.push("é".repeat(256), "é".repeat(257), "郑".repeat(512), `${"x".repeat(511)}é`);
  for (const body of bodies) {
    assert.match(computeEtag(body), /^"[\w.-]{3,27}"$/);
    assert.equal(computeEtag(body), computeEtag(Buffer.from(body)), body);
  }
  assert.deepEqual([weakEtag('"a"'), weakEtag('W/"a"')], ['W/"a"', 'W/"a"']);
});

test("short bodies have different tags when they differ in one bit, in their order or in their length", () => {
  const text = JSON.stringify({ id: 7, name: "seven", tags: ["a", "b"], price: 7.5 });
  const bodies = new Set([text]);
  for (let index = 0; index < text.length; index++) {
    bodies.add(text.slice(0, index)).add(text.slice(index) + text.slice(0, index));
    for (let bit = 0; bit < 7; bit++) {
      const changed = String.fromCharCode(text.charCodeAt(index) ^ (1 << bit));
      bodies.add(text.slice(0, index) + changed + text.slice(index + 1));
    }
  }
  for (let id = 0; id < 100_000; id++) bodies.add(`{"id":${id}}`);
  for (let zeros = 1; zeros < 10; zeros++) bodies.add("\0".repeat(zeros));
  bodies.delete("");
  assert.equal(new Set([...bodies].map(computeEtag)).size, bodies.size);
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

test("a computeEtag that fails, or returns what is no entity tag, is answered with 500", async (context) => {
  class Failing extends page(() => "x") {
    override computeEtag(): string {
      throw new Error("no hash today");
    }
  }
  class Tagged extends page(() => "x") {
    override computeEtag(): string {
      return decodeURIComponent(this.request.query);
    }
  }
  const server = await serveRoutes(context, log, [
    ["/failing", Failing],
    ["/tagged", Tagged],
  ]);
  assert.equal((await get(server, "/failing")).status, 500);
  await log.expect(/^Uncaught exception GET \/failing .*\nError: no hash today/);
  await log.expect(/^500 GET/);
  for (const tag of ["v1", '"a"b"', '"a\r\nX-Evil: 1"', '"ā"', 'w/"a"', ""]) {
    const { status, headers } = await get(server, `/tagged?${encodeURIComponent(tag)}`);
    assert.equal(status, 500, tag);
    assert.equal(headers.has("x-evil"), false);
    await log.expect(
      /header "ETag" cannot be set: computeEtag\(\) returned ".*", which is no entity tag in quotes/,
    );
    await log.expect(/^500 GET/);
  }
  for (const tag of ['"v1"', 'W/"v1"', '""'])
    assert.equal((await get(server, `/tagged?${encodeURIComponent(tag)}`)).header("ETag"), tag);
});

test("a reason phrase belongs to the status that the handler set, and not to a 304", async (context) => {
  const fine = page((handler) => {
    handler.setStatus(200, "Fine");
    return "x";
  });
  const server = await serveRoutes(context, log, [["/", fine]]);
  assert.equal((await fetch(server.url)).statusText, "Fine");
  const again = await fetch(server.url, { headers: { "If-None-Match": "*" } });
  assert.deepEqual([again.status, again.statusText], [304, "Not Modified"]);
});
