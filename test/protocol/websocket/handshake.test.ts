import assert from "node:assert/strict";
import { test } from "node:test";
import type { HeaderFields } from "../../../src/protocol/http/header-fields.ts";
import type { HandshakeRequest } from "../../../src/protocol/websocket/handshake.ts";
import { fieldValue } from "../../../src/protocol/http/header-fields.ts";
import { acceptFor, checkHandshake } from "../../../src/protocol/websocket/handshake.ts";

const key = "dGhlIHNhbXBsZSBub25jZQ==";

/** The request of RFC 6455 §1.2, with changes. */
function request(headers: HeaderFields = {}, line: Partial<HandshakeRequest> = {}): HandshakeRequest {
  return {
    method: "GET",
    httpVersion: "1.1",
    ...line,
    headers: {
      host: "server.example.com",
      upgrade: "websocket",
      connection: "Upgrade",
      "sec-websocket-key": key,
      origin: "http://example.com",
      "sec-websocket-protocol": "chat, superchat",
      "sec-websocket-version": "13",
      ...headers,
    },
  };
}

/** The code that the request is refused with, and its message. */
function refusal(input: HandshakeRequest): string {
  const result = checkHandshake(input);
  return "code" in result ? `${result.code}: ${result.message}` : "accepted";
}

test("a key is answered with the accept value that only a WebSocket server gives", () => {
  assert.equal(acceptFor(key), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  assert.equal(acceptFor("sN9cRrP/n9NdMgdcy2VJFQ=="), "fFBooB7FAkLlXgRSz0BT3v4hq5s=");
});

test("a field is read whether it came once, several times or not at all", () => {
  const headers = { a: "1", b: ["1", "2"], c: [], d: undefined, e: "" };
  assert.equal(fieldValue(headers, "a"), "1");
  assert.equal(fieldValue(headers, "b"), "1, 2");
  assert.equal(fieldValue(headers, "c"), "");
  assert.equal(fieldValue(headers, "d"), undefined);
  assert.equal(fieldValue(headers, "e"), "");
  assert.equal(fieldValue(headers, "f"), undefined);
  // What objects inherit came from nobody.
  for (const name of ["constructor", "toString", "__proto__"]) {
    assert.equal(fieldValue(headers, name), undefined, name);
  }
});

test("the request of RFC 6455 §1.2 is right", () => {
  assert.deepEqual(checkHandshake(request()), { key, subprotocols: ["chat", "superchat"], extensions: [] });
});

test("variants that are just as right are accepted", () => {
  const variants: readonly (readonly [what: string, headers: HeaderFields])[] = [
    ["Upgrade in another case", { upgrade: "WebSocket" }],
    ["Upgrade with other protocols", { upgrade: "h2c, websocket" }],
    ["Upgrade twice", { upgrade: ["h2c", "websocket"] }],
    ["Connection as Firefox sends it", { connection: "keep-alive, Upgrade" }],
    ["Connection twice", { connection: ["keep-alive", "upgrade"] }],
    ["an announced body of no bytes", { "content-length": "0" }],
    ["no subprotocol", { "sec-websocket-protocol": undefined }],
    ["a field that nobody knows", { "sec-websocket-unknown": "\u0001" }],
    ["fields named like members of objects", { constructor: "a", tostring: "b" }],
  ];
  for (const [what, headers] of variants) assert.equal(refusal(request(headers)), "accepted", what);
});

test("each row of the handshake's rules refuses with its own code and says what was got", () => {
  const rows: readonly (readonly [input: HandshakeRequest, code: string, says: string])[] = [
    [request({}, { method: "POST" }), "WS_METHOD_NOT_ALLOWED", 'got "POST"'],
    [request({}, { method: "get" }), "WS_METHOD_NOT_ALLOWED", 'got "get"'],
    [request({}, { method: "HEAD" }), "WS_METHOD_NOT_ALLOWED", 'got "HEAD"'],
    [request({}, { httpVersion: "1.0" }), "WS_HTTP_VERSION", "got HTTP/1.0"],
    [request({}, { httpVersion: "2.0" }), "WS_HTTP_VERSION", "got HTTP/2.0"],
    [request({ upgrade: undefined }), "WS_UPGRADE_REQUIRED", "got nothing"],
    [request({ upgrade: "" }), "WS_UPGRADE_REQUIRED", 'got ""'],
    [request({ upgrade: "h2c" }), "WS_UPGRADE_REQUIRED", 'got "h2c"'],
    [request({ upgrade: "websockets" }), "WS_UPGRADE_REQUIRED", 'got "websockets"'],
    [request({ connection: undefined }), "WS_CONNECTION_INVALID", "got nothing"],
    [request({ connection: "close" }), "WS_CONNECTION_INVALID", 'got "close"'],
    [request({ connection: "Upgraded" }), "WS_CONNECTION_INVALID", 'got "Upgraded"'],
    [request({ "sec-websocket-version": undefined }), "WS_VERSION_UNSUPPORTED", "got nothing"],
    [request({ "sec-websocket-version": "8" }), "WS_VERSION_UNSUPPORTED", 'got "8"'],
    [request({ "sec-websocket-version": "13, 13" }), "WS_VERSION_UNSUPPORTED", 'got "13, 13"'],
    [request({ "sec-websocket-version": ["13", "8"] }), "WS_VERSION_UNSUPPORTED", 'got "13, 8"'],
    [request({ "sec-websocket-version": "013" }), "WS_VERSION_UNSUPPORTED", 'got "013"'],
    [request({ "sec-websocket-key": undefined }), "WS_KEY_INVALID", "got nothing"],
    [request({ "sec-websocket-key": "a\x1b" }), "WS_KEY_INVALID", 'got "a\\x1b"'],
    [request({ "content-length": "5" }), "WS_BODY_NOT_ALLOWED", 'got Content-Length "5"'],
    [request({ "content-length": "00" }), "WS_BODY_NOT_ALLOWED", 'got Content-Length "00"'],
    [request({ "content-length": "" }), "WS_BODY_NOT_ALLOWED", 'got Content-Length ""'],
    [request({ "transfer-encoding": "chunked" }), "WS_BODY_NOT_ALLOWED", 'got Transfer-Encoding "chunked"'],
    [request({ "transfer-encoding": "" }), "WS_BODY_NOT_ALLOWED", 'got Transfer-Encoding ""'],
    [request({ "sec-websocket-protocol": "a b" }), "WS_SUBPROTOCOL_INVALID", 'got "a b"'],
    [request({ "sec-websocket-extensions": "a;" }), "WS_EXTENSIONS_INVALID", 'got "a;"'],
  ];
  for (const [input, code, says] of rows) {
    const refused = refusal(input);
    assert.ok(refused.startsWith(`${code}: `) && refused.endsWith(says), `${refused} is ${code} … ${says}`);
  }
});

test("a handshake without any header field is refused and nothing more", () => {
  for (const headers of [{}, Object.create(null) as HeaderFields]) {
    assert.match(refusal({ method: "GET", httpVersion: "1.1", headers }), /^WS_UPGRADE_REQUIRED: /);
  }
});

test("a key is 16 bytes in base64 in the one form that they have", () => {
  const bad = [
    "",
    "==",
    "dGhlIHNhbXBsZSBub25jZQ",
    "dGhlIHNhbXBsZSBub25jZQ=",
    "dGhlIHNhbXBsZSBub25jZQ===",
    "dGhlIHNhbXBsZSBub25jZQA=",
    "dGhlIHNhbXBsZSBub25jZQAA",
    "dGhlIHNhbXBsZSBub25j",
    "dGhlIHNhbXBsZSBub25jZVo=",
    // The last character has four bits that belong to no byte; here one of them is set.
    "dGhlIHNhbXBsZSBub25jZR==",
    "dGhlIHNhbXBsZSBub25jZf==",
    "dGhlIHNhbXBsZS-ub25jZQ==",
    "dGhlIHNhbXBsZS_ub25jZQ==",
    " dGhlIHNhbXBsZSBub25jZQ==",
    "dGhlIHNhbXBsZSBub25jZQ==\n",
    "=dGhlIHNhbXBsZSBub25jZ==",
    `${key}, ${key}`,
    "a".repeat(100_000),
  ];
  for (const value of bad) {
    assert.match(refusal(request({ "sec-websocket-key": value })), /^WS_KEY_INVALID/, value.slice(0, 50));
  }
  assert.match(refusal(request({ "sec-websocket-key": [key, key] })), /^WS_KEY_INVALID/);
  for (const value of ["AAAAAAAAAAAAAAAAAAAAAA==", "/+/+/+/+/+/+/+/+/+/+/w==", "0123456789012345678+/g=="]) {
    const result = checkHandshake(request({ "sec-websocket-key": value }));
    assert.equal("key" in result ? result.key : result.code, value);
  }
});

test("offered subprotocols are a list of different tokens", () => {
  const right: readonly (readonly [value: string | readonly string[], list: readonly string[]])[] = [
    ["", []],
    [",", []],
    ["chat", ["chat"]],
    ["b,a\t,,c", ["b", "a", "c"]],
    ["chat, Chat", ["chat", "Chat"]],
    [["a", "b"], ["a", "b"]], // prettier-ignore
    ["__proto__, constructor", ["__proto__", "constructor"]],
  ];
  for (const [value, list] of right) {
    const result = checkHandshake(request({ "sec-websocket-protocol": value }));
    assert.deepEqual("subprotocols" in result ? result.subprotocols : result, list);
  }
  for (const value of ["a, a", "a/b", '"a"', "a;b", "å", "a, b c", ["a", "a"]]) {
    const refused = refusal(request({ "sec-websocket-protocol": value }));
    assert.match(refused, /^WS_SUBPROTOCOL_INVALID/, String(value));
  }
});

test("offered extensions are handed on", () => {
  const result = checkHandshake(request({ "sec-websocket-extensions": ["a; b", "c"] }));
  assert.deepEqual("extensions" in result ? result.extensions : result, [
    { name: "a", parameters: [["b", true]] },
    { name: "c", parameters: [] },
  ]);
});
