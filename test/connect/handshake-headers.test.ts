import assert from "node:assert/strict";
import { test } from "node:test";
import { checkRequestHeaders } from "../../src/connect/handshake-headers.ts";

test("header fields are given as an object, as pairs or as Headers", () => {
  const expected = { "X-A": ["1"], "x-b": ["2", "3"] };
  assert.deepEqual(checkRequestHeaders({ "X-A": "1", "x-b": ["2", "3"] }), expected);
  const pairs = [
    ["X-A", "1"],
    ["x-b", "2"],
    ["X-B", "3"],
  ];
  assert.deepEqual(checkRequestHeaders(pairs), expected);
  assert.deepEqual(checkRequestHeaders(new Headers([["X-A", "1"]])), { "x-a": ["1"] });
  assert.deepEqual(checkRequestHeaders(new Map([["X-A", "1"]])), { "X-A": ["1"] });
  assert.deepEqual(checkRequestHeaders(undefined), {});
});

test("fields of the handshake, and those that would change what the request is, are refused", () => {
  const rows: readonly (readonly [name: string, reason: RegExp])[] = [
    ["Sec-WebSocket-Key", /the handshake sets it/],
    ["sec-websocket-version", /the handshake sets it/],
    ["Sec-WebSocket-Anything", /the handshake sets it/],
    ["Sec-WebSocket-Protocol", /use the option protocols/],
    ["Sec-WebSocket-Extensions", /use the option compression/],
    ["UPGRADE", /the handshake sets it/],
    ["connection", /the handshake sets it/],
    ["Content-Length", /no body/],
    ["Transfer-Encoding", /no body/],
    ["Expect", /no body/],
    [
      "Proxy-Authorization",
      /it would go to the server; put user and password into the URL of the option proxy/,
    ],
  ];
  for (const [name, reason] of rows) {
    assert.throws(() => checkRequestHeaders({ [name]: "x" }), { code: "HEADER_INVALID", message: reason });
    assert.throws(() => checkRequestHeaders([[name, "x"]]), { code: "HEADER_INVALID", message: reason });
  }
  // Not what an object inherits.
  assert.deepEqual(checkRequestHeaders({ constructor: "x" }), { constructor: ["x"] });
});

test("a Host is one host", () => {
  assert.deepEqual(checkRequestHeaders({ host: "virtual.example:8080" }), { host: ["virtual.example:8080"] });
  for (const host of ["", "a b", "a/b", ["a", "b"], "user@host"]) {
    assert.throws(() => checkRequestHeaders({ Host: host }), { code: "HEADER_INVALID", message: /"Host"/ });
  }
});

test("nothing smuggles in a second field", () => {
  for (const headers of [
    { "X-A": "1\r\nX-B: 2" },
    { "X A": "1" },
    { "": "1" },
    { "X-A": null },
    [["X-A"]],
    ["X-A"],
  ]) {
    assert.throws(() => checkRequestHeaders(headers), { code: "HEADER_INVALID" });
  }
});
