import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { test } from "node:test";
import type { RedirectOptions } from "../../src/index.ts";
import { RequestHandler } from "../../src/index.ts";
import { expectedLog } from "../support/log.ts";
import type { RawResponse } from "../support/raw-http.ts";
import { get } from "../support/raw-http.ts";
import { serveRoutes } from "../support/serve-routes.ts";

const log = expectedLog();

/** The response of a handler whose `get` does this; what it throws is thrown here. */
async function respond(context: TestContext, act: (handler: RequestHandler) => void): Promise<RawResponse> {
  const errors: unknown[] = [];
  class Page extends RequestHandler {
    get() {
      try {
        act(this);
      } catch (error) {
        errors.push(error);
      }
    }
  }
  const response = await get(await serveRoutes(context, log, [["/", Page]]), "/");
  for (const error of errors) throw error;
  return response;
}

test("header fields are set, replaced whatever the case, repeated and taken back", async (context) => {
  const { headers, header } = await respond(context, (handler) => {
    handler.setHeader("X-One", "first");
    handler.setHeader("x-one", "second");
    handler.setHeader("X-Number", 5);
    handler.setHeader("X-Many", ["a", "b"]);
    handler.setHeader("X-Gone", "x");
    handler.clearHeader("x-gone");
    handler.clearHeader("X-Never");
    handler.setHeader("X-Empty", "");
    handler.setHeader("X-Latin", "é");
  });
  assert.equal(header("X-One"), "second");
  assert.equal(header("X-Number"), "5");
  assert.deepEqual(headers.get("x-many"), ["a", "b"]);
  assert.equal(header("X-Gone"), undefined);
  assert.equal(header("X-Empty"), "");
  assert.equal(header("X-Latin"), "é");
});

test("no header field can smuggle in another one", async (context) => {
  const table: readonly [name: string, value: string | readonly string[]][] = [
    ["X-A", "a\r\nSet-Cookie: evil=1"],
    ["X-A", "a\nb"],
    ["X-A", "a\rb"],
    ["X-A", "a\0b"],
    ["X-A", "a\u007fb"],
    // Not only the first of several values is looked at.
    ["X-A", ["fine", "a\r\nb"]],
    ["X-A", "网"],
    // Latin-1 would cut this to the byte 0x0A.
    ["X-A", "a\u010ab"],
    ["X-A\r\nX-B", "a"],
    ["X A", "a"],
    ["X-A:", "a"],
    ["", "a"],
    ["Ünlaut", "a"],
    // A length that two readers could understand differently.
    ["Content-Length", "+5"],
    ["content-length", "-5"],
    ["Content-Length", "5, 5"],
    ["Content-Length", "0x5"],
    ["Content-Length", ""],
    ["Content-Length", "9".repeat(16)],
    ["Content-Length", ["5", "6"]],
    ["Content-Length", []],
  ];
  const { status, headers } = await respond(context, (handler) => {
    for (const [name, value] of table) {
      const shown = JSON.stringify([name, value]);
      assert.throws(
        () => handler.setHeader(name, value),
        (error) => {
          assert.ok(error instanceof Error && "code" in error, shown);
          assert.equal(error.code, "HEADER_INVALID", shown);
          assert.match(error.message, /^header ".*" cannot be set: /, shown);
          // What cannot stand in a header field can stand in no log line either.
          assert.match(error.message, /^[\x20-\x7e\xa0-\uffff]*$/, shown);
          return true;
        },
      );
    }
    handler.setHeader("Content-Length", 4);
    assert.throws(() => handler.addHeader("content-length", 5), { code: "HEADER_INVALID" });
    handler.write("done");
  });
  assert.equal(status, 200);
  assert.equal(headers.has("set-cookie"), false);
  assert.equal(headers.has("x-a"), false, "a refused value leaves nothing behind");
});

