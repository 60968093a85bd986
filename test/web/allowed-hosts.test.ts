import assert from "node:assert/strict";
import { test } from "node:test";
import type { Settings } from "../../src/index.ts";
import { RequestHandler } from "../../src/index.ts";
import type { HttpExchange } from "../../src/transport/http-exchange.ts";
import { HttpRequest } from "../../src/web/http-request.ts";
import { readRequest } from "../../src/web/read-request.ts";
import { resolveSettings } from "../../src/web/settings.ts";
import { expectedLog } from "../support/log.ts";
import { get } from "../support/raw-http.ts";
import { serveRoutes } from "../support/serve-routes.ts";

const log = expectedLog();

/** What becomes of a request that came in on `localAddress`: no test can count on a machine's own addresses. */
function read(
  settings: Settings,
  headers: Readonly<Record<string, string>>,
  { localAddress = "192.0.2.1", peerAddress = "198.51.100.7", isEncrypted = false } = {},
): HttpRequest | string {
  const exchange = {
    method: "GET",
    target: "/path?query",
    httpVersion: "1.1",
    headers,
    headerCount: Object.keys(headers).length,
    countOf: (name: string) => (name in headers ? 1 : 0),
    peerAddress,
    localAddress,
    isEncrypted,
  } satisfies Partial<HttpExchange> as unknown as HttpExchange;
  const result = readRequest(exchange, resolveSettings(settings));
  return result instanceof HttpRequest ? result : result.code;
}

/** Whether a Host is served. */
function isServed(host: string, localAddress: string, settings: Settings = {}): boolean {
  const result = read(settings, { host }, { localAddress });
  if (result instanceof HttpRequest) return true;
  assert.equal(result, "HOST_REFUSED", host);
  return false;
}

const rebound = [
  "evil.example",
  "localhost.evil.example",
  "127.0.0.1.evil.example",
  "xlocalhost",
  "10.0.0.1",
  "[::2]",
  "128.0.0.1",
  "0.0.0.0",
  "127.0.0.1x",
  "127.1",
];
const ownNames = [
  "localhost",
  "LOCALHOST:81",
  "a.b.localhost",
  "127.0.0.1",
  "127.255.0.9:5",
  "[::1]",
  "[::1]:5",
];

test("on a loopback address only names of this machine are served: a rebound name is not one", () => {
  for (const address of ["127.0.0.1", "127.0.0.53", "::1"]) {
    for (const host of ownNames) assert.ok(isServed(host, address), `${host} on ${address}`);
    for (const host of rebound) assert.ok(!isServed(host, address), `${host} on ${address}`);
  }
});

test("on any other address every name is served, as nobody knows what it is called", () => {
  for (const address of ["192.0.2.1", "10.0.0.1", "2001:db8::1", "-"]) {
    for (const host of [...ownNames, "evil.example"])
      assert.ok(isServed(host, address), `${host} on ${address}`);
  }
});

test("allowedHosts decides on every address; the names of this machine stay good on the loopback", () => {
  const settings = { allowedHosts: ["app.example.com", "*.cdn.example", "192.0.2.1", "[2001:db8::1]"] };
  const yes = [
    "app.example.com",
    "APP.example.com:8080",
    "a.cdn.example",
    "a.b.cdn.example",
    "192.0.2.1:80",
    "[2001:db8::1]",
  ];
  const no = [
    "example.com",
    "x.app.example.com",
    "cdn.example",
    "xcdn.example",
    "app.example.com.evil",
    "evil.example",
  ];
  for (const address of ["127.0.0.1", "192.0.2.1"]) {
    for (const host of yes) assert.ok(isServed(host, address, settings), `${host} on ${address}`);
    for (const host of no) assert.ok(!isServed(host, address, settings), `${host} on ${address}`);
  }
  for (const host of ["localhost", "127.0.0.1", "[::1]"]) {
    assert.ok(isServed(host, "127.0.0.1", settings), `${host} on the loopback`);
    assert.ok(!isServed(host, "192.0.2.1", settings), `${host} from elsewhere`);
  }
});

test("an empty list allows nothing but this machine, and * everything", () => {
  assert.ok(!isServed("app.example", "192.0.2.1", { allowedHosts: [] }));
  assert.ok(isServed("localhost", "127.0.0.1", { allowedHosts: [] }));
  for (const allowedHosts of [["*"], ["a.example", "*"]]) {
    assert.ok(isServed("evil.example", "127.0.0.1", { allowedHosts }));
    assert.ok(isServed("evil.example", "192.0.2.1", { allowedHosts }));
  }
});

