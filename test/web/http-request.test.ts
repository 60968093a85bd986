import assert from "node:assert/strict";
import { test } from "node:test";
import { HttpRequest } from "../../src/web/http-request.ts";

const parts = {
  method: "GET",
  path: "/a%20b",
  query: "q=1",
  httpVersion: "1.1",
  headers: { "x-one": "1", "set-cookie": ["a=1", "b=2"], "x-gone": undefined },
  protocol: "http",
  authority: { hostname: "app.example", port: undefined },
  remoteAddress: "::1",
} as const;

test("the URL of a request is put together from what is known, without a default port", () => {
  const table = [
    [{}, "http://app.example/a%20b?q=1"],
    [{ query: "" }, "http://app.example/a%20b"],
    [{ authority: { hostname: "app.example", port: 80 } }, "http://app.example/a%20b?q=1"],
    [{ authority: { hostname: "app.example", port: 443 } }, "http://app.example:443/a%20b?q=1"],
    [
      { protocol: "https", authority: { hostname: "app.example", port: 443 } },
      "https://app.example/a%20b?q=1",
    ],
    [{ protocol: "https", authority: { hostname: "[::1]", port: 80 } }, "https://[::1]:80/a%20b?q=1"],
  ] as const;
  for (const [changed, url] of table) assert.equal(new HttpRequest({ ...parts, ...changed }).fullUrl(), url);
});

test("host, host name and uri are parts of it", () => {
  const request = new HttpRequest({ ...parts, authority: { hostname: "app.example", port: 81 } });
  assert.deepEqual(
    [request.host, request.hostname, request.uri],
    ["app.example:81", "app.example", "/a%20b?q=1"],
  );
  assert.equal(new HttpRequest({ ...parts, query: "" }).uri, "/a%20b");
});

test("what a handler reads is what was given", () => {
  const request = new HttpRequest(parts);
  for (const name of ["method", "path", "query", "httpVersion", "protocol", "remoteAddress"] as const) {
    assert.equal(request[name], parts[name], name);
  }
  assert.equal(request.headers, parts.headers);
});

test("a header field is found whatever the case, and a repeated one is joined", () => {
  const request = new HttpRequest(parts);
  assert.equal(request.header("X-One"), "1");
  assert.equal(request.header("x-one"), "1");
  assert.equal(request.header("Set-Cookie"), "a=1, b=2");
  assert.equal(request.header("X-Gone"), undefined);
  assert.equal(request.header("X-None"), undefined);
});

test("names that every object has are no header fields", () => {
  const request = new HttpRequest(parts);
  for (const name of ["constructor", "toString", "__proto__", "hasOwnProperty"]) {
    assert.equal(request.header(name), undefined, name);
  }
});
