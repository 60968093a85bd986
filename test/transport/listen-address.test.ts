import assert from "node:assert/strict";
import { test } from "node:test";
import { checkPort, listenError, serverUrl } from "../../src/transport/listen-address.ts";

test("the URL is the one under which this machine reaches the server", () => {
  const cases: readonly (readonly ["http" | "https", string | undefined, number, string])[] = [
    ["http", undefined, 10_000, "http://localhost:10000"],
    ["http", "::", 10_000, "http://localhost:10000"],
    ["http", "0.0.0.0", 10_000, "http://localhost:10000"],
    ["http", "127.0.0.1", 10_000, "http://127.0.0.1:10000"],
    ["http", "::1", 10_000, "http://[::1]:10000"],
    ["http", "example.com", 80, "http://example.com"],
    ["https", "example.com", 443, "https://example.com"],
    ["https", "example.com", 80, "https://example.com:80"],
    ["http", "example.com", 443, "http://example.com:443"],
  ];
  for (const [scheme, host, port, url] of cases) assert.equal(serverUrl(scheme, host, port), url);
});

test("a port is a whole number from 0 to 65535", () => {
  for (const port of [0, 1, 80, 65_535]) checkPort(port);
  for (const port of [-1, 65_536, 1.5, Number.NaN, Infinity, "80", undefined, null, 80n]) {
    assert.throws(() => checkPort(port), { name: "WaterspoutError", code: "PORT_INVALID" }, String(port));
  }
});

test("a listen that fails says which of the usual reasons it was", () => {
  const cases: readonly (readonly [errno: string, code: string, message: RegExp])[] = [
    ["EADDRINUSE", "PORT_IN_USE", /^port 80 on host\.example is already in use\. .*listen\(0\)/],
    [
      "EACCES",
      "PORT_FORBIDDEN",
      /^port 80 on host\.example may not be opened by this user\. Choose a port above 1023/,
    ],
    ["EADDRNOTAVAIL", "ADDRESS_INVALID", /"host\.example": it is not an address of this machine/],
    ["ENOTFOUND", "ADDRESS_INVALID", /"host\.example": the name cannot be resolved/],
    ["EAI_AGAIN", "ADDRESS_INVALID", /the name cannot be resolved/],
    ["EINVAL", "ADDRESS_INVALID", /the name cannot be resolved/],
    ["EMFILE", "LISTEN_FAILED", /^cannot listen on port 80 of host\.example: what the system said$/],
  ];
  for (const [errno, code, message] of cases) {
    const cause = Object.assign(new Error("what the system said"), { code: errno });
    const error = listenError(cause, 80, "host.example");
    assert.equal(error.code, code, errno);
    assert.match(error.message, message);
    assert.equal(error.cause, cause);
  }
  assert.match(
    listenError(Object.assign(new Error(), { code: "EADDRINUSE" }), 80, undefined).message,
    /^port 80 on all addresses/,
  );
});
