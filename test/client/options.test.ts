/** What can be given to the constructor, and what it says of the rest. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { RealtimeSocketOptions } from "../../src/client/index.ts";
import { RealtimeSocket } from "../../src/client/index.ts";
import { closeOf, openSocket } from "./realtime.ts";

const wrong: readonly [options: unknown, message: RegExp][] = [
  [{ transport: ["sse"] }, /option must be one of protocols,transports,.*, got "transport"/],
  [{ queue: { max: 1 } }, /queue\.option must be one of policy,maxMessages,maxBytes, got "max"/],
  [{ transports: ["sse", "udp"] }, /transports must be one of websocket,sse,long-polling,polling, got "udp"/],
  [{ transports: [] }, /transports must be a list of what there is here, got $/],
  [{ transports: null }, /transports must be .*, got null/],
  [{ connectTimeoutMs: 0 }, /connectTimeoutMs must be from 1 to 2147483647, got 0/],
  [{ connectTimeoutMs: "1s" }, /connectTimeoutMs must be a value of the type number, got "1s"/],
  [{ fallbackAfterMs: NaN }, /fallbackAfterMs must be from 0 to .*, got NaN/],
  [{ pollingIntervalMs: 2 ** 31 }, /pollingIntervalMs must be from 1 to 2147483647, got 2147483648/],
  [{ reconnect: true }, /reconnect must be .*, got true/],
  [{ reconnect: { minDelayMs: -1 } }, /reconnect\.minDelayMs must be from 0 to/],
  [{ queue: { policy: "drop" } }, /queue\.policy must be one of reject,drop-oldest,none, got "drop"/],
  [{ credentials: "all" }, /credentials must be one of include,same-origin,omit, got "all"/],
  [{ token: "secret" }, /token must be a value of the type function/],
  [{ fetch: {} }, /fetch must be a value of the type function/],
  [{ signal: () => {} }, /signal must be a value of the type object/],
];

for (const [options, message] of wrong) {
  test(`${JSON.stringify(options)} is refused`, () => {
    const create = (): unknown => new RealtimeSocket("http://localhost/", options as RealtimeSocketOptions);
    assert.throws(create, (error: unknown) => {
      assert.ok(error instanceof TypeError);
      assert.match(error.message, /^RealtimeSocket: /);
      assert.match(error.message, message);
      return true;
    });
  });
}

for (const url of [
  "ftp://example.com/",
  "relative",
  "http://",
  "ws://example.com/#part",
  "javascript:alert(1)",
]) {
  test(`the URL ${url} is a SyntaxError`, () => {
    assert.throws(() => new RealtimeSocket(url), { name: "SyntaxError" });
  });
}

for (const protocols of ["a b", ["v1", "v1"], [""], ["ü"]]) {
  test(`subprotocols ${JSON.stringify(protocols)} are a SyntaxError`, () => {
    assert.throws(() => new RealtimeSocket("ws://localhost/", protocols), { name: "SyntaxError" });
  });
}

test("all forms of the constructor", async () => {
  const fetch = (): Promise<Response> => Promise.reject(new TypeError("none"));
  const transports = ["polling"] as const;
  const urls = [
    new RealtimeSocket("ws://localhost/a", "v1", { fetch, transports }),
    new RealtimeSocket("http://localhost/a", ["v1"], { fetch, transports }),
    new RealtimeSocket(new URL("http://localhost/a"), {
      fetch,
      transports,
      protocols: "v1",
      queue: undefined,
    }),
  ].map((socket) => {
    const { url } = socket;
    socket.close();
    return url;
  });
  assert.deepEqual(urls, ["ws://localhost/a", "ws://localhost/a", "ws://localhost/a"]);
  const secure = openSocket(undefined, "https://localhost/", { transports });
  assert.equal(secure.url, "wss://localhost/");
  secure.close();
  assert.deepEqual(await closeOf(secure), [1006, "no answer to close()", false]);
});
