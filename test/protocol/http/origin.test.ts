import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAuthority } from "../../../src/protocol/http/authority.ts";
import type { Origin, OriginPattern, RequestOrigin } from "../../../src/protocol/http/origin.ts";
import {
  formatOrigin,
  isSameOrigin,
  matchesPattern,
  parseOrigin,
  parseOriginPattern,
} from "../../../src/protocol/http/origin.ts";

/** What is neither an origin nor an entry of `allowedOrigins`. */
const neither = [
  "",
  "null",
  "*",
  "://",
  "http:",
  "http://",
  "https://:443",
  "example.com",
  "//example.com",
  "file://",
  "file:///etc/passwd",
  "ws://example.com",
  "wss://example.com",
  "chrome-extension://abcdef",
  "javascript://example.com",
  "constructor://example.com",
  "xhttp://example.com",
  " http://example.com",
  "http ://example.com",
  "http:/example.com",
  "http://example.com/",
  "http://example.com/path",
  "http://example.com?a",
  "http://example.com#a",
  "http://example.com\\",
  "http://user@example.com",
  "http://good.example@evil.example",
  "http://example.com:65536",
  "http://example.com http://evil.example",
  "http://example.com, http://evil.example",
  "http://http://example.com",
  "http://::1",
  "http://example.com\n",
];

function originOf(text: string): Origin {
  const origin = parseOrigin(text);
  assert.ok(origin, text);
  return origin;
}

function requestOf(url: string): RequestOrigin {
  const [scheme, authority] = url.split("://");
  return {
    scheme: scheme === "https" ? "https" : "http",
    authority: parseAuthority(authority) ?? assert.fail(url),
  };
}

test("an origin has a scheme, a host in lower case, and always a port", () => {
  const cases: readonly (readonly [value: string, scheme: string, hostname: string, port: number])[] = [
    ["http://example.com", "http", "example.com", 80],
    ["https://example.com", "https", "example.com", 443],
    ["HTTPS://Example.COM:8443", "https", "example.com", 8443],
    ["http://localhost:3000", "http", "localhost", 3000],
    ["http://[::1]:3000", "http", "[::1]", 3000],
    ["http://example.com:", "http", "example.com", 80],
    ["https://example.com:80", "https", "example.com", 80],
    ["http://__proto__", "http", "__proto__", 80],
  ];
  for (const [value, scheme, hostname, port] of cases) {
    assert.deepEqual(parseOrigin(value), { scheme, hostname, port }, value);
  }
});

test("what names no http or https origin is none: null, other schemes, lists, URLs", () => {
  for (const value of [...neither, "http://*.example.com"]) {
    assert.equal(parseOrigin(value), undefined, value);
  }
  for (const character of ["/", ":", "a", "["]) {
    assert.equal(parseOrigin(`http://${character.repeat(100_000)}!`), undefined, character);
  }
});

test("an entry of allowedOrigins is an origin or every subdomain of a domain", () => {
  assert.deepEqual(parseOriginPattern("https://Example.com"), {
    scheme: "https",
    hostname: "example.com",
    port: 443,
    subdomains: false,
  });
  assert.deepEqual(parseOriginPattern("HTTP://*.Example.com:8080"), {
    scheme: "http",
    hostname: "example.com",
    port: 8080,
    subdomains: true,
  });
});

test("an entry that would allow everybody, or nobody, is none", () => {
  const bad = [
    "*://example.com",
    "*.example.com",
    "https://*",
    "https://*.",
    "https://*:443",
    "https://**.example.com",
    "https://*.*.example.com",
    "https://a.*.example.com",
    "https://*example.com",
    "https://example.*",
    "https://example.com:*",
    "wss://*.example.com",
    "x https://*.example.com",
  ];
  for (const entry of [...neither, ...bad]) assert.equal(parseOriginPattern(entry), undefined, entry);
});

test("a pattern allows its scheme, its port and its host, or its subdomains but not the domain itself", () => {
  const cases: readonly (readonly [pattern: string, origin: string, isAllowed: boolean])[] = [
    ["https://example.com", "https://example.com", true],
    ["https://example.com", "https://EXAMPLE.com:443", true],
    ["https://example.com", "http://example.com", false],
    ["https://example.com", "http://example.com:443", false],
    ["https://example.com", "https://example.com:8443", false],
    ["https://example.com", "https://a.example.com", false],
    ["https://example.com", "https://example.com.evil.example", false],
    ["https://*.example.com", "https://a.example.com", true],
    ["https://*.example.com", "https://a.b.example.com", true],
    ["https://*.example.com", "https://example.com", false],
    ["https://*.example.com", "https://evilexample.com", false],
    ["https://*.example.com", "https://a.example.com.evil.example", false],
    ["https://*.example.com", "http://a.example.com", false],
    ["https://*.example.com", "https://a.example.com:8443", false],
    ["http://*.localhost:3000", "http://a.localhost:3000", true],
  ];
  for (const [entry, origin, isAllowed] of cases) {
    const pattern = parseOriginPattern(entry) as OriginPattern;
    assert.equal(matchesPattern(originOf(origin), pattern), isAllowed, `${origin} by ${entry}`);
  }
});

test("a page is of the same origin if host and port are the same, default ports filled in", () => {
  const cases: readonly (readonly [origin: string, request: string, isSame: boolean])[] = [
    ["http://example.com", "http://example.com", true],
    ["http://EXAMPLE.com", "http://example.COM:80", true],
    ["http://example.com:80", "http://example.com", true],
    ["http://localhost:10000", "http://localhost:10000", true],
    ["https://example.com", "https://example.com:443", true],
    ["http://[::1]:3000", "http://[::1]:3000", true],
    ["http://example.com", "http://example.com:8080", false],
    ["http://example.com:8080", "http://example.com", false],
    ["http://a.example.com", "http://example.com", false],
    ["http://example.com", "http://a.example.com", false],
    ["http://localhost:3000", "http://127.0.0.1:3000", false],
    ["http://localhost:3000", "http://localhost:10000", false],
    ["https://example.com:80", "https://example.com", false],
    ["https://example.com:80", "http://example.com", false],
    // A proxy that ends TLS and forwards only Host: the default port is the one of the page's scheme.
    ["https://example.com", "http://example.com", true],
    ["https://example.com", "http://example.com:443", true],
    ["https://example.com:8443", "http://example.com:8443", true],
    ["https://example.com", "http://example.com:80", false],
    // The reverse is a page that anybody on the way could have written.
    ["http://example.com", "https://example.com", false],
    ["http://example.com:443", "https://example.com", false],
    ["http://example.com:8080", "https://example.com:8080", false],
  ];
  for (const [origin, request, isSame] of cases) {
    assert.equal(isSameOrigin(originOf(origin), requestOf(request)), isSame, `${origin} at ${request}`);
  }
});

test("the request's own origin is written as a browser would write it", () => {
  for (const [request, text] of [
    ["http://example.com:80", "http://example.com"],
    ["https://example.com:443", "https://example.com"],
    ["https://[::1]:8443", "https://[::1]:8443"],
    ["http://localhost", "http://localhost"],
  ] as const) {
    assert.equal(formatOrigin(requestOf(request)), text);
  }
});