test("a refused host is 403, and the log says what to set; the peer is told nothing", async (context) => {
  const server = await serveRoutes(context, log, []);
  const { status, text } = await get(server, "/", ["Host: evil.example:8080"]);
  assert.equal(status, 403);
  assert.equal(text, "403: Forbidden\nHOST_REFUSED: This host name is not served here.\n");
  await log.expect(/^403 GET \/ /);
  const { text: line } = await log.expect(/^HOST_REFUSED/);
  assert.equal(
    line,
    'HOST_REFUSED  Host "evil.example" is not served here (allowed: on a loopback address, names of this machine such as localhost).\n' +
      '              To allow it: new Application(routes, { allowedHosts: ["evil.example"] }).',
  );
});

test("the log names the hosts that are allowed", async (context) => {
  for (const [allowedHosts, shown] of [
    [["a.example", "*.b.example"], "a.example, *.b.example"],
    [[], "none"],
  ] as const) {
    const server = await serveRoutes(context, log, [], { allowedHosts });
    assert.equal((await get(server, "/", ["Host: evil.example"])).status, 403);
    await log.expect(/^403 GET/);
    assert.ok((await log.expect(/^HOST_REFUSED/)).text.includes(`(allowed: ${shown})`));
  }
});

test("the host is checked before any route is looked for, and before a missing page is told", async (context) => {
  class Page extends RequestHandler {
    get(): string {
      assert.fail("the handler was reached");
    }
  }
  const server = await serveRoutes(context, log, [["/", Page]]);
  for (const path of ["/", "/missing"]) {
    assert.equal((await get(server, path, ["Host: evil.example"])).status, 403);
    await log.expect(/^403 GET/);
  }
  await log.expect(/^HOST_REFUSED/);
});

const forwarded = {
  host: "inner.example",
  "x-forwarded-for": "203.0.113.9",
  "x-forwarded-proto": "https",
  "x-forwarded-host": "app.example:8443",
};

test("what a proxy says is believed of a trusted one only", () => {
  const believed = read({ trustedProxies: ["198.51.100.0/24"] }, forwarded);
  assert.ok(believed instanceof HttpRequest);
  assert.equal(believed.remoteAddress, "203.0.113.9");
  assert.equal(believed.protocol, "https");
  assert.equal(believed.fullUrl(), "https://app.example:8443/path?query");

  for (const settings of [{}, { trustedProxies: ["loopback", "10.0.0.0/8", "198.51.100.8"] }]) {
    const doubted = read(settings, forwarded);
    assert.ok(doubted instanceof HttpRequest);
    assert.equal(doubted.remoteAddress, "198.51.100.7");
    assert.equal(doubted.protocol, "http");
    assert.equal(doubted.fullUrl(), "http://inner.example/path?query");
  }
});

test("without a proxy the connection itself says whether it is https", () => {
  const request = read({}, { host: "app.example:443" }, { isEncrypted: true });
  assert.ok(request instanceof HttpRequest);
  assert.equal(request.fullUrl(), "https://app.example/path?query");
});

test("allowedHosts judges the host that a trusted proxy forwards", () => {
  const trust = { trustedProxies: ["198.51.100.7"] };
  assert.ok(read({ ...trust, allowedHosts: ["app.example"] }, forwarded) instanceof HttpRequest);
  assert.equal(read({ ...trust, allowedHosts: ["inner.example"] }, forwarded), "HOST_REFUSED");
  assert.equal(read({ allowedHosts: ["app.example"] }, forwarded), "HOST_REFUSED", "of an untrusted peer");
});

test("a trusted proxy on this machine may forward any host; another program here may not", () => {
  const local = { localAddress: "127.0.0.1", peerAddress: "127.0.0.1" };
  const trust = { trustedProxies: ["loopback"] };
  assert.ok(
    read(trust, { host: "localhost", "x-forwarded-host": "app.example" }, local) instanceof HttpRequest,
  );
  assert.equal(read(trust, { host: "app.example" }, local), "HOST_REFUSED", "a browser here is no proxy");
  assert.equal(read({}, { host: "app.example" }, local), "HOST_REFUSED");
  assert.equal(
    read({}, { host: "localhost", "x-forwarded-host": "app.example" }, local) instanceof HttpRequest,
    true,
  );
});

test("the access log and the handler name the client that the proxy forwards", async (context) => {
  class Address extends RequestHandler {
    get() {
      return this.remoteAddress;
    }
  }
  const lines = ["X-Forwarded-For: 192.0.2.99, 203.0.113.9"];
  const trusting = await serveRoutes(context, log, [["/", Address]], { trustedProxies: ["loopback"] });
  assert.equal((await get(trusting, "/", lines)).text, "203.0.113.9");
  await log.expect(/^200 GET \/ \(203\.0\.113\.9\) /);
  const doubting = await serveRoutes(context, log, [["/", Address]]);
  assert.equal((await get(doubting, "/", lines)).text, "127.0.0.1");
  await log.expect(/^200 GET \/ \(127\.0\.0\.1\) /);
});
