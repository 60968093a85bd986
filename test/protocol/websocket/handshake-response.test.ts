import assert from "node:assert/strict";
import { test } from "node:test";
import type { HeaderFields } from "../../../src/protocol/http/header-fields.ts";
import type { HandshakeAgreement } from "../../../src/protocol/websocket/handshake.ts";
import { checkHandshakeResponse } from "../../../src/protocol/websocket/handshake.ts";

/** Checks the answer of RFC 6455 §1.2, with changes, for a client that offered chat and superchat. */
function check(headers: HeaderFields, status = 101): { problem: string } | HandshakeAgreement {
  const answer = {
    upgrade: "websocket",
    connection: "Upgrade",
    "sec-websocket-accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
    ...headers,
  };
  const offered = ["chat", "superchat"];
  return checkHandshakeResponse({ status, headers: answer }, "dGhlIHNhbXBsZSBub25jZQ==", offered);
}

test("a right answer agrees on a subprotocol or on none", () => {
  assert.deepEqual(check({}), { subprotocol: "", extensions: [] });
  assert.deepEqual(check({ "sec-websocket-protocol": "" }), { subprotocol: "", extensions: [] });
  assert.deepEqual(check({ "sec-websocket-protocol": "chat" }), { subprotocol: "chat", extensions: [] });
  assert.deepEqual(check({ "sec-websocket-protocol": "superchat" }), {
    subprotocol: "superchat",
    extensions: [],
  });
  assert.deepEqual(check({ upgrade: "WebSocket", connection: "keep-alive, upgrade" }), {
    subprotocol: "",
    extensions: [],
  });
});

test("each rule of RFC 6455 §4.1 fails with its own reason", () => {
  const accept = "Sec-WebSocket-Accept does not fit the key";
  const rows: readonly (readonly [headers: HeaderFields, problem: string])[] = [
    [{ upgrade: undefined }, "Upgrade is nothing"],
    [{ upgrade: "h2c" }, 'Upgrade is "h2c"'],
    [{ upgrade: "h2c, websocket" }, 'Upgrade is "h2c, websocket"'],
    [{ connection: undefined }, "Connection is nothing"],
    [{ connection: "close" }, 'Connection is "close"'],
    [{ "sec-websocket-accept": undefined }, accept],
    [{ "sec-websocket-accept": "" }, accept],
    [{ "sec-websocket-accept": "s3ppLMBiTxaQ9kYGzzhZRbK+xOo=" }, accept],
    [{ "sec-websocket-accept": "fFBooB7FAkLlXgRSz0BT3v4hq5s=" }, accept],
    [{ "sec-websocket-accept": ["s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "a"] }, accept],
    [{ "sec-websocket-extensions": "a; b=\x07" }, 'Sec-WebSocket-Extensions is "a; b=\\x07"'],
    [{ "sec-websocket-extensions": "a b" }, 'Sec-WebSocket-Extensions is "a b"'],
    [{ "sec-websocket-protocol": "other" }, 'subprotocol "other" was not offered'],
    [{ "sec-websocket-protocol": "Chat" }, 'subprotocol "Chat" was not offered'],
    [{ "sec-websocket-protocol": "constructor" }, 'subprotocol "constructor" was not offered'],
    [{ "sec-websocket-protocol": ["chat", "superchat"] }, 'subprotocol "chat, superchat" was not offered'],
  ];
  for (const [headers, problem] of rows) assert.deepEqual(check(headers), { problem });
});

test("extensions are passed on with their parameters", () => {
  const parameters = [
    ["server_no_context_takeover", true],
    ["client_max_window_bits", "10"],
  ];
  const value = "permessage-deflate; server_no_context_takeover; client_max_window_bits=10";
  assert.deepEqual(check({ "sec-websocket-extensions": value }), {
    subprotocol: "",
    extensions: [{ name: "permessage-deflate", parameters }],
  });
  assert.deepEqual(check({ "sec-websocket-extensions": "" }), { subprotocol: "", extensions: [] });
});

test("no status but 101 switches protocols", () => {
  for (const status of [100, 200, 301, 401, 403, 426]) {
    assert.deepEqual(check({}, status), { problem: `the status is ${status}, not 101` });
  }
});

test("a client that offered no subprotocol gets none", () => {
  const headers = {
    upgrade: "websocket",
    connection: "Upgrade",
    "sec-websocket-accept": "fFBooB7FAkLlXgRSz0BT3v4hq5s=",
    "sec-websocket-protocol": "chat",
  };
  const result = checkHandshakeResponse({ status: 101, headers }, "sN9cRrP/n9NdMgdcy2VJFQ==", []);
  assert.deepEqual(result, { problem: 'subprotocol "chat" was not offered' });
});
