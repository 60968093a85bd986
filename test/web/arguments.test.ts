import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { RequestHandler } from "../../src/index.ts";
import { parseQuery } from "../../src/web/arguments.ts";
import { expectedLog } from "../support/log.ts";
import { checkProperty } from "../support/property.ts";
import { get } from "../support/raw-http.ts";
import { serveRoutes } from "../support/serve-routes.ts";

const log = expectedLog();

class Reader extends RequestHandler {
  get() {
    return {
      last: this.getQueryArgument("q"),
      orDefault: this.getQueryArgument("p", "all"),
      every: this.getQueryArguments("q"),
    };
  }
}

test("a query is a list of names with values", () => {
  const table: readonly [query: string, pairs: readonly (readonly [string, string | undefined])[]][] = [
    ["", []],
    ["&", []],
    ["&&a=1&", [["a", "1"]]],
    ["a", [["a", ""]]],
    ["a=", [["a", ""]]],
    ["=b", [["", "b"]]],
    [
      "a=1&b=2&a=3",
      [
        ["a", "1"],
        ["b", "2"],
        ["a", "3"],
      ],
    ],
    ["a=b=c", [["a", "b=c"]]],
    ["a+b=c+d", [["a b", "c d"]]],
    ["a%2Bb=c%2Bd", [["a+b", "c+d"]]],
    ["%C3%A9=%E9%83%91", [["é", "郑"]]],
    ["a%3D1=b%261", [["a=1", "b&1"]]],
    ["a;b=c", [["a;b", "c"]]],
    ["a=%", [["a", undefined]]],
    ["a=%ff", [["a", undefined]]],
    ["a=%ED%A0%80", [["a", undefined]]],
    ["a=%C0%AF", [["a", undefined]]],
    // A name that cannot be decoded is still a name, only one that nobody asks for.
    [
      "%ff=1&a=2",
      [
        ["%ff", "1"],
        ["a", "2"],
      ],
    ],
  ];
  for (const [query, pairs] of table) assert.deepEqual(parseQuery(query), pairs, query);
});

test("what URLSearchParams writes is read as it was", (context) => {
  const text = fc.string({ unit: "grapheme" });
  checkProperty(
    context,
    fc.property(fc.array(fc.tuple(text, text)), (pairs) => {
      assert.deepEqual(parseQuery(String(new URLSearchParams(pairs))), pairs);
    }),
  );
});

test("an argument is its last value, without white space around it", async (context) => {
  const server = await serveRoutes(context, log, [["/", Reader]]);
  const table: readonly [query: string, last: string, every: readonly string[]][] = [
    ["q=1", "1", ["1"]],
    ["q=1&q=2&x=3", "2", ["1", "2"]],
    ["q", "", [""]],
    ["q=+a+b+", "a b", ["a b"]],
    ["q=%20%09%0Aa%E3%80%80", "a", ["a"]],
    ["q=a%2Bb", "a+b", ["a+b"]],
    ["q=%E9%83%91%E8%80%81%E6%9D%BF", "郑老板", ["郑老板"]],
    ["q=http://a.example/?b=c", "http://a.example/?b=c", ["http://a.example/?b=c"]],
    ["q=1?q=2", "1?q=2", ["1?q=2"]],
    ["%71=1", "1", ["1"]],
    ["Q=0&q=1", "1", ["1"]],
    ["bad=%ff&q=1", "1", ["1"]],
  ];
  for (const [query, last, every] of table) {
    const { text } = await get(server, `/?${query}`);
    assert.deepEqual(JSON.parse(text), { last, orDefault: "all", every }, query);
  }
  const given = await get(server, "/?q=1&p=&p=some");
  assert.deepEqual(JSON.parse(given.text), { last: "1", orDefault: "some", every: ["1"] });
  // The default stands for an argument that is absent, and not for one that is empty.
  assert.equal((JSON.parse((await get(server, "/?q=1&p")).text) as { orDefault: string }).orDefault, "");
});

test("an argument keeps its white space where that is wanted, and its default may be null", async (context) => {
  class Exact extends RequestHandler {
    get() {
      const options = { trim: false };
      return {
        last: this.getQueryArgument("q", undefined, options),
        every: this.getQueryArguments("q", options),
        trimmed: this.getQueryArgument("q", null, { trim: true }),
        orNull: this.getQueryArgument("p", null),
        orDefault: this.getQueryArgument("p", " all ", options),
      };
    }
  }
  const server = await serveRoutes(context, log, [["/", Exact]]);
  assert.deepEqual(JSON.parse((await get(server, "/?q=%0A1&q=+two%20words++")).text), {
    last: " two words  ",
    every: ["\n1", " two words  "],
    trimmed: "two words",
    orNull: null,
    orDefault: " all ",
  });
  assert.equal((await get(server, "/")).status, 400);
  await log.expect(/^400 GET/);
  await log.expect(/^ARGUMENT_MISSING/);
});

test("an argument that is missing without a default is 400, and the log names it", async (context) => {
  const server = await serveRoutes(context, log, [["/", Reader]]);
  for (const path of ["/", "/?p=1", "/?Q=1"]) {
    const { status, text } = await get(server, path);
    assert.equal(status, 400, path);
    assert.equal(text, "400: Bad Request\nARGUMENT_MISSING: An argument is missing.\n");
    await log.expect(/^400 GET/);
  }
  // Explained once, then counted.
  await log.expect(/^ARGUMENT_MISSING {2}the query argument "q" is missing\.$/);
});

test("an argument that is no percent-encoded UTF-8 is 400, also when another value of it is good", async (context) => {
  const server = await serveRoutes(context, log, [["/", Reader]]);
  for (const query of ["q=%ff", "q=%", "q=%ff&q=good", "q=good&q=%C3%28", "q=good&p=%ff"]) {
    const { status, text } = await get(server, `/?${query}`);
    assert.equal(status, 400, query);
    assert.equal(text, "400: Bad Request\nARGUMENT_INVALID: A query argument is malformed.\n");
    await log.expect(/^400 GET/);
  }
  await log.expect(/^ARGUMENT_INVALID {2}the query argument "q" is not percent-encoded UTF-8\.$/);
});

test("the prototype has no arguments", async (context) => {
  class Proto extends RequestHandler {
    get() {
      return ["__proto__", "constructor", "toString"].map((name) => this.getQueryArgument(name, "none"));
    }
  }
  const server = await serveRoutes(context, log, [["/", Proto]]);
  assert.equal((await get(server, "/")).text, '["none","none","none"]');
  assert.equal((await get(server, "/?__proto__=a&constructor=b")).text, '["a","b","none"]');
});
