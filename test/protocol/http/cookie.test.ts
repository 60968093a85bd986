import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { inspect } from "node:util";
import fc from "fast-check";
import type { CookieAttributes } from "../../../src/protocol/http/cookie.ts";
import { formatSetCookie, parseCookies } from "../../../src/protocol/http/cookie.ts";
import { checkProperty } from "../../support/property.ts";

function parsed(field: string | undefined): Record<string, string> {
  return Object.fromEntries(parseCookies(field));
}

function refusal(name: unknown, value: unknown, attributes: CookieAttributes = {}): string {
  const result = formatSetCookie(name, value, attributes);
  assert.ok(typeof result === "object", `${inspect([name, value, attributes])} became ${inspect(result)}`);
  return result.reason;
}

suite("parseCookies", () => {
  test("reads names and values, with or without a space behind the semicolon", () => {
    assert.deepEqual(parsed("a=1; b=2;c=3"), { a: "1", b: "2", c: "3" });
    assert.deepEqual(parsed("a=x=y; b="), { a: "x=y", b: "" });
    assert.deepEqual(parsed(' a = 1 ;\tb="2 3"'), { a: "1", b: "2 3" });
  });

  test("of equal names the first counts", () => {
    assert.deepEqual(parsed("a=special; a=general; a="), { a: "special" });
  });

  test("leaves out what is no pair, and refuses nothing", () => {
    for (const field of [undefined, "", ";", "a", "a;b", "; ;"]) assert.deepEqual(parsed(field), {}, field);
    assert.deepEqual(parsed("a; b=2; c"), { b: "2" });
  });

  test("names such as __proto__ are names like others", () => {
    const cookies = parseCookies("__proto__=1; constructor=2; toString=3");
    assert.deepEqual(
      [...cookies],
      [
        ["__proto__", "1"],
        ["constructor", "2"],
        ["toString", "3"],
      ],
    );
    assert.equal(cookies.get("hasOwnProperty"), undefined);
  });

  test("values are decoded", () => {
    assert.deepEqual(parsed('a=%C3%A9; b="x\\073y"; c=100%'), { a: "é", b: "x;y", c: "100%" });
    assert.deepEqual(parsed(Buffer.from("a=é").toString("latin1")), { a: "é" });
  });

  test("never throws", (context) => {
    checkProperty(
      context,
      fc.property(
        fc.string({ unit: fc.constantFrom("a", "=", ";", ",", " ", '"', "\\", "%", "0", "\xff", "7") }),
        (field) => {
          parseCookies(field);
        },
      ),
    );
  });
});

suite("the time to parse grows linearly", () => {
  const hostile: Readonly<Record<string, (count: number) => string>> = {
    "many cookies": (count) => Array.from({ length: count }, (_, at) => `c${at}=${at}`).join("; "),
    "equal names": (count) => "a=1; ".repeat(count),
    "names without values": (count) => "a;".repeat(count),
    "names without values, and a pair": (count) => `${"a;".repeat(count)}b=1`,
    semicolons: (count) => ";".repeat(count),
    "equals signs": (count) => "=".repeat(count),
    spaces: (count) => `a=${" ".repeat(count)}b${" ".repeat(count)};`,
    "backslashes in quotes": (count) => `a="${"\\".repeat(count)}"`,
    "octal numbers in quotes": (count) => `a="${"\\073".repeat(count)}"`,
    "quotes that nothing ends": (count) => 'a="\\'.repeat(count),
    "percent signs": (count) => `a=${"%".repeat(count)}`,
    "encoded characters": (count) => `a=${"%41".repeat(count)}`,
    bytes: (count) => `a=${"\xc3".repeat(count)}`,
  };

  /** The processor time of the fastest of some runs, so that what else this machine does counts less. */
  function fastest(field: string): number {
    const times = Array.from({ length: 5 }, () => {
      const start = process.cpuUsage();
      parseCookies(field);
      const { user, system } = process.cpuUsage(start);
      return user + system;
    });
    return Math.min(...times);
  }

  for (const [name, make] of Object.entries(hostile)) {
    test(name, () => {
      // Doubled five times: 32 times as much if linear, a thousand times as much if quadratic.
      const [small, large] = [make(4_000), make(128_000)].map(fastest) as [number, number];
      assert.ok(large < 200 * Math.max(small, 100), `${small} µs and ${large} µs`);
    });
  }
});

