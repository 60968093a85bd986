import assert from "node:assert/strict";
import { test } from "node:test";
import { describe } from "../../src/base/errors.ts";
import { parseAuthority } from "../../src/protocol/http/authority.ts";
import { HttpRequest } from "../../src/web/http-request.ts";
import { isOriginAllowed, originDetails } from "../../src/web/origin-check.ts";
import { resolveSettings } from "../../src/web/settings.ts";

/** A request as a server sees it that was reached as `scheme://host`. */
function requestTo(url: string, path = "/ws"): HttpRequest {
  const [scheme = "", host = ""] = url.split("://");
  const authority = parseAuthority(host);
  assert.ok(authority, `${host} is a host`);
  return new HttpRequest({
    method: "GET",
    path,
    query: "",
    httpVersion: "1.1",
    headers: { upgrade: "websocket" },
    protocol: scheme === "https" ? "https" : "http",
    authority,
    remoteAddress: "192.0.2.1",
  });
}

test("without a setting only the server's own origin is allowed", () => {
  const cases: readonly (readonly [origin: string, url: string, allowed: boolean])[] = [
    ["http://localhost:10000", "http://localhost:10000", true],
    ["https://example.com", "https://example.com", true],
    // Scheme and host are compared without case (RFC 6454 §4).
    ["HTTP://LocalHost:10000", "http://LOCALHOST:10000", true],
    // A default port may stand there or not, on either side.
    ["http://example.com", "http://example.com:80", true],
    ["http://example.com:80", "http://example.com", true],
    ["https://example.com", "https://example.com:443", true],
    ["https://example.com:443", "https://example.com", true],
    ["http://example.com:443", "http://example.com", false],
    ["http://[::1]:8080", "http://[::1]:8080", true],
    ["http://[::1]:8080", "http://[::2]:8080", false],
    // Another host, another port.
    ["http://evil.example", "http://example.com", false],
    ["http://example.com.evil.example", "http://example.com", false],
    ["http://evil-example.com", "http://example.com", false],
    ["http://sub.example.com", "http://example.com", false],
    ["http://example.com", "http://sub.example.com", false],
    ["http://localhost:3000", "http://localhost:10000", false],
    ["http://localhost", "http://localhost:10000", false],
    ["http://127.0.0.1:10000", "http://localhost:10000", false],
    ["http://example.com.", "http://example.com", false],
    // An http page must not reach what is known to be https: anybody on the way could have written it.
    ["http://example.com", "https://example.com", false],
    ["http://example.com:443", "https://example.com:443", false],
    // An https page at what looks like http is what a proxy makes that ends TLS and forwards Host.
    ["https://example.com", "http://example.com", true],
    ["https://example.com:8443", "http://example.com:8443", true],
    ["https://example.com", "http://example.com:80", false],
    // What is no http(s) origin.
    ["null", "http://null", false],
    ["", "http://example.com", false],
    ["file://", "http://example.com", false],
    ["ws://example.com", "http://example.com", false],
    ["chrome-extension://example.com", "http://example.com", false],
    ["example.com", "http://example.com", false],
    ["//example.com", "http://example.com", false],
    ["http:example.com", "http://example.com", false],
    ["*", "http://example.com", false],
    // A list names nobody, also one whose members are all allowed (RFC 6454 §7.2).
    ["http://example.com http://example.com", "http://example.com", false],
    ["http://example.com, http://example.com", "http://example.com", false],
    ["http://evil.example, http://example.com", "http://example.com", false],
    // More than an origin.
    ["http://example.com/", "http://example.com", false],
    ["http://example.com/path", "http://example.com", false],
    ["http://example.com?", "http://example.com", false],
    ["http://example.com#", "http://example.com", false],
    ["http://user@example.com", "http://example.com", false],
    ["http://example.com:80@evil.example", "http://example.com", false],
    ["http://evil.example\\@example.com", "http://example.com", false],
    ["http://example.com:", "http://example.com", true],
    ["http://example.com:080", "http://example.com", true],
    ["http://example.com:65616", "http://example.com", false],
    ["http://example.com\t", "http://example.com", false],
    [" http://example.com", "http://example.com", false],
  ];
  const settings = resolveSettings({});
  for (const [origin, url, allowed] of cases) {
    assert.equal(isOriginAllowed(origin, requestTo(url), settings), allowed, `"${origin}" to ${url}`);
  }
});

