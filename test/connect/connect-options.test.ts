import assert from "node:assert/strict";
import { inspect } from "node:util";
import { test } from "node:test";
import { defaultWebSocketLimits } from "../../src/base/limits.ts";
import type { ConnectOptions } from "../../src/index.ts";
import { connect, WebSocket } from "../../src/index.ts";
import { resolveConnectOptions } from "../../src/connect/connect-options.ts";

const url = new URL("ws://user:secret@example.com/");

function refusal(options: unknown, target = new URL("ws://example.com/")): string {
  try {
    resolveConnectOptions(options as ConnectOptions, target);
  } catch (error) {
    assert.ok(error instanceof Error && "code" in error);
    return `${String(error.code)} ${error.message}`;
  }
  return assert.fail(`${inspect(options)} was not refused`);
}

test("each option is checked at once, and the message names it", () => {
  const rows: readonly (readonly [options: unknown, words: RegExp])[] = [
    [null, /^SETTING_INVALID setting options must be an object, got null$/],
    [
      { timeout: 5 },
      /^SETTING_UNKNOWN there is no setting timeout \(there are: maxMessageBytes, .*timeoutMs/,
    ],
    [
      { timeoutMs: -1 },
      /^SETTING_INVALID setting timeoutMs must be a whole number from 0 to 2147483647, got -1$/,
    ],
    [{ timeoutMs: "5" }, /^SETTING_INVALID setting timeoutMs/],
    [
      { followRedirects: true },
      /^SETTING_INVALID setting followRedirects must be a whole number from 0 to 20, got true$/,
    ],
    [{ followRedirects: 21 }, /^SETTING_INVALID setting followRedirects/],
    [{ signal: {} }, /^SETTING_INVALID setting signal must be an AbortSignal, got an object \(Object\)$/],
    [
      { binaryType: "nodebuffer" },
      /^SETTING_INVALID setting binaryType must be "blob" or "arraybuffer", got "nodebuffer"$/,
    ],
    [{ pingTimeoutMs: 0 }, /^SETTING_INVALID setting pingTimeoutMs must be a whole number from 1/],
    [{ maxMessageBytes: 0 }, /^SETTING_INVALID setting maxMessageBytes/],
    [{ highWaterMarkBytes: 1.5 }, /^SETTING_INVALID setting highWaterMarkBytes/],
    [
      { compression: "yes" },
      /^SETTING_INVALID setting compression must be true, false or an object, got "yes"$/,
    ],
    [
      { compression: { level: 10 } },
      /^SETTING_INVALID setting compression\.level must be a whole number from 1 to 9/,
    ],
    [{ tls: true }, /^SETTING_INVALID setting tls must be an object, got true$/],
    [{ tls: { host: "other" } }, /^SETTING_INVALID setting tls\.host must be left out, .*, got "other"$/],
    [{ tls: { socket: {} } }, /^SETTING_INVALID setting tls\.socket/],
    [{ proxy: 3128 }, /^SETTING_INVALID setting proxy must be a URL, or an object with one, got 3128$/],
    [
      { proxy: "socks5://me:pw@127.0.0.1" },
      /^SETTING_INVALID setting proxy must be an http: or https: URL, .*, got "socks5:"$/,
    ],
    [{ proxy: "me:pw@proxy" }, /^SETTING_INVALID setting proxy must be an http: or https: URL/],
    [{ proxy: { url: "nothing" } }, /^SETTING_INVALID setting proxy\.url must be an http: or https: URL/],
    [
      { proxy: { uri: "http://p" } },
      /^SETTING_UNKNOWN there is no setting proxy\.uri \(there are: url, headers, tls\)$/,
    ],
    [{ proxy: { url: "http://p", tls: 1 } }, /^SETTING_INVALID setting proxy\.tls must be an object, got 1$/],
    [{ proxy: { url: "http://p", headers: 1 } }, /^SETTING_INVALID setting proxy\.headers must be/],
    [
      { headers: "x" },
      /^SETTING_INVALID setting headers must be an object, a list of pairs, or Headers, got "x"$/,
    ],
    [{ origin: "a\nb" }, /^HEADER_INVALID header "Origin" cannot be set/],
    [
      { origin: "https://a", headers: { ORIGIN: "https://b" } },
      /^HEADER_INVALID header "Origin" cannot be set: the option origin/,
    ],
  ];
  for (const [options, words] of rows) assert.match(refusal(options), words);
  // Whatever is wrong with a proxy's URL, its password is not shown.
  for (const proxy of ["socks5://me:pw@127.0.0.1", "me:pw@proxy"])
    assert.doesNotMatch(refusal({ proxy }), /pw/);
});

test("a user in the URL and an Authorization field are one too many", () => {
  const headers = { authorization: "Bearer token" };
  assert.match(
    refusal({ headers }, url),
    /^HEADER_INVALID header "Authorization" cannot be set: the URL has a user/,
  );
  assert.deepEqual(resolveConnectOptions({}, url).headers, {});
});

test("what is left out, or undefined, has a default", () => {
  const resolved = resolveConnectOptions({ timeoutMs: undefined, pingIntervalMs: undefined }, url);
  assert.deepEqual(resolved, {
    subprotocols: [],
    headers: {},
    tls: {},
    compression: undefined,
    proxy: undefined,
    timeoutMs: 10_000,
    signal: undefined,
    redirectsMax: 0,
    binaryType: "blob",
    limits: {
      ...defaultWebSocketLimits,
      maxMessageBytes: 16_777_216,
      pingIntervalMs: 30_000,
      pingTimeoutMs: 10_000,
      closeTimeoutMs: 5_000,
      highWaterMarkBytes: 262_144,
      maxSendQueueBytes: 67_108_864,
      maxQueuedMessages: 64,
      maxQueuedBytes: 1_048_576,
    },
  });
  const given = resolveConnectOptions(
    {
      protocols: "v1",
      origin: "https://a.example",
      maxQueuedBytes: 5,
      followRedirects: 3,
      proxy: "http://me:pw@p:3128",
    },
    url,
  );
  assert.deepEqual(given.subprotocols, ["v1"]);
  assert.deepEqual(given.headers, { Origin: ["https://a.example"] });
  assert.equal(given.limits.maxQueuedBytes, 5);
  assert.equal(given.redirectsMax, 3);
  assert.deepEqual(given.proxy, { url: new URL("http://me:pw@p:3128"), headers: {}, tls: {} });
});

test("the constructor throws misuse, connect() rejects with it", async () => {
  const options = { timeoutMs: -1 };
  assert.throws(() => new WebSocket("ws://127.0.0.1:1/", options), { code: "SETTING_INVALID" });
  await assert.rejects(connect("ws://127.0.0.1:1/", options), { code: "SETTING_INVALID" });
  assert.throws(() => new WebSocket("ftp://127.0.0.1/"), { name: "SyntaxError" });
  await assert.rejects(connect("ftp://127.0.0.1/"), { name: "SyntaxError" });
});
