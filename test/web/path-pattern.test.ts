import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { PathPattern } from "../../src/web/path-pattern.ts";
import { checkProperty } from "../support/property.ts";

type Parts = readonly (string | RegExp)[];

/** What a pattern finds: the parameters and groups as plain data, a string that cannot be decoded, or undefined. */
function find(parts: Parts, path: string): unknown {
  const match = new PathPattern(parts).match(path);
  if (match === undefined || typeof match === "string") return match;
  return { params: { ...match.params }, pathArgs: [...match.pathArgs] };
}

function invalidReason(parts: Parts): string {
  try {
    void new PathPattern(parts);
  } catch (error) {
    assert.ok(error instanceof Error && "code" in error, `${parts.map(String).join("")}: ${String(error)}`);
    assert.equal(error.code, "ROUTE_INVALID");
    return error.message;
  }
  return assert.fail(`${parts.map(String).join("")} was not refused`);
}

const nothing = { params: {}, pathArgs: [] };

test("a string pattern matches whole paths only, segment by segment", () => {
  const table: readonly [pattern: string, path: string, found: unknown][] = [
    ["/", "/", nothing],
    ["/", "", undefined],
    ["/", "//", undefined],
    ["/url", "/url", nothing],
    ["/url", "/url/", undefined],
    ["/url", "/URL", undefined],
    ["/url", "/url2", undefined],
    ["/url", "/x/url", undefined],
    ["/url/", "/url/", nothing],
    ["/url/", "/url", undefined],
    ["/:id", "/7", { params: { id: "7" }, pathArgs: ["7"] }],
    ["/:id", "/", undefined],
    ["/:id", "/7/8", undefined],
    ["/:id", "/7/", undefined],
    ["/a/:b/c/:d", "/a/1/c/2", { params: { b: "1", d: "2" }, pathArgs: ["1", "2"] }],
    ["/:_x9", "/v", { params: { _x9: "v" }, pathArgs: ["v"] }],
    ["/*", "/", { params: { "*": "" }, pathArgs: [""] }],
    ["/*", "/a/b", { params: { "*": "a/b" }, pathArgs: ["a/b"] }],
    ["/files/*", "/files/", { params: { "*": "" }, pathArgs: [""] }],
    ["/files/*", "/files", undefined],
    ["/files/*", "/filesystem", undefined],
    ["/files/*", "/files//a/../b", { params: { "*": "/a/../b" }, pathArgs: ["/a/../b"] }],
    ["/:who/*", "/me/x", { params: { who: "me", "*": "x" }, pathArgs: ["me", "x"] }],
    // A colon that does not begin a segment is a colon.
    ["/a:b", "/a:b", nothing],
  ];
  for (const [pattern, path, found] of table) {
    assert.deepEqual(find([pattern], path), found, `${pattern} and ${path}`);
  }
});

test("characters with a meaning in expressions are literal in a string pattern", () => {
  for (const character of [".", "+", "(", ")", "$", "-", "!", "'", "~", ",", ";", "=", "@", "&"]) {
    const pattern = `/a${character}b`;
    assert.deepEqual(find([pattern], pattern), nothing, pattern);
    assert.equal(find([pattern], "/aXb"), undefined, pattern);
    assert.equal(find([pattern], "/aab"), undefined, pattern);
  }
});

test("a literal that is not ASCII matches its percent-encoded form, in hex digits of either case", () => {
  assert.deepEqual(find(["/网址/é"], "/%E7%BD%91%E5%9D%80/%C3%A9"), nothing);
  assert.deepEqual(find(["/网址/é"], "/%e7%bd%91%e5%9d%80/%c3%A9"), nothing);
  assert.equal(find(["/网址"], "/%E7%BD%91%E5%9D%81"), undefined);
  assert.deepEqual(find(["/a b"], "/a%20b"), nothing);
  // A percent sign in a pattern is one: it does not begin an escape.
  assert.equal(find(["/a%20b"], "/a%20b"), undefined);
  assert.deepEqual(find(["/a%20b"], "/a%2520b"), nothing);
});