test("allowedOrigins adds exact origins, and all subdomains of a domain", () => {
  const settings = resolveSettings({
    allowedOrigins: ["https://app.example.com", "http://dev.example.com:3000", "https://*.Apps.example.com"],
  });
  const cases: readonly (readonly [origin: string, allowed: boolean])[] = [
    ["https://app.example.com", true],
    ["https://app.example.com:443", true],
    ["HTTPS://APP.EXAMPLE.COM", true],
    ["http://app.example.com", false],
    ["https://app.example.com:8443", false],
    ["https://x.app.example.com", false],
    ["https://example.com", false],
    ["http://dev.example.com:3000", true],
    ["http://dev.example.com", false],
    ["https://dev.example.com:3000", false],
    ["https://one.apps.example.com", true],
    ["https://a.b.apps.example.com", true],
    ["https://ONE.apps.example.com:443", true],
    // Its subdomains, not itself; nor what only ends like it.
    ["https://apps.example.com", false],
    ["https://evilapps.example.com", false],
    ["https://apps.example.com.evil.example", false],
    ["http://one.apps.example.com", false],
    ["https://one.apps.example.com:8443", false],
    ["https://*.apps.example.com", false],
    ["https://one.apps.example.com/", false],
    ["null", false],
    // The server's own is allowed as before.
    ["http://localhost:10000", true],
  ];
  for (const [origin, allowed] of cases) {
    assert.equal(
      isOriginAllowed(origin, requestTo("http://localhost:10000"), settings),
      allowed,
      `"${origin}"`,
    );
  }
});

test("the explanation says what was seen, what is the same origin, and what to set", () => {
  const cases: readonly (readonly [origin: string, url: string, message: string, advice: string])[] = [
    [
      "http://localhost:3000",
      "http://localhost:10000",
      "Origin http://localhost:3000 may not open ws://localhost:10000/ws (same origin is http://localhost:10000)",
      'To allow it: new Application(routes, { allowedOrigins: ["http://localhost:3000"] }), or override checkOrigin().',
    ],
    [
      "http://example.com",
      "https://EXAMPLE.com:443",
      "Origin http://example.com may not open wss://example.com/ws (same origin is https://example.com)",
      'To allow it: new Application(routes, { allowedOrigins: ["http://example.com"] }), or override checkOrigin().',
    ],
    [
      "null",
      "http://example.com:80",
      "Origin null may not open ws://example.com/ws (same origin is http://example.com)",
      "To allow it: override checkOrigin().",
    ],
  ];
  for (const [origin, url, message, advice] of cases) {
    const problem = describe("WS_ORIGIN_REFUSED", originDetails(origin, requestTo(url)));
    assert.deepEqual([problem.message, problem.advice], [message, advice]);
  }
  const { path, query, httpVersion, protocol, remoteAddress, authority } = requestTo("http://example.com");
  const session = new HttpRequest({
    path,
    query,
    httpVersion,
    protocol,
    remoteAddress,
    authority,
    method: "POST",
    headers: {},
  });
  assert.equal(originDetails("null", session).url, "http://example.com/ws", "a session's URL is no ws:");
});

test("an origin and a path that are made to mislead are shown harmlessly", () => {
  const origin = `http://a\u001B[2J\r\n${"x".repeat(5000)}`;
  const details = originDetails(origin, requestTo("http://localhost", `/${"y".repeat(5000)}\u202E`));
  assert.match(String(details.origin), /^http:\/\/a\\x1b\[2J\\x0d\\x0ax+…$/);
  assert.ok(String(details.origin).length < 250);
  assert.ok(String(details.url).length < 300);
  assert.equal(details.how, "");
});
