import assert from "node:assert/strict";
import { test } from "node:test";
import { WebSocket as UndiciWebSocket } from "undici";
import { checkSubprotocols, parseWebSocketUrl } from "../../src/connect/websocket-url.ts";

test("http and https stand for ws and wss, and the rest of the URL stays", () => {
  for (const [given, url] of [
    ["ws://example.com", "ws://example.com/"],
    ["HTTP://Example.com:80/a b?c=d", "ws://example.com/a%20b?c=d"],
    ["https://example.com:443/", "wss://example.com/"],
    ["http://example.com:443/", "ws://example.com:443/"],
    ["https://example.com:80/", "wss://example.com:80/"],
    ["wss://user:p%40ss@[::1]:8443/x?", "wss://user:p%40ss@[::1]:8443/x?"],
  ] as const) {
    assert.equal(parseWebSocketUrl(given).href, url);
    assert.equal(parseWebSocketUrl(new URL(given)).href, url);
  }
});

const wrongUrls = [
  "",
  "/path",
  "example.com",
  "ftp://example.com/",
  "file:///x",
  "ws://",
  "ws://example.com/#a",
  "ws://example.com/#",
];
const wrongProtocols = [[""], ["a b"], ["a", "a"], ["a", "A"], ["é"], ["a,b"], "a b", ""];

test("everything else is a SyntaxError, as it is for undici", () => {
  for (const url of wrongUrls) {
    assert.throws(() => parseWebSocketUrl(url), { name: "SyntaxError" }, url);
    assert.throws(() => new UndiciWebSocket(url), { name: "SyntaxError" }, url);
  }
  for (const protocols of wrongProtocols) {
    assert.throws(() => checkSubprotocols(protocols), { name: "SyntaxError" });
    assert.throws(() => new UndiciWebSocket("ws://127.0.0.1:1/", protocols), { name: "SyntaxError" });
  }
  assert.deepEqual(checkSubprotocols(["v2", "v1.chat"]), ["v2", "v1.chat"]);
});

test("what is wrong is said, and a password is not repeated", () => {
  assert.throws(() => parseWebSocketUrl("ws://me:secret@example.com:99999/"), {
    message: '"ws://…@example.com:99999/" is no URL',
  });
  assert.throws(
    () => parseWebSocketUrl("ftp://me:secret@example.com/"),
    (error) => {
      assert.ok(error instanceof DOMException);
      assert.equal(error.message, 'the scheme of a WebSocket\'s URL is ws, wss, http or https, got "ftp:"');
      return true;
    },
  );
});
