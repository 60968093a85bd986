import assert from "node:assert/strict";
import { test } from "node:test";
import { RequestHandler } from "../../src/index.ts";
import { deferred } from "../support/deferred.ts";
import { page } from "../support/handlers.ts";
import { expectedLog } from "../support/log.ts";
import { get } from "../support/raw-http.ts";
import { serveRoutes } from "../support/serve-routes.ts";

const log = expectedLog();

const html = "text/html; charset=utf-8";
const json = "application/json; charset=utf-8";
const octets = "application/octet-stream";

test("what a verb returns is the response, with its type and its exact length", async (context) => {
  const bytes = Uint8Array.of(0, 1, 254, 255);
  const table: readonly [value: unknown, type: string | undefined, body: string | Uint8Array][] = [
    ["<p>你好</p>", html, "<p>你好</p>"],
    ["", html, ""],
    [{ a: "é", b: [1] }, json, '{"a":"é","b":[1]}'],
    [[1, "2"], json, '[1,"2"]'],
    [new Date(0), json, '"1970-01-01T00:00:00.000Z"'],
    [bytes, octets, bytes],
    [Buffer.from(bytes), octets, bytes],
    [bytes.buffer, octets, bytes],
    // A view is its own bytes, not those of the buffer it looks at, and bytes rather than elements.
    [new DataView(bytes.buffer, 1, 2), octets, bytes.subarray(1, 3)],
    [new Uint16Array(bytes.buffer), octets, bytes],
    [undefined, undefined, ""],
  ];
  const server = await serveRoutes(
    context,
    log,
    table.flatMap(([value], index) => [
      [`/${index}`, page(() => value)] as const,
      [`/async/${index}`, page(() => Promise.resolve(value))] as const,
    ]),
  );
  for (const [index, [value, type, body]] of table.entries()) {
    for (const path of [`/${index}`, `/async/${index}`]) {
      const response = await get(server, path);
      const shown = `${path} ${String(value)}`;
      assert.equal(response.status, 200, shown);
      assert.equal(response.header("Content-Type"), type, shown);
      assert.deepEqual(response.body, Buffer.from(body), shown);
      assert.equal(response.header("Content-Length"), String(Buffer.from(body).length), shown);
      assert.equal(response.header("Transfer-Encoding"), undefined, shown);
    }
  }
});

test("a value that is no response is an error of the handler, logged, and 500", async (context) => {
  const table: readonly [value: unknown, got: string][] = [
    [5, "5"],
    [0, "0"],
    [Number.NaN, "NaN"],
    [true, "true"],
    [false, "false"],
    [null, "null"],
    [10n, "10n"],
    [Symbol("s"), "a symbol"],
    [() => "lazy", "a function"],
  ];
  const server = await serveRoutes(
    context,
    log,
    table.map(([value], index) => [`/${index}`, page(() => value)] as const),
  );
  for (const [index, [, got]] of table.entries()) {
    const response = await get(server, `/${index}`);
    assert.equal(response.status, 500, got);
    assert.ok(!response.text.includes("Page"), "the handler's name is nobody's business");
    const { text } = await log.expect(/^Uncaught exception GET/);
    assert.ok(text.includes(`Page returned ${got}; a handler returns a string, an object, bytes`), text);
    await log.expect(new RegExp(`^500 GET /${index} `));
  }
});

test("what is written is sent when the handler is done, in order and in one piece", async (context) => {
  const server = await serveRoutes(context, log, [
    [
      "/strings",
      page((handler) => {
        for (const each of ["a", "é", "c"]) handler.write(each);
      }),
    ],
    [
      "/mixed",
      page((handler) => {
        handler.write({ a: 1 });
        handler.write("text");
        handler.write(Uint8Array.of(33));
        handler.write(Uint8Array.of(33).buffer);
      }),
    ],
    [
      "/returned",
      page((handler) => {
        handler.write("written ");
        return "returned";
      }),
    ],
    ["/finished", page((handler) => handler.finish("finished"))],
    [
      "/typed",
      page((handler) => {
        handler.setHeader("content-type", "text/plain");
        handler.write("plain");
      }),
    ],
    ["/empty", page((handler) => handler.finish())],
  ]);
  const table: readonly [path: string, type: string | undefined, body: string][] = [
    ["/strings", html, "aéc"],
    // The first chunk decides.
    ["/mixed", json, '{"a":1}text!!'],
    ["/returned", html, "written returned"],
    ["/finished", html, "finished"],
    ["/typed", "text/plain", "plain"],
    ["/empty", undefined, ""],
  ];
  for (const [path, type, body] of table) {
    const response = await get(server, path);
    assert.equal(response.text, body, path);
    assert.equal(response.header("Content-Type"), type, path);
    assert.equal(response.header("Content-Length"), String(Buffer.byteLength(body)), path);
  }
});

test("a chunk that is none is refused with what was got", async (context) => {
  const refused: unknown[] = [];
  const server = await serveRoutes(context, log, [
    [
      "/",
      page((handler) => {
        for (const chunk of [5, null, undefined, true, Symbol("s")]) {
          assert.throws(
            () => handler.write(chunk as unknown as string),
            (error) => refused.push(error) > 0,
          );
        }
        return "still here";
      }),
    ],
  ]);
  assert.equal((await get(server, "/")).text, "still here");
  const expected = ["5", "null", "undefined", "true", "a symbol"];
  for (const [index, got] of expected.entries()) {
    const error = refused[index];
    assert.ok(error instanceof Error && "code" in error);
    assert.equal(error.code, "ARGUMENT_TYPE_INVALID");
    assert.equal(error.message, `chunk must be a string, an object or bytes, got ${got}`);
  }
});

test("once the response is finished nothing can be added, and what is returned is ignored", async (context) => {
  const errors: unknown[] = [];
  const tried = deferred();
  class Late extends RequestHandler {
    async get() {
      assert.equal(this.isFinished, false);
      await this.finish("first");
      assert.equal(this.isFinished, true);
      for (const act of [
        async () => this.write("x"),
        async () => this.setHeader("X-Late", "1"),
        async () => this.redirect("/"),
        () => this.finish("second"),
        () => this.finish(),
      ]) {
        try {
          await act();
        } catch (error) {
          errors.push(error);
        }
      }
      tried.resolve();
      return "third";
    }
  }
  const server = await serveRoutes(context, log, [["/", Late]]);
  const response = await get(server, "/");
  await tried.promise;
  assert.equal(response.text, "first");
  assert.equal(response.header("X-Late"), undefined);
  assert.deepEqual(
    errors.map((error) => (error instanceof Error && "code" in error ? [error.code, error.message] : error)),
    ["write()", 'setHeader("X-Late")', 'setHeader("Location")', "finish()", "finish()"].map((what) => [
      "HEADERS_SENT",
      `${what} is too late: the response headers have been sent`,
    ]),
  );
});