test("values are decoded after matching, so that an encoded slash stays inside its segment", () => {
  assert.deepEqual(find(["/:id"], "/a%2Fb"), { params: { id: "a/b" }, pathArgs: ["a/b"] });
  assert.deepEqual(find(["/:id/x"], "/a%2fb/x"), { params: { id: "a/b" }, pathArgs: ["a/b"] });
  assert.equal(find(["/:a/:b"], "/a%2Fb"), undefined);
  assert.deepEqual(find(["/*"], "/a%2Fb/%E9%83%91"), { params: { "*": "a/b/郑" }, pathArgs: ["a/b/郑"] });
  assert.deepEqual(find([/\/([^/]+)/], "/a%2Fb"), { params: {}, pathArgs: ["a/b"] });
  // Once, not twice; and a plus sign is no space in a path.
  assert.deepEqual(find(["/:id"], "/%2541+"), { params: { id: "%41+" }, pathArgs: ["%41+"] });
});

test("a value that is not percent-encoded UTF-8 is given back as it came", () => {
  const bad = ["%", "%4", "%zz", "%ff", "%C3", "%C3%28", "%ED%A0%80", "%F5%80%80%80", "%C0%AF", "a%E7%BD"];
  for (const value of bad) {
    assert.equal(find(["/x/:id"], `/x/${value}`), value, value);
    assert.equal(find(["/x/*"], `/x/${value}`), value, value);
    assert.equal(find([/\/x\/(.*)/], `/x/${value}`), value, value);
    assert.equal(find([/\/x\/(?<id>.*)/], `/x/${value}`), value, value);
  }
  assert.equal(find(["/x/:id"], "/y/%ff"), undefined, "a path that does not match is not decoded");
});

test("an expression is anchored at both ends, also with alternatives and anchors of its own", () => {
  const table: readonly [expression: RegExp, path: string, found: unknown][] = [
    [/\/story\/(\d+)/, "/story/7", { params: {}, pathArgs: ["7"] }],
    [/\/story\/(\d+)/, "/story/7x", undefined],
    [/\/story\/(\d+)/, "/x/story/7", undefined],
    [/\/a|\/b/, "/a", nothing],
    [/\/a|\/b/, "/b", nothing],
    [/\/a|\/b/, "/ax", undefined],
    [/\/a|\/b/, "/x/b", undefined],
    [/^\/a$/, "/a", nothing],
    [/^\/a$/, "/ab", undefined],
    [/\/a\$/, "/a$", nothing],
    [
      /\/(?<year>\d{4})\/(?<slug>[a-z]+)/,
      "/2026/x",
      { params: { year: "2026", slug: "x" }, pathArgs: ["2026", "x"] },
    ],
    [/\/A(b)?/i, "/a", { params: {}, pathArgs: [undefined] }],
    [/\/(?<a>x)?(?<b>y)?/, "/y", { params: { b: "y" }, pathArgs: [undefined, "y"] }],
    [/\/(?:a|b)\/(?=c)(c)/, "/b/c", { params: {}, pathArgs: ["c"] }],
  ];
  for (const [expression, path, found] of table) {
    assert.deepEqual(find([expression], path), found, `${String(expression)} and ${path}`);
  }
});

test("a sticky or global expression keeps no position between two requests", () => {
  for (const flags of ["g", "y", "gy", "dg"]) {
    const pattern = new PathPattern([new RegExp("/a", flags)]);
    for (const time of [1, 2, 3]) assert.ok(pattern.match("/a"), `flags ${flags}, time ${time}`);
  }
});

test("nested patterns are one pattern", () => {
  assert.deepEqual(find(["/shop/:shop", "/item/:item"], "/shop/1/item/2"), {
    params: { shop: "1", item: "2" },
    pathArgs: ["1", "2"],
  });
  assert.deepEqual(find(["/shop", ""], "/shop"), nothing);
  assert.equal(find(["/shop", "/x"], "/shop"), undefined);
  assert.deepEqual(find([/\/v(\d)/, /\/(a|b)/], "/v1/b"), { params: {}, pathArgs: ["1", "b"] });
  assert.deepEqual(find(["/x", /\/(\d+)/], "/x/5"), { params: {}, pathArgs: ["5"] });
  assert.deepEqual(find([/^\/x$/, "/:id"], "/x/5"), { params: { id: "5" }, pathArgs: ["5"] });
  // An alternative belongs to its own part.
  assert.deepEqual(find([/\/a|\/b/, "/c"], "/a/c"), nothing);
  assert.equal(find([/\/a|\/b/, "/c"], "/a"), undefined);
});