suite("formatSetCookie", () => {
  test("writes every attribute", () => {
    const expires = new Date(Date.UTC(2030, 0, 2, 3, 4, 5));
    assert.equal(formatSetCookie("a", "1", {}), "a=1");
    assert.equal(
      formatSetCookie("a", "1", {
        domain: "example.com",
        path: "/x",
        expires,
        maxAge: 60,
        secure: true,
        httpOnly: true,
        sameSite: "none",
        partitioned: true,
        priority: "high",
      }),
      "a=1; Max-Age=60; Domain=example.com; Path=/x; Expires=Wed, 02 Jan 2030 03:04:05 GMT; HttpOnly; Secure; Partitioned; Priority=High; SameSite=None",
    );
    assert.equal(formatSetCookie("a", "", { maxAge: 0, sameSite: "lax" }), "a=; Max-Age=0; SameSite=Lax");
    const off = { secure: false, httpOnly: false, sameSite: false, partitioned: false, path: "" } as const;
    assert.equal(formatSetCookie("a", "1", { ...off, domain: undefined }), "a=1");
  });

  test("encodes what may not stand in a value", () => {
    assert.equal(formatSetCookie("a", 'é "郑", 5%', {}), "a=%C3%A9%20%22%E9%83%91%22%2C%205%25");
  });

  test("refuses names that are none", () => {
    for (const name of ["", "a b", "a=b", "a;b", "a\r\nb", "é", "a,b", "a\u0000", undefined, 5]) {
      assert.match(refusal(name, "1"), /^a name has letters/);
    }
  });

  test("refuses control characters and semicolons in values, without showing them", () => {
    for (const value of ["a;b", "secret\r\nSet-Cookie: x=1", "\u0000", "\u007f", "\u0085", "\t"]) {
      const reason = refusal("a", value);
      assert.match(reason, /^its value has a control character or ";"/);
      assert.doesNotMatch(reason, /secret/);
    }
    assert.equal(refusal("a", 5), "its value must be a string");
    assert.equal(refusal("a", "\ud800"), "its value has half of a surrogate pair");
  });

  test("refuses attributes that would become others", () => {
    const wrong: [CookieAttributes, RegExp][] = [
      [{ domain: "a.example; Path=/" }, /^its domain must be a host name/],
      [{ domain: "a.example\r\n" }, /^its domain must be/],
      [{ path: "/a; Domain=evil.example" }, /^its path must be a path/],
      [{ path: "/a\n" }, /^its path must be a path/],
      [{ path: "/é" }, /^its path must be a path/],
      [{ path: "a" }, /^its path must begin with "\/"/],
      [{ expires: new Date(Number.NaN) }, /^its expires must be a valid Date/],
      [{ maxAge: 1.5 }, /^its maxAge must be a whole number of seconds/],
      [{ maxAge: Number.NaN }, /^its maxAge/],
      [{ sameSite: "maybe" as "lax" }, /^its sameSite must be "strict", "lax", "none" or false/],
      [{ priority: "urgent" as "high" }, /^its priority must be "low", "medium" or "high"/],
      [{ maxAge: 0.5, domain: " " }, /^its maxAge must be .*; its domain must be /],
    ];
    for (const [attributes, reason] of wrong) assert.match(refusal("a", "1", attributes), reason);
  });

  test("refuses what a browser would drop without a word", () => {
    assert.match(refusal("a", "1", { sameSite: "none" }), /it must be secure$/);
    assert.match(refusal("a", "1", { partitioned: true, secure: false }), /it must be secure$/);
    assert.match(refusal("__Secure-a", "1"), /it must be secure$/);
    assert.match(refusal("__host-a", "1", { path: "/" }), /it must be secure$/);
    assert.match(refusal("__Host-a", "1", { secure: true }), /its path must be "\/"/);
    assert.match(refusal("__Host-a", "1", { secure: true, path: "/", domain: "a.example" }), /no domain$/);
    assert.equal(formatSetCookie("__Host-a", "1", { secure: true, path: "/" }), "__Host-a=1; Path=/; Secure");
    assert.equal(typeof formatSetCookie("abcd", "x".repeat(4092), {}), "string");
    assert.equal(
      refusal("abcd", "é".repeat(682) + "x"),
      "name and encoded value have 4097 bytes, and browsers keep at most 4096",
    );
  });
});
