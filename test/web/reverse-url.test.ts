import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { Application, RequestHandler, route } from "../../src/index.ts";
import type { PathValues, RoutePattern } from "../../src/index.ts";
import { serveRoutes } from "../support/serve-routes.ts";
import { get } from "../support/raw-http.ts";
import { expectedLog } from "../support/log.ts";

const log = expectedLog();

class Page extends RequestHandler {}

function reverse(pattern: RoutePattern, values: PathValues = {}): string {
  return new Application([route(pattern, Page, { name: "page" })]).reverseUrl("page", values);
}

test("a named route gives its path, with the values percent-encoded", () => {
  const table: readonly [pattern: RoutePattern, values: PathValues, path: string][] = [
    ["/", {}, "/"],
    ["/url", {}, "/url"],
    ["/story/:id", { id: 7 }, "/story/7"],
    ["/story/:id", { id: 0 }, "/story/0"],
    ["/story/:id", { id: "a/b c?d#e" }, "/story/a%2Fb%20c%3Fd%23e"],
    ["/story/:id", { id: "郑老板" }, "/story/%E9%83%91%E8%80%81%E6%9D%BF"],
    ["/story/:id", { id: "%2F" }, "/story/%252F"],
    ["/网址/:id", { id: "x" }, "/%E7%BD%91%E5%9D%80/x"],
    ["/:a/x/:b/", { b: 2, a: 1 }, "/1/x/2/"],
    // The slashes of a wildcard's value are separators, and only they.
    ["/files/*", { "*": "a/b c/é" }, "/files/a/b%20c/%C3%A9"],
    ["/files/*", { "*": "" }, "/files/"],
    ["/:who/*", { who: "me", "*": "x?" }, "/me/x%3F"],
    ["/:__proto__", { ["__proto__"]: "v" }, "/v"],
    ["/:constructor", { constructor: "v" }, "/v"],
    [/\/story\/(\d+)/, { 0: 7 }, "/story/7"],
    [/\/(\w+)\/([a-z]+)\.html/, { 0: "a", 1: "b" }, "/a/b.html"],
    [/\/story\/(?<id>\d+)/, { id: 7 }, "/story/7"],
    [/^\/a-b$/, {}, "/a-b"],
    [{ host: "example.com", path: "/x/:id" }, { id: 1 }, "/x/1"],
    [{ host: "example.com", path: /\/x\/(\d)/ }, { 0: 1 }, "/x/1"],
    // A host without a path serves all paths.
    [{ host: "example.com" }, { "*": "a" }, "/a"],
  ];
  for (const [pattern, values, path] of table) {
    assert.equal(reverse(pattern, values), path, `${JSON.stringify(pattern)} ${JSON.stringify(values)}`);
  }
});

test("values that make no path are refused with the reason", () => {
  const table: readonly [pattern: RoutePattern, values: PathValues, reason: RegExp][] = [
    ["/story/:id", {}, /route "page" cannot be reversed: id is missing/],
    ["/story/:id", { ID: 1 }, /id is missing/],
    ["/:a/:b", { a: 1 }, /b is missing/],
    ["/files/*", {}, /\* is missing/],
    // Nothing is found on the prototype of the values.
    ["/:toString", {}, /toString is missing/],
    ["/:constructor", {}, /constructor is missing/],
    ["/:__proto__", {}, /__proto__ is missing/],
    ["/story/:id", { id: 1, tag: 2, page: 3 }, /it has no parameter tag, page/],
    ["/url", { id: 1 }, /it has no parameter id/],
    ["/url", { ["__proto__"]: "x" }, /it has no parameter __proto__/],
    ["/story/:id", { id: "" }, /\/story\/ does not match \/story\/:id/],
    [/\/story\/(\d+)/, { 0: "x" }, /\/story\/x does not match/],
    [/\/story\/(\d+)/, {}, /0 is missing/],
    [/\/story\/(\d+)/, { 0: 1, 1: 2 }, /it has no parameter 1/],
    [/\/story\/(?<id>\d+)/, { 0: 1 }, /id is missing/],
    [/\/a(\d)?/, { 0: 1 }, /is not simple enough/],
    [/\/(a(b))/, { 0: "ab", 1: "b" }, /is not simple enough/],
    [/\/a|\/b/, {}, /is not simple enough/],
    [/\/\d+/, {}, /is not simple enough/],
    [/\/(?:a|b)/, {}, /is not simple enough/],
    [/\/[(]a[)]/, {}, /is not simple enough/],
    [/\/([^)]+)/, { 0: "x" }, /is not simple enough/],
    [/\/\((\d)\)/, { 0: 1 }, /is not simple enough/],
  ];
  for (const [pattern, values, message] of table) {
    const shown = `${inspect(pattern)} ${JSON.stringify(values)}`;
    assert.throws(() => reverse(pattern, values), { code: "ROUTE_PARAMS_INVALID", message }, shown);
  }
});

