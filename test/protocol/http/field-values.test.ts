import assert from "node:assert/strict";
import { test } from "node:test";
import {
  isToken,
  listIncludes,
  listMembers,
  parseExtensions,
} from "../../../src/protocol/http/field-values.ts";

test("a token is one or more of the characters of RFC 9110 §5.6.2, and no others", () => {
  const allowed = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]$/;
  for (let code = 0; code < 0x180; code++) {
    const character = String.fromCodePoint(code);
    assert.equal(isToken(character), allowed.test(character), JSON.stringify(character));
    assert.equal(isToken(`a${character}`), allowed.test(character), JSON.stringify(character));
  }
  assert.equal(isToken(""), false);
  assert.equal(isToken("chat.v2+json"), true);
  assert.equal(isToken("constructor"), true);
  assert.equal(isToken("👍"), false);
  assert.equal(isToken("a".repeat(100_000)), true);
});

test("a list is split at commas; spaces, tabs and empty members do not count (RFC 9110 §5.6.1)", () => {
  const cases: readonly (readonly [value: string | undefined, members: readonly string[]])[] = [
    [undefined, []],
    ["", []],
    [" \t ", []],
    [",", []],
    [", ,\t,", []],
    ["a", ["a"]],
    ["a,b", ["a", "b"]],
    ["\ta \t, ,,  b\t", ["a", "b"]],
    ["a b, c", ["a b", "c"]],
    // Only spaces and tabs are whitespace here: what else trim() would remove may not be there at all.
    ["\u00a0a\n", ["\u00a0a\n"]],
    ['"a,b"', ['"a', 'b"']],
    ["__proto__, constructor", ["__proto__", "constructor"]],
    [",".repeat(100_000), []],
    [" ".repeat(100_000), []],
  ];
  for (const [value, members] of cases) assert.deepEqual(listMembers(value), members, value?.slice(0, 50));
  assert.equal(listMembers("a,".repeat(50_000)).length, 50_000);
});

test("whether a list has a member does not depend on case, and half a member is none", () => {
  const having = ["upgrade", "UPGRADE", "keep-alive, Upgrade", "a,\tupgrade ,b", "upgrade, upgrade"];
  const lacking = [
    undefined,
    "",
    "keep-alive",
    "upgrades",
    "up grade",
    "un-upgrade",
    '"upgrade"',
    "upgrade;a",
  ];
  for (const value of having) assert.equal(listIncludes(value, "upgrade"), true, value);
  for (const value of lacking) assert.equal(listIncludes(value, "upgrade"), false, value);
});

test("extensions keep their order, their alternatives and their repeated parameters", () => {
  const cases: readonly (readonly [value: string | undefined, offers: readonly unknown[]])[] = [
    [undefined, []],
    ["", []],
    [" , ,", []],
    ["permessage-deflate", [{ name: "permessage-deflate", parameters: [] }]],
    [
      "permessage-deflate; client_max_window_bits; server_max_window_bits=10, permessage-deflate",
      [
        {
          name: "permessage-deflate",
          parameters: [
            ["client_max_window_bits", true],
            ["server_max_window_bits", "10"],
          ],
        },
        { name: "permessage-deflate", parameters: [] },
      ],
    ],
    // RFC 6455 §9.1: a value may be quoted, and is then a token all the same.
    ['a ;\tb = "10" ; c="x\\yz"', [{ name: "a", parameters: [["b", "10"], ["c", "xyz"]] }]], // prettier-ignore
    ["a; b=1; b=2; B", [{ name: "a", parameters: [["b", "1"], ["b", "2"], ["B", true]] }]], // prettier-ignore
    ["__proto__; constructor=toString", [{ name: "__proto__", parameters: [["constructor", "toString"]] }]],
    [",a,,b,", [{ name: "a", parameters: [] }, { name: "b", parameters: [] }]], // prettier-ignore
  ];
  for (const [value, offers] of cases) assert.deepEqual(parseExtensions(value), offers, value);
});

test("extensions that break the grammar are none", () => {
  const broken = [
    "a b",
    "a;",
    "a;;b",
    ";",
    ";a",
    "=",
    "a=b",
    '"a"',
    "a; b c",
    "a; =1",
    "a; b=",
    "a; b=1=2",
    "a; b==1",
    "a; b c=1",
    "a; b=c d",
    "a/b",
    "å",
    // Quotes that are empty, not closed, not alone, or hold what is no token.
    'a; b=""',
    'a; b="',
    'a; b="1',
    'a; b="12',
    'a; b=12"',
    'a; b=1"',
    'a; b="1"2',
    'a; b=1"2"',
    'a; b="1""2"',
    'a; "b"=1',
    'a; b="c d"',
    'a; b="c,d"',
    'a; b="c;d"',
    'a; b="c=d"',
    'a; b="c\\"d"',
    'a; b="c\\"',
    'a; b="c\\\\"',
    'a; b="\\',
    'a; b="c\\", d="e"',
    'a; b="1, c',
    'a"b, c"d',
    'a; b=","',
    'a; b=";"',
    // One bad offer spoils the rest, before and after it.
    "a, b c",
    "b c, a",
    "a\u00a0",
  ];
  for (const value of broken) assert.equal(parseExtensions(value), undefined, value);
});

test("a very long list of extensions is read all the same", () => {
  assert.equal(parseExtensions("a;b=c,".repeat(20_000))?.length, 20_000);
  assert.equal(parseExtensions(`a${";b".repeat(50_000)}`)?.[0]?.parameters.length, 50_000);
  for (const part of ['"', "\\", ";", "=", '\\"', " x"]) {
    assert.equal(parseExtensions(`a; b="${part.repeat(100_000)}`), undefined, part);
  }
});
