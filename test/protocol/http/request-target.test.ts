import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRequestTarget } from "../../../src/protocol/http/request-target.ts";

test("a path is split at its first question mark and otherwise left alone (RFC 9112 §3.2.1)", () => {
  const cases: readonly (readonly [target: string, path: string, query: string])[] = [
    ["/", "/", ""],
    ["/url", "/url", ""],
    ["/url?", "/url", ""],
    ["/url?a=b", "/url", "a=b"],
    ["/?a?b", "/", "a?b"],
    // Nothing is decoded or resolved: what a handler sees is what was asked for.
    ["/a%2Fb/../c/./%2e%2E?x=%00", "/a%2Fb/../c/./%2e%2E", "x=%00"],
    ["/%", "/%", ""],
    // RFC 9112 §3.2.1 has no authority here, although a URL parser would find one.
    ["//evil.example/a", "//evil.example/a", ""],
    ["///", "///", ""],
    ["/http://evil.example/", "/http://evil.example/", ""],
    ["/\\evil.example", "/\\evil.example", ""],
    ["/__proto__?constructor", "/__proto__", "constructor"],
    [`/${"a?".repeat(50_000)}`, "/a", "a?".repeat(49_999)],
  ];
  for (const [target, path, query] of cases) {
    assert.deepEqual(parseRequestTarget(target), { path, query, authority: undefined }, target.slice(0, 50));
  }
});

test("an asterisk is the server as a whole (RFC 9112 §3.2.4)", () => {
  assert.deepEqual(parseRequestTarget("*"), { path: "*", query: "", authority: undefined });
});

test("an absolute target names its host (RFC 9112 §3.2.2)", () => {
  const cases: readonly (readonly [target: string, path: string, query: string, authority: string])[] = [
    ["http://example.com", "/", "", "example.com"],
    ["http://example.com/", "/", "", "example.com"],
    ["HTTPS://Example.com:8443/a/b?c?d", "/a/b", "c?d", "Example.com:8443"],
    ["http://example.com?a=b", "/", "a=b", "example.com"],
    ["http://example.com?a=/b", "/", "a=/b", "example.com"],
    ["http://[::1]:80//x", "//x", "", "[::1]:80"],
    ["http://example.com:/", "/", "", "example.com:"],
  ];
  for (const [target, path, query, authority] of cases) {
    assert.deepEqual(parseRequestTarget(target), { path, query, authority }, target);
  }
});

test("no other form is taken", () => {
  const refused = [
    "",
    "url",
    "*/",
    "**",
    "?a",
    " /",
    // The authority form is CONNECT's.
    "example.com:443",
    "http:",
    "http://",
    "http:///",
    "http:///path",
    "http://?a",
    "http:/example.com/",
    "http:example.com",
    "http:\\\\example.com",
    "ws://example.com/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "http://user@example.com/",
    "http://user:password@example.com/",
    "http://good.example\\@evil.example/",
    "http://a.example,b.example/",
    "http://example.com:65536/",
    "http://ex ample.com/",
    "http://example.com/#a",
    "http://example.com#a",
    "xhttp://example.com/",
  ];
  for (const target of refused) assert.equal(parseRequestTarget(target), undefined, target);
});

test("a long target that is wrong at its end is refused at once", () => {
  const half = "a".repeat(50_000);
  for (const target of [`http://${half}${half}#`, `http://${half}/${half}#a`, `http://${half}?${half}#a`]) {
    const start = performance.now();
    assert.equal(parseRequestTarget(target), undefined);
    // One pass takes well under a millisecond; an expression that goes back for every byte takes ten seconds.
    assert.ok(performance.now() - start < 1000, "the time is linear in the length");
  }
});
