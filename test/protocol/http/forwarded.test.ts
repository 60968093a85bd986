import assert from "node:assert/strict";
import { isIP } from "node:net";
import { test } from "node:test";
import type { ForwardedInput, ForwardedResult } from "../../../src/protocol/http/forwarded.ts";
import { resolveForwarded } from "../../../src/protocol/http/forwarded.ts";

const host = { hostname: "internal", port: 8080 };

/** A request from 10.0.0.1 over plain HTTP; every address that begins with "10." or "fd" is a trusted proxy. */
function resolve(changes: Partial<ForwardedInput>): ForwardedResult {
  return resolveForwarded({
    peerAddress: "10.0.0.1",
    scheme: "http",
    host,
    forwardedFor: undefined,
    forwardedProto: undefined,
    forwardedHost: undefined,
    isTrusted: (address) => address.startsWith("10.") || address.startsWith("fd"),
    isAddress: (text) => isIP(text) !== 0,
    ...changes,
  });
}

test("what a stranger forwards does not count", () => {
  const claims = { forwardedFor: "1.2.3.4", forwardedProto: "https", forwardedHost: "evil.example" };
  assert.deepEqual(resolve({ peerAddress: "192.0.2.1", ...claims }), {
    remoteAddress: "192.0.2.1",
    scheme: "http",
    host,
    isHostForwarded: false,
  });
});

test("a trusted proxy that forwards nothing is where the request came from", () => {
  assert.deepEqual(resolve({}), { remoteAddress: "10.0.0.1", scheme: "http", host, isHostForwarded: false });
  assert.deepEqual(resolve({ scheme: "https" }).scheme, "https");
});

test("what a trusted proxy forwards counts", () => {
  const claims = { forwardedFor: "192.0.2.1", forwardedProto: "https", forwardedHost: "App.example:8443" };
  assert.deepEqual(resolve(claims), {
    remoteAddress: "192.0.2.1",
    scheme: "https",
    host: { hostname: "app.example", port: 8443 },
    isHostForwarded: true,
  });
});

test("the client is the first from the right that is no trusted proxy", () => {
  const cases: readonly (readonly [forwardedFor: string, remoteAddress: string])[] = [
    ["192.0.2.1", "192.0.2.1"],
    ["192.0.2.1, 10.0.0.2", "192.0.2.1"],
    ["192.0.2.1,10.0.0.3,\t10.0.0.2", "192.0.2.1"],
    // Everything to the left of the client was written by the client.
    ["1.2.3.4, 192.0.2.1", "192.0.2.1"],
    ["10.0.0.9, 192.0.2.1, 10.0.0.2", "192.0.2.1"],
    ["127.0.0.1, 192.0.2.1", "192.0.2.1"],
    // Nobody but trusted proxies: the farthest of them.
    ["10.0.0.3, 10.0.0.2", "10.0.0.3"],
    // What is no address ends the chain: what stands to its left has nobody to vouch for it.
    ["192.0.2.1, unknown", "10.0.0.1"],
    ["192.0.2.1, unknown, 10.0.0.2", "10.0.0.2"],
    ["192.0.2.1, _hidden", "10.0.0.1"],
    ["192.0.2.1, 999.0.0.1", "10.0.0.1"],
    ["192.0.2.1, localhost", "10.0.0.1"],
    ["__proto__", "10.0.0.1"],
    // Empty members are no members.
    ["", "10.0.0.1"],
    [" , ", "10.0.0.1"],
    ["192.0.2.1, , ", "192.0.2.1"],
    // Ports are taken off, and brackets.
    ["192.0.2.1:4711", "192.0.2.1"],
    ["192.0.2.1:4711, 10.0.0.2:80", "192.0.2.1"],
    ["2001:db8::1", "2001:db8::1"],
    ["[2001:db8::1]", "2001:db8::1"],
    ["[2001:db8::1]:4711", "2001:db8::1"],
    ["192.0.2.1, [fd00::1]:80", "192.0.2.1"],
    ["::ffff:192.0.2.1", "::ffff:192.0.2.1"],
    // Half of it is no address.
    ["[2001:db8::1", "10.0.0.1"],
    ["2001:db8::1]", "10.0.0.1"],
    ["[", "10.0.0.1"],
    ["[]", "10.0.0.1"],
    [":", "10.0.0.1"],
    [":80", "10.0.0.1"],
    ["192.0.2.1:80:80", "10.0.0.1"],
    [`${"1.2.3.4, ".repeat(20_000)}192.0.2.1`, "192.0.2.1"],
    ["[".repeat(100_000), "10.0.0.1"],
    [":".repeat(100_000), "10.0.0.1"],
  ];
  for (const [forwardedFor, remoteAddress] of cases) {
    assert.equal(resolve({ forwardedFor }).remoteAddress, remoteAddress, forwardedFor.slice(0, 50));
  }
});

test("the scheme is the one that the nearest proxy wrote, if it is one", () => {
  const cases: readonly (readonly [forwardedProto: string, scheme: string])[] = [
    ["https", "https"],
    ["HTTPS", "https"],
    ["http, https", "https"],
    ["https, http", "http"],
    ["", "http"],
    ["ftp", "http"],
    ["https, javascript", "http"],
    ["httpss", "http"],
    ["constructor", "http"],
  ];
  for (const [forwardedProto, scheme] of cases) {
    assert.equal(resolve({ forwardedProto }).scheme, scheme, forwardedProto);
  }
  assert.equal(resolve({ scheme: "https", forwardedProto: "http" }).scheme, "http");
  assert.equal(resolve({ scheme: "https", forwardedProto: "ftp" }).scheme, "https");
});

test("Traefik writes wss and ws for a WebSocket, which are https and http", () => {
  assert.equal(resolve({ forwardedProto: "wss" }).scheme, "https");
  assert.equal(resolve({ scheme: "https", forwardedProto: "ws" }).scheme, "http");
});

test("the host is the one that the nearest proxy wrote, if it is one", () => {
  const cases: readonly (readonly [forwardedHost: string, resolved: object])[] = [
    ["app.example", { hostname: "app.example", port: undefined }],
    ["evil.example, app.example:1", { hostname: "app.example", port: 1 }],
    ["", host],
    ["user@app.example", host],
    ["app.example/path", host],
    // A bad last member is not made good by one that the client could have written.
    ["evil.example, not a host", host],
  ];
  for (const [forwardedHost, resolved] of cases) {
    assert.deepEqual(resolve({ forwardedHost }).host, resolved, forwardedHost);
  }
});
