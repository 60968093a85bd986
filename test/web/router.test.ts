import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { RequestHandler, WebSocketHandler, route } from "../../src/index.ts";
import type { RouteEntry } from "../../src/index.ts";
import { Router } from "../../src/web/router.ts";

class A extends RequestHandler {}
class B extends RequestHandler {}
class C extends WebSocketHandler {}

/** The name of the handler that is found, with its parameters; or the code that says why there is none. */
function found(router: Router, hostname: string, path: string): string {
  const match = router.find(hostname, path);
  if ("code" in match) return match.code;
  const params = Object.entries(match.params).map(([name, value]) => ` ${name}=${value}`);
  return match.handler.name + params.join("");
}

test("the first route that matches wins", () => {
  const router = new Router([
    ["/a/b", A],
    ["/a/:x", B],
    ["/*", C],
    ["/z", A],
  ]);
  assert.equal(found(router, "h", "/a/b"), "A");
  assert.equal(found(router, "h", "/a/c"), "B x=c");
  assert.equal(found(router, "h", "/a/b/c"), "C *=a/b/c");
  assert.equal(found(router, "h", "/z"), "C *=z");
});

test("where nothing matches, the path is in the reason", () => {
  const problem = new Router([["/a", A]]).find("h", "/b\u001b[31m");
  assert.ok("code" in problem);
  assert.deepEqual(problem, {
    code: "ROUTE_NOT_FOUND",
    message: String.raw`no route matches "/b\x1b[31m"`,
    advice: "",
  });
  assert.equal(found(new Router([]), "h", "/"), "ROUTE_NOT_FOUND");
});

test("a value that cannot be decoded ends the search: no later route may see the path in another way", () => {
  const router = new Router([
    ["/x/:id", A],
    ["/*", B],
  ]);
  const problem = router.find("h", "/x/%ff");
  assert.ok("code" in problem);
  assert.equal(problem.code, "PATH_ENCODING_INVALID");
  assert.equal(problem.message, '"%ff" is not percent-encoded UTF-8');
});

test("a host pattern is exact, for all subdomains, or an expression", () => {
  const table: readonly [host: string | RegExp, yes: readonly string[], no: readonly string[]][] = [
    ["example.com", ["example.com"], ["www.example.com", "example.com.evil", "xexample.com", "example.co"]],
    ["Example.COM", ["example.com"], ["example.org"]],
    [
      "*.example.com",
      ["a.example.com", "a.b.example.com"],
      ["example.com", "xexample.com", "a.example.com.evil"],
    ],
    ["[::1]", ["[::1]"], ["[::2]", "localhost"]],
    ["127.0.0.1", ["127.0.0.1"], ["127.0.0.11", "127x0.0.1"]],
    [/(?:a|b)\.example\.com/, ["a.example.com", "b.example.com"], ["c.example.com", "xa.example.com"]],
    [/a|b/, ["a", "b"], ["ab", "xa", "bx"]],
    [/A/i, ["a"], ["b"]],
    [/a/g, ["a", "a", "a"], ["b"]],
  ];
  for (const [host, yes, no] of table) {
    const router = new Router([[{ host, path: "/" }, A]]);
    for (const name of yes) assert.equal(found(router, name, "/"), "A", `${String(host)} and ${name}`);
    for (const name of no) {
      assert.equal(found(router, name, "/"), "ROUTE_NOT_FOUND", `${String(host)} and ${name}`);
    }
  }
});

test("a host pattern without a path takes every path of that host, and no other host's", () => {
  const router = new Router([
    [{ host: "a.example" }, A],
    [{ host: "*.example" }, B],
    ["/*", C],
  ]);
  assert.equal(found(router, "a.example", "/x/y"), "A *=x/y");
  assert.equal(found(router, "b.example", "/"), "B *=");
  assert.equal(found(router, "c", "/"), "C *=");
});

test("lists are nested to any depth: paths are joined, hosts must all accept, parameters flow in", () => {
  const router = new Router([
    [
      "/shops/:shop",
      [
        ["", A],
        ["/items", [["/:item", B]]],
        [{ host: "admin.example" }, [["/edit", C]]],
      ],
    ],
    [{ host: "*.example", path: "/deep" }, [[{ host: "a.example", path: "/er" }, [["/x", A]]]]],
    ["/shops/*", C],
  ]);
  assert.equal(found(router, "h", "/shops/1"), "A shop=1");
  assert.equal(found(router, "h", "/shops/1/items/2"), "B shop=1 item=2");
  assert.equal(found(router, "admin.example", "/shops/1/edit"), "C shop=1");
  assert.equal(found(router, "h", "/shops/1/edit"), "C *=1/edit", "the search goes on behind a list");
  assert.equal(found(router, "a.example", "/deep/er/x"), "A");
  assert.equal(found(router, "b.example", "/deep/er/x"), "ROUTE_NOT_FOUND");
  assert.equal(found(new Router([["/empty", []]]), "h", "/empty"), "ROUTE_NOT_FOUND");
});