test("the names of parameters cannot reach the prototype", () => {
  for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
    const match = new PathPattern([`/:${name}`]).match("/evil");
    assert.ok(typeof match === "object");
    assert.deepEqual(Object.entries(match.params), [[name, "evil"]]);
    const prototype = Object.getPrototypeOf(match.params) as object;
    assert.deepEqual(Reflect.ownKeys(prototype), []);
    assert.ok(Object.isFrozen(prototype));
    assert.equal(Object.getPrototypeOf(prototype), null);
  }
  assert.equal(({} as Record<string, unknown>)["evil"], undefined);
});

test("a pattern that cannot be meant is refused, and the reason says why", () => {
  const table: readonly [parts: Parts, reason: RegExp][] = [
    [["url"], /route url: a path pattern begins with "\/"/],
    [[":id"], /begins with "\/"/],
    [["*"], /begins with "\/"/],
    [["https://example.com/"], /begins with "\/"/],
    [["/a", "b"], /route b: .*begins with "\/"/],
    [["/*/x"], /"\*" can only be the last segment/],
    [["/a*"], /segment "a\*" has a character with a meaning; use a RegExp/],
    [["/a?"], /segment "a\?"/],
    [["/a#b"], /segment "a#b"/],
    [["/:"], /":" is not a parameter/],
    [["/:7"], /":7" is not a parameter/],
    [["/:a-b"], /":a-b" is not a parameter/],
    [["/:id?"], /":id\?" is not a parameter/],
    [["/:id.json"], /":id.json" is not a parameter/],
    [["/:é"], /":é" is not a parameter/],
    [["/:id/:id"], /parameter :id occurs twice/],
    [[/\/(?<a>x)\/(y)/], /groups must be all named or all positional/],
    [[/\/(y)\/(?<a>x)/], /groups must be all named or all positional/],
    [["/:a", /\/(y)/], /groups must be all named or all positional/],
    [[/\/(y)/, "/*"], /groups must be all named or all positional/],
    [[/\/a/i, /\/b/], /nested expressions must have the same flags/],
    [[/\/a/i, "/x", /\/b/u], /nested expressions must have the same flags/],
  ];
  for (const [parts, reason] of table)
    assert.match(invalidReason(parts), reason, parts.map(String).join(" "));
});

test("what only the nesting makes impossible is refused as well", () => {
  assert.match(invalidReason(["/:id", "/:id"]), /id/, "a parameter that occurs twice");
  assert.match(invalidReason([/\/(?<id>a)/, "/:id"]), /id/, "a group and a parameter of one name");
  assert.match(invalidReason(["/*", "/*"]), /\*/, "two wildcards");
  assert.match(invalidReason(["/*", "/x"]), /"\*" can only be the last segment/, "a wildcard in a prefix");
});

test("a pattern with half a surrogate pair, which no URL can have, is refused", () => {
  assert.match(invalidReason(["/\ud800"]), /^route /);
});

test("groups inside a class or behind a backslash are no groups", () => {
  assert.deepEqual(find([/\/[(]x[)](?<n>\d)/], "/(x)5"), { params: { n: "5" }, pathArgs: ["5"] });
  assert.deepEqual(find([/\/\((\d)\)/], "/(5)"), { params: {}, pathArgs: ["5"] });
});

test("values that were reversed into a path are found again in it", (context) => {
  const pattern = new PathPattern(["/a/:id/é", "/:name/*"]);
  const text = fc.string({ unit: "grapheme", minLength: 1 });
  checkProperty(
    context,
    fc.property(text, text, fc.string({ unit: "grapheme" }), (id, name, rest) => {
      const values = { id, name, "*": rest };
      const reversed = pattern.reverse(values);
      assert.ok("path" in reversed, JSON.stringify(reversed));
      assert.match(reversed.path, /^[\x21-\x7e]*$/, "a path is ASCII");
      const match = pattern.match(reversed.path);
      assert.ok(typeof match === "object");
      assert.deepEqual({ ...match.params }, values);
    }),
  );
});

test("no path makes a pattern throw", (context) => {
  const patterns = [["/:a/*"], [/\/(.*)/], ["/x", /\/(?<b>[^/]*)/]].map((parts) => new PathPattern(parts));
  const path = fc.array(fc.constantFrom("/", "%", "%2", "%2F", "%ff", "x", "é", "\0", "\n", "\ud800"));
  checkProperty(
    context,
    fc.property(path, (pieces) => {
      for (const pattern of patterns) pattern.match(pieces.join(""));
    }),
  );
});