test("half a surrogate pair, which has no percent-encoding, is refused as any bad value is", () => {
  assert.throws(() => reverse("/:id", { id: "\ud800" }), { code: "ROUTE_PARAMS_INVALID" });
  assert.throws(() => reverse("/*", { "*": "\ud800" }), { code: "ROUTE_PARAMS_INVALID" });
});

test("a name that no route has is refused with the names there are", () => {
  const app = new Application([route("/", Page, { name: "home" }), route("/:id", Page, { name: "story" })]);
  const message = 'no route is named "stroy" (there are: home, story)';
  assert.throws(() => app.reverseUrl("stroy"), { code: "ROUTE_NAME_UNKNOWN", message });
  for (const name of ["__proto__", "constructor", "toString", ""]) {
    assert.throws(() => app.reverseUrl(name), { code: "ROUTE_NAME_UNKNOWN" }, name);
  }
  assert.throws(() => new Application([]).reverseUrl("home"), { message: /there are: none/ });
});

test("a route can have any name, also one that objects have", () => {
  const app = new Application([
    route("/a", Page, { name: "__proto__" }),
    route("/b", Page, { name: "constructor" }),
  ]);
  assert.equal(app.reverseUrl("__proto__"), "/a");
  assert.equal(app.reverseUrl("constructor"), "/b");
});

test("two routes of one name are refused, also in different lists", () => {
  const twice = { code: "ROUTE_NAME_DUPLICATE", message: 'two routes are named "page"' };
  const page = route("/a", Page, { name: "page" });
  assert.throws(() => new Application([page, page]), twice);
  assert.throws(() => new Application([page, ["/x", [page]]]), twice);
  // Without a name there is nothing to be in doubt about.
  void new Application([route("/a", Page), route("/a", Page)]);
});

test("a named route inside a list is reversed with the patterns around it", () => {
  const app = new Application([
    ["/shops/:shop", [["/items", [route("/:item", Page, { name: "item" })]]]],
    [/\/v(\d)/, [route(/\/(\w+)/, Page, { name: "versioned" })]],
  ]);
  assert.equal(app.reverseUrl("item", { shop: "a b", item: 7 }), "/shops/a%20b/items/7");
  assert.throws(() => app.reverseUrl("item", { item: 7 }), { message: /shop is missing/ });
  assert.equal(app.reverseUrl("versioned", { 0: 1, 1: "x" }), "/v1/x");
});

test("a handler reverses as well, and the path it makes leads back to the route", async (context) => {
  class Story extends RequestHandler<{ id: string }> {
    get() {
      return { id: this.params.id, self: this.reverseUrl("story", { id: this.params.id }) };
    }
  }
  const server = await serveRoutes(context, log, [route("/故事/:id", Story, { name: "story" })]);
  const path = "/%E6%95%85%E4%BA%8B/a%2Fb";
  assert.deepEqual(JSON.parse((await get(server, path)).text), { id: "a/b", self: path });
});
