import assert from "node:assert/strict";
import { test } from "node:test";
import { resolveSettings } from "../../src/web/settings.ts";
import { settingRefusal } from "../support/settings.ts";

test("an origin that is none is refused with the entry", () => {
  const good = [
    "https://app.example.com",
    "http://localhost:3000",
    "https://*.example.com",
    "HTTPS://*.EXAMPLE.com:8443",
  ];
  assert.equal(resolveSettings({ allowedOrigins: good }).origins.length, good.length);
  const bad = [
    "*",
    "",
    "null",
    "app.example.com",
    "https://",
    "https://*",
    "https://*.",
    "https://*.*.com",
    "https://*example.com",
    "https://app.*.com",
    "https://app.example.com/",
    "https://app.example.com/path",
    "https://app.example.com?x",
    "https://user@app.example.com",
    "https://app.example.com:port",
    "https://app.example.com:*",
    "https://app.example.com:99999",
    "https://a.example, https://b.example",
    " https://app.example.com",
    "ws://app.example.com",
    "file:///",
    "//app.example.com",
  ];
  for (const entry of bad) {
    const message = settingRefusal({ allowedOrigins: [...good, entry] });
    assert.ok(message.startsWith("setting allowedOrigins must be origins such as"), message);
    assert.ok(message.endsWith(`got "${entry}"`), message);
  }
});

test("a host that is none is refused with the entry", () => {
  const { hosts, anyHost } = resolveSettings({
    allowedHosts: ["App.example.com", "*.Example.com", "[::1]", "10.0.0.1"],
  });
  assert.deepEqual(hosts, [
    { hostname: "app.example.com", subdomains: false },
    { hostname: "example.com", subdomains: true },
    { hostname: "[::1]", subdomains: false },
    { hostname: "10.0.0.1", subdomains: false },
  ]);
  assert.equal(anyHost, false);
  assert.deepEqual(resolveSettings({ allowedHosts: ["*"] }).anyHost, true);
  const bad = [
    "",
    "*.",
    "**",
    "*.*.com",
    "a.*",
    "*a.com",
    "a.com:80",
    "a.com:",
    "http://a.com",
    "a.com/",
    "a b",
    "a,b",
    "::1",
    "[::1",
  ];
  for (const entry of bad) {
    const message = settingRefusal({ allowedHosts: ["good.example", entry] });
    assert.ok(message.startsWith("setting allowedHosts must be host names without a port"), message);
    assert.ok(message.endsWith(`got "${entry}"`), message);
  }
});

test("a proxy that is none is refused with the entry", () => {
  const good = ["10.0.0.7", "10.0.0.0/8", "0.0.0.0/0", "::1", "2001:db8::/32", "fe80::/128", "loopback"];
  void resolveSettings({ trustedProxies: good });
  const bad = [
    "",
    "localhost",
    "*",
    "10.0.0.0/33",
    "::1/129",
    "10.0.0.0/",
    "10.0.0.0/-1",
    "10.0.0.0/x",
    "10.0.0.0/8/8",
    "10.0.0",
    "10.0.0.256",
    "[::1]",
    "10.0.0.1:80",
    " 10.0.0.1",
    "Loopback",
  ];
  for (const entry of bad) {
    const message = settingRefusal({ trustedProxies: [...good, entry] });
    assert.equal(
      message,
      `setting trustedProxies must be IP addresses, CIDR blocks, "loopback" or "unix", got "${entry}"`,
    );
  }
});

test("a list is a list of strings, and what is wrong in it is shown", () => {
  for (const name of ["allowedOrigins", "allowedHosts", "trustedProxies"]) {
    for (const [value, got] of [
      ["https://app.example.com", '"https://app.example.com"'],
      [null, "null"],
      [5, "5"],
      [{}, "an object (Object)"],
      [new Set(["a.example"]), "an object (Set)"],
    ] as const) {
      assert.equal(
        settingRefusal({ [name]: value }),
        `setting ${name} must be a list of strings, got ${got}`,
      );
    }
    for (const [entry, got] of [
      [5, "5"],
      [null, "null"],
      [undefined, "undefined"],
      [["a"], "an array"],
      [/a/, "an object (RegExp)"],
    ] as const) {
      const message = settingRefusal({ [name]: [entry] });
      assert.ok(message.endsWith(` got ${got}`) || message.endsWith(`, got an array with ${got}`), message);
    }
  }
});

test("an entry that was made to look like another one is shown for what it is", () => {
  assert.ok(
    settingRefusal({ allowedOrigins: ["https://\u202Emoc.elpmaxe"] }).endsWith(
      String.raw`got "https://\u{202e}moc.elpmaxe"`,
    ),
  );
});