test("options belong to their route; without any there is an empty object", () => {
  class Coloured extends RequestHandler {
    override initialize(_options: { readonly colour: string }) {}
  }
  const options = { colour: "red" };
  const router = new Router([
    ["/a", Coloured, options],
    ["/b", A],
    route("/c", Coloured, { options }),
    ["/l", [["/a", Coloured, options]]],
  ]);
  const optionsOf = (path: string): unknown => {
    const match = router.find("h", path);
    return "code" in match ? match.code : match.options;
  };
  assert.equal(optionsOf("/a"), options);
  assert.deepEqual(optionsOf("/b"), {});
  assert.equal(optionsOf("/c"), options);
  assert.equal(optionsOf("/l/a"), options);
});

/** Entries as a program without types may give them. */
function refuse(entry: unknown): { readonly code: unknown; readonly message: string } {
  try {
    void new Router([entry as RouteEntry]);
  } catch (error) {
    assert.ok(error instanceof Error);
    return { code: "code" in error ? error.code : error.name, message: error.message };
  }
  return assert.fail("it was not refused");
}

test("an entry that is no route is refused, and the reason says what one is", () => {
  for (const entry of [undefined, null, 5, "/x", true, A, {}, { handler: A }]) {
    const { code, message } = refuse(entry);
    const shown = `${inspect(entry)}: ${message}`;
    assert.equal(code, "ROUTE_INVALID", shown);
    assert.match(message, /a route is \[pattern, Handler, options\?\] or route\(…\)/, shown);
  }
});

test("options that nobody reads are refused, since one is misspelt, or initialize is", () => {
  class Socket extends WebSocketHandler {}
  class Reading extends WebSocketHandler {
    override initialize() {}
  }
  assert.equal(
    refuse(["/ws", Socket, { transport: ["sse"] }]).message,
    'route /ws: nobody reads the option "transport", since Socket has no initialize(); the route itself knows transports',
  );
  assert.equal(
    refuse(["/a", A, { transports: ["sse"] }]).message,
    'route /a: nobody reads the option "transports", since A has no initialize()',
  );
  assert.equal(refuse(route("/a", A, { options: { colour: "red" } })).code, "ROUTE_INVALID");
  for (const entry of [
    ["/ws", Socket, { transports: ["sse"] }],
    ["/ws", Reading, { colour: "red" }],
    ["/a", A, {}],
  ] as const) {
    assert.ok(new Router([entry]));
  }
});

test("a pattern that is none is refused", () => {
  const expected = /a pattern is a string, a RegExp or \{ host, path \}/;
  for (const pattern of [undefined, null, 5, {}, { path: "/x" }, ["/x"], () => "/x"]) {
    const { code, message } = refuse([pattern, A]);
    assert.equal(code, "ROUTE_INVALID", message);
    assert.match(message, expected);
  }
  assert.match(refuse([]).message, expected);
  assert.match(refuse(["url", A]).message, /^route url: a path pattern begins with "\/"$/);
  // What is wrong inside a list is found when the list is read, and not when it is asked for.
  assert.match(refuse(["/x", [["y", A]]]).message, /^route y: /);
});

test("a host that is none is refused with the host", () => {
  for (const host of [
    "",
    "a b",
    "example.com:80",
    "example.com:",
    "*",
    "*.",
    "*.*.com",
    "https://a.com",
    "a.com/x",
  ]) {
    const { code, message } = refuse([{ host, path: "/" }, A]);
    assert.equal(code, "ROUTE_INVALID", host);
    assert.ok(message.includes(`{ host: "${host}" }: a host is a name without a port`), message);
  }
  for (const host of [undefined, null, 5]) {
    assert.equal(refuse([{ host, path: "/" }, A]).code, "ROUTE_INVALID", String(host));
  }
  assert.equal(refuse([{ host: "a", path: 5 }, A]).code, "ROUTE_INVALID", "a path that is none");
});

test("what is no handler class is refused with what was got", () => {
  class Alone {
    readonly name = "Alone";
  }
  const table: readonly [handler: unknown, got: RegExp][] = [
    [undefined, /got undefined$/],
    [null, /got null$/],
    ["Page", /got "Page"$/],
    [{}, /got an object/],
    [Alone, /got a function \(Alone\)$/],
    [() => "page", /got a function$/],
    [RequestHandler.prototype, /got an object/],
  ];
  for (const [handler, got] of table) {
    const { code, message } = refuse(["/page", handler]);
    assert.equal(code, "ROUTE_INVALID", message);
    assert.match(
      message,
      /^route \/page: the handler must be a class that extends RequestHandler or WebSocketHandler/,
    );
    assert.match(message, got);
  }
  const viaRoute = route("/page", Alone as unknown as typeof A);
  assert.match(refuse(viaRoute).message, /^route \/page: the handler must be a class/);
});
