import assert from "node:assert/strict";
import { test } from "node:test";
import { kindOf, printable, quote } from "../../src/base/text.ts";

const cases: readonly (readonly [what: string, value: string, shown: string])[] = [
  ["plain text", "GET /url?a=b", "GET /url?a=b"],
  ["nothing", "", ""],
  ["other scripts", "é 郑老板 👍", "é 郑老板 👍"],
  ["the end of a line", "a\r\nb\tc", "a\\x0d\\x0ab\\x09c"],
  ["the first and last control characters", "\0\x1f\x7f\x80\x9f", "\\x00\\x1f\\x7f\\x80\\x9f"],
  ["the colour of a terminal", "\x1b[31m", "\\x1b[31m"],
  ["line and paragraph separators", "\u2028\u2029", "\\u{2028}\\u{2029}"],
  ["direction overrides", "\u202eabc\u2066\u200f", "\\u{202e}abc\\u{2066}\\u{200f}"],
  ["characters without a width", "\xad\u200b\ufeff", "\\xad\\u{200b}\\u{feff}"],
  ["invisible tags, past the first plane", "\u{e0041}", "\\u{e0041}"],
  ["half a surrogate pair", "\ud83d!\udc4d", "\\u{d83d}!\\u{dc4d}"],
];

test("what could end a log line, colour a terminal or turn the reading direction is escaped", () => {
  for (const [what, value, shown] of cases) {
    assert.equal(printable(value), shown, what);
    assert.equal(quote(value), `"${shown}"`, what);
  }
});

test("no character at all gets out as a control character", () => {
  for (let first = 0; first <= 0x10_ffff; first += 100) {
    const points = Array.from({ length: 100 }, (_, index) => Math.min(first + index, 0x10_ffff));
    assert.doesNotMatch(
      printable(String.fromCodePoint(...points)),
      /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u,
      `from U+${first.toString(16)}`,
    );
  }
});

test("a value that is absent is told from an empty one", () => {
  assert.equal(quote(undefined), "nothing");
  assert.equal(quote(""), '""');
});

test("a long value is cut, also in the middle of a character", () => {
  assert.equal(printable("a".repeat(200)), "a".repeat(200));
  assert.equal(printable("a".repeat(201)), `${"a".repeat(200)}…`);
  assert.equal(printable("abc", 3), "abc");
  assert.equal(printable("abcd", 3), "abc…");
  assert.equal(printable("ab👍", 3), "ab\\u{d83d}…");
  assert.equal(quote("\n".repeat(100_000)), `"${"\\x0a".repeat(200)}…"`);
});

class Story {
  id = 1;
}

test("the kind of any value can be told in words", () => {
  const kinds: readonly (readonly [unknown, string])[] = [
    [null, "null"],
    [undefined, "undefined"],
    [true, "true"],
    [1.5, "1.5"],
    [Number.NaN, "NaN"],
    [10n, "10n"],
    [Symbol("secret"), "a symbol"],
    ["a\nb", '"a\\x0ab"'],
    [[1, 2], "an array"],
    [{}, "an object (Object)"],
    [new Story(), "an object (Story)"],
    [new Map(), "an object (Map)"],
    [Object.create(null), "an object (without a prototype)"],
    [{ constructor: undefined }, "an object (without a prototype)"],
    [Story, "a function (Story)"],
    [() => 1, "a function"],
  ];
  for (const [value, kind] of kinds) assert.equal(kindOf(value), kind);
});