test("a status is a whole number from 200 to 599", async (context) => {
  const { status } = await respond(context, (handler) => {
    for (const bad of [
      0,
      100,
      101,
      199,
      600,
      999,
      -200,
      200.5,
      Number.NaN,
      Infinity,
      "404" as unknown as number,
    ]) {
      assert.throws(
        () => handler.setStatus(bad),
        { code: "STATUS_INVALID", message: /^a status is a whole number from 200 to 599, got / },
        String(bad),
      );
    }
    handler.setStatus(599);
    handler.setStatus(200);
    handler.setStatus(418);
  });
  assert.equal(status, 418);
  await log.expect(/^418 GET \//);
});

test("the level of the access log follows the status", async (context) => {
  for (const [status, level] of [
    [200, "info"],
    [304, "info"],
    [399, "info"],
    [400, "warn"],
    [499, "warn"],
    [500, "error"],
    [599, "error"],
  ] as const) {
    await respond(context, (handler) => handler.setStatus(status));
    assert.equal(
      (await log.expect(new RegExp(`^${status} GET / \\(127\\.0\\.0\\.1\\) \\d+\\.\\d\\dms$`))).level,
      level,
    );
  }
});

test("statuses that have no content send none, whatever was written", async (context) => {
  for (const status of [204, 304]) {
    const response = await respond(context, (handler) => {
      handler.setStatus(status);
      handler.write("not sent");
    });
    assert.equal(response.status, status);
    assert.equal(response.header("Content-Length"), undefined, String(status));
    assert.equal(response.header("Transfer-Encoding"), undefined, String(status));
  }
});

test("nor do they when they are written bit by bit, whatever length the handler says", async (context) => {
  for (const status of [204, 304, 205]) {
    const response = await respond(context, (handler) => {
      handler.setStatus(status);
      handler.setHeader("Content-Length", 8);
      handler.write("not sent");
      void handler.flush();
      void handler.finish("neither");
    });
    assert.deepEqual(
      [response.status, response.text, response.header("Content-Length")],
      [status, "", undefined],
    );
  }
});

test("a 205 has no content either, and says so", async (context) => {
  const response = await respond(context, (handler) => {
    handler.setStatus(205);
    handler.write("not sent");
  });
  assert.deepEqual([response.text, response.header("Content-Length")], ["", "0"]);
});

test("a redirect is 302, 301 or what is asked for", async (context) => {
  const table: readonly [options: RedirectOptions | undefined, status: number][] = [
    [undefined, 302],
    [{}, 302],
    [{ permanent: false }, 302],
    [{ permanent: true }, 301],
    [{ status: 303 }, 303],
    [{ status: 308, permanent: true }, 308],
  ];
  for (const [options, status] of table) {
    const response = await respond(context, (handler) => {
      handler.write("forgotten");
      handler.redirect("/next", options);
      assert.ok(handler.isFinished);
    });
    assert.equal(response.status, status);
    assert.equal(response.header("Location"), "/next");
    assert.equal(response.text, "", "what was written before is not sent");
    assert.equal(response.header("Content-Length"), "0");
  }
});

test("a redirect has a status from 300 to 399", async (context) => {
  const { status } = await respond(context, (handler) => {
    for (const bad of [200, 299, 400, 302.5, Number.NaN]) {
      assert.throws(
        () => handler.redirect("/", { status: bad }),
        { code: "STATUS_INVALID", message: /^a status is a whole number from 300 to / },
        String(bad),
      );
    }
    assert.equal(handler.isFinished, false, "a refused redirect is none");
  });
  assert.equal(status, 200);
});

test("a Location is ASCII: the rest is percent-encoded, and what is encoded stays", async (context) => {
  const table: readonly [url: string | URL, location: string][] = [
    ["/é", "/%C3%A9"],
    ["/网址?q=郑 老板#片", "/%E7%BD%91%E5%9D%80?q=%E9%83%91%20%E8%80%81%E6%9D%BF#%E7%89%87"],
    ["/%C3%A9/%2F", "/%C3%A9/%2F"],
    ["/a b", "/a%20b"],
    ["https://example.com/?a=b&c", "https://example.com/?a=b&c"],
    [new URL("https://例え.example/é"), "https://xn--r8jz45g.example/%C3%A9"],
    // A line break in a value is harmless once it is encoded.
    ["/a\r\nSet-Cookie: evil=1", "/a%0D%0ASet-Cookie:%20evil=1"],
    ["/a\0b", "/a%00b"],
  ];
  for (const [url, location] of table) {
    const { headers, header } = await respond(context, (handler) => handler.redirect(url));
    assert.equal(header("Location"), location, String(url));
    assert.equal(headers.has("set-cookie"), false);
  }
});

test("the message of a bad redirect status names the range of redirects", async (context) => {
  await respond(context, (handler) => {
    assert.throws(() => handler.redirect("/", { status: 404 }), {
      message: "a status is a whole number from 300 to 399, got 404",
    });
  });
});
