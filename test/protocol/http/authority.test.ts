import assert from "node:assert/strict";
import { test } from "node:test";
import {
  defaultPort,
  formatAuthority,
  isLoopbackName,
  parseAuthority,
} from "../../../src/protocol/http/authority.ts";

test("a host with or without a port is parsed, in lower case", () => {
  const cases: readonly (readonly [text: string, hostname: string, port?: number])[] = [
    ["example.com", "example.com"],
    ["EXAMPLE.Com:8080", "example.com", 8080],
    ["localhost:0", "localhost", 0],
    ["localhost:65535", "localhost", 65_535],
    ["localhost:00080", "localhost", 80],
    // RFC 3986 §3.2.3: an empty port is the scheme's default one.
    ["localhost:", "localhost"],
    ["127.0.0.1:80", "127.0.0.1", 80],
    ["[::1]", "[::1]"],
    ["[::]", "[::]"],
    ["[::]:80", "[::]", 80],
    ["[::1]:", "[::1]"],
    ["[2001:DB8::A]:443", "[2001:db8::a]", 443],
    ["[::ffff:192.0.2.1]:1", "[::ffff:192.0.2.1]", 1],
    ["my_host-1.example.", "my_host-1.example."],
    // Names that mean something to objects are names like others.
    ["__proto__:1", "__proto__", 1],
    ["constructor", "constructor"],
    ["a".repeat(100_000), "a".repeat(100_000)],
  ];
  for (const [text, hostname, port] of cases) {
    assert.deepEqual(parseAuthority(text), { hostname, port }, text.slice(0, 50));
  }
});

test("anything else that a Host header could hold is refused", () => {
  const refused = [
    undefined,
    "",
    // A label is never empty; only the root behind the last dot is.
    ".",
    ".example.com",
    "a..example",
    "example.com..",
    ":",
    ":80",
    " ",
    // User information: the host that is shown is not the host that is meant.
    "user@example.com",
    "user:password@example.com",
    "example.com:80@evil.example",
    "@example.com",
    // Lists, which are what a repeated header becomes.
    "a.example, b.example",
    "a.example,a.example",
    "a.example b.example",
    // Whitespace and control characters anywhere.
    " example.com",
    "example.com ",
    "example.com\t",
    "example.com\n",
    "example.com:80\n",
    "example.com:80 ",
    "example.com: 80",
    "a\0b",
    // More than an authority.
    "http://example.com",
    "//example.com",
    "example.com/",
    "example.com?",
    "example.com#",
    "example.com\\",
    "example.com;a",
    // IPv6 without or with half of its brackets, empty, with a zone, with something around it.
    "::1",
    "::1:80",
    "[::1",
    "::1]",
    "[::1:80",
    "[]",
    "[::1]]:80",
    "[[::1]]",
    "[::1]80",
    "[::1]a:80",
    "a[::1]:80",
    "[fe80::1%25eth0]",
    "[fe80::1%eth0]",
    "[example.com]",
    // Ports that are none.
    "example.com:65536",
    "example.com:123456",
    "example.com:000080",
    "example.com:-1",
    "example.com:+80",
    "example.com:0x50",
    "example.com:1e3",
    "example.com:8.0",
    "example.com:http",
    "example.com:80:80",
    "[::1]:80:80",
    "example.com:٨٠",
    // Not a name that DNS carries: browsers send the punycode of the first.
    "münchen.example",
    "ex%61mple.com",
    "*",
    "*.example.com",
    "a'b",
    '"a"',
    "<a>",
    ":".repeat(100_000),
    "[".repeat(100_000),
    `${"a".repeat(100_000)}!`,
  ];
  for (const text of refused) assert.equal(parseAuthority(text), undefined, text?.slice(0, 50));
});

test("a port that the scheme implies is not written", () => {
  assert.equal(formatAuthority({ hostname: "a.example", port: undefined }, "http"), "a.example");
  assert.equal(formatAuthority({ hostname: "a.example", port: 80 }, "http"), "a.example");
  assert.equal(formatAuthority({ hostname: "a.example", port: 443 }, "https"), "a.example");
  assert.equal(formatAuthority({ hostname: "a.example", port: 443 }, "http"), "a.example:443");
  assert.equal(formatAuthority({ hostname: "a.example", port: 80 }, "https"), "a.example:80");
  assert.equal(formatAuthority({ hostname: "[::1]", port: 0 }, "http"), "[::1]:0");
});

test("each scheme has its default port", () => {
  assert.equal(defaultPort("http"), 80);
  assert.equal(defaultPort("https"), 443);
});

test("only names that can mean no other machine are loopback names", () => {
  const loopback = ["localhost", "app.localhost", "a.b.localhost", "127.0.0.1", "127.255.0.254", "[::1]"];
  const others = [
    "",
    "localhost.example.com",
    "notlocalhost",
    "localhosts",
    "127.0.0.1.example.com",
    "a127.0.0.1",
    "127.0.0",
    "127.0.0.1.1",
    "127.0.0.1000",
    "128.0.0.1",
    "[::2]",
    "[::1].example.com",
    "0.0.0.0",
    "192.168.0.1",
  ];
  for (const name of loopback) assert.equal(isLoopbackName(name), true, name);
  for (const name of others) assert.equal(isLoopbackName(name), false, name);
});
