import assert from "node:assert/strict";
import { test } from "node:test";
import { parseParameterized } from "../../../src/protocol/http/parameters.ts";

/** The value and its parameters as an object, or undefined. */
function parse(text: string): unknown {
  const parsed = parseParameterized(text);
  return parsed === undefined ? undefined : [parsed.value, Object.fromEntries(parsed.parameters)];
}

test("a value has parameters, bare or quoted", () => {
  const table: readonly [text: string, value: string, parameters: Readonly<Record<string, string>>][] = [
    ["form-data", "form-data", {}],
    ["", "", {}],
    [" Form-Data\t", "form-data", {}],
    ["a;b=c", "a", { b: "c" }],
    ["a; B=C", "a", { b: "C" }],
    ["a ;\tb=c ; d=e\t", "a", { b: "c", d: "e" }],
    // RFC 9110 §5.6.6: there may be nothing between two semicolons.
    ["a;", "a", {}],
    ["a;; ;b=c;", "a", { b: "c" }],
    ['a; b=""', "a", { b: "" }],
    ['a; b="c; d=\\"e\\" \\\\"; f=g', "a", { b: 'c; d="e" \\', f: "g" }],
    // The path of a Windows file, which an old browser sends as it is.
    ['a; b="C:\\dir\\file.txt"', "a", { b: "C:\\dir\\file.txt" }],
    ["a; filename*=UTF-8''%C3%A9", "a", { "filename*": "UTF-8''%C3%A9" }],
    ['a; __proto__="x"', "a", {}],
  ];
  for (const [text, value, parameters] of table) {
    if (text.includes("__proto__")) {
      assert.equal(parseParameterized(text)?.parameters.get("__proto__"), "x");
    } else assert.deepEqual(parse(text), [value, parameters], text);
  }
});

test("what breaks the grammar is undefined", () => {
  for (const text of [
    "a; b",
    "a; =c",
    "a; b=",
    "a; b c=d",
    "a; b=c d",
    "a; b=é",
    'a; b="c',
    'a; b="c\\"',
    'a; b="c"d',
    'a; b=c"d"',
    // Two readers could believe two different ones.
    "a; b=c; B=d",
    'a; b="c"; b="c"',
  ]) {
    assert.equal(parseParameterized(text), undefined, text);
  }
});
