import assert from "node:assert/strict";
import { test } from "node:test";
import type { HostPattern } from "../../../src/protocol/http/host-pattern.ts";
import { isAllowedHost, parseHostPattern } from "../../../src/protocol/http/host-pattern.ts";

test("an entry of allowedHosts is a host name or every subdomain of one", () => {
  const cases: readonly (readonly [entry: string, hostname: string, subdomains: boolean])[] = [
    ["example.com", "example.com", false],
    ["Example.COM", "example.com", false],
    ["*.Example.com", "example.com", true],
    ["[::1]", "[::1]", false],
    ["127.0.0.1", "127.0.0.1", false],
    ["__proto__", "__proto__", false],
  ];
  for (const [entry, hostname, subdomains] of cases) {
    assert.deepEqual(parseHostPattern(entry), { hostname, subdomains }, entry);
  }
});

test("an entry that is not that is none", () => {
  const bad = [
    "",
    "*",
    "*.",
    "**.example.com",
    "*.*.example.com",
    "a.*.example.com",
    "*example.com",
    "example.com:80",
    "example.com:",
    "[::1]:80",
    "::1",
    "http://example.com",
    "example.com/",
    "user@example.com",
    "a.example, b.example",
    " example.com",
  ];
  for (const entry of bad) assert.equal(parseHostPattern(entry), undefined, entry);
});

test("a host is allowed by its own name, or as a subdomain at any depth but not as the domain itself", () => {
  const patterns = ["example.com", "*.example.org", "[::1]"].map(
    (entry) => parseHostPattern(entry) as HostPattern,
  );
  const allowed = ["example.com", "a.example.org", "a.b.example.org", "[::1]"];
  const refused = [
    "",
    "a.example.com",
    "example.com.evil.example",
    "evilexample.com",
    "example.org",
    "evilexample.org",
    "a.example.org.evil.example",
    "[::2]",
  ];
  for (const hostname of allowed) assert.equal(isAllowedHost(hostname, patterns), true, hostname);
  for (const hostname of refused) assert.equal(isAllowedHost(hostname, patterns), false, hostname);
  assert.equal(isAllowedHost("example.com", []), false);
});
