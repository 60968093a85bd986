import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDisposition } from "../../../src/protocol/http/content-disposition.ts";

/** What a header says, given as text: on the wire it is UTF-8. */
function parse(text: string): ReturnType<typeof parseDisposition> {
  return parseDisposition(Buffer.from(text).toString("latin1"));
}

test("a part of a form has a name, and a file a name of its own", () => {
  const table: readonly [text: string, name: string, filename: string | undefined][] = [
    ['form-data; name="a"', "a", undefined],
    ["Form-Data; NAME=a", "a", undefined],
    ['form-data; name=""', "", undefined],
    ['form-data; name="郑"; filename="é.txt"', "郑", "é.txt"],
    ['form-data; name="a"; filename=""', "a", ""],
    ['form-data; name="a%22b%0D%0A%41"', 'a"b\r\n%41', undefined],
    ['form-data; name="a"; filename="say \\"hi\\".txt"', "a", 'say "hi".txt'],
    [`form-data; name="a"; filename*=UTF-8''%C3%A9%20b.txt`, "a", "é b.txt"],
    [`form-data; name="a"; filename="e.txt"; filename*=utf-8'fr'%C3%A9.txt`, "a", "é.txt"],
  ];
  for (const [text, name, filename] of table) assert.deepEqual(parse(text), { name, filename }, text);
});

test("a file's name is no path, and can be a name on every file system as far as its length goes", () => {
  const table: readonly [sent: string, filename: string][] = [
    ["../../etc/passwd", "passwd"],
    ["/etc/passwd", "passwd"],
    ["C:\\dir\\file.txt", "file.txt"],
    ["..\\..\\file.txt", "file.txt"],
    ["a/..", ""],
    ["..", ""],
    [".", ""],
    ["dir/", ""],
    [".profile", ".profile"],
    ["...", "..."],
    [" a ", "a"],
    ["%0D%0Aa%0Ab", "ab"],
    ["a\u0000.txt", "a.txt"],
    [".\u0000.", ""],
    ["x".repeat(300), "x".repeat(255)],
    // 255 bytes are 127 characters of two bytes and a half.
    ["é".repeat(200), "é".repeat(127)],
  ];
  for (const [sent, filename] of table) {
    assert.deepEqual(parse(`form-data; name="a"; filename="${sent}"`), { name: "a", filename }, sent);
  }
  assert.equal(parse("form-data; name=a; filename*=UTF-8''..%2F..%2Fx%00y")?.filename, "xy");
});

test("what is no form-data with a name in UTF-8 is undefined", () => {
  for (const text of [
    "",
    "form-data",
    "attachment; name=a",
    'form-data; filename="a"',
    'form-data; name="a"; name="b"',
    'form-data; name="a',
    "form-data; name=a; filename*=latin1''a",
    "form-data; name=a; filename*=UTF-8''%FF",
    "form-data; name=a; filename*=a.txt",
  ]) {
    assert.equal(parse(text), undefined, text);
  }
  assert.equal(parseDisposition('form-data; name="\xff"'), undefined);
  assert.equal(parseDisposition('form-data; name="a"; filename="\xc3\x28"'), undefined);
});
