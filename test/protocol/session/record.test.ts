import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeRecord, encodeBase64, encodeText } from "../../../src/protocol/session/record.ts";
import { checkProperty } from "../../support/property.ts";

/** Any sequence of UTF-16 units, also halves of pairs that stand alone. */
const anyText = fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units));

test("a text is read as it was written, with U+FFFD for each half of a pair that stands alone", (context) => {
  assert.equal(encodeText("a\n\ud800b"), String.raw`"a\n` + '\ufffdb"');
  checkProperty(
    context,
    fc.property(anyText, (text) => {
      const line = encodeText(text);
      assert.ok(!line.includes("\n"), "a record is one line");
      assert.deepEqual(decodeRecord(line), { kind: "text", data: text.toWellFormed() });
    }),
  );
});

test("bytes of each kind are read as they were written", (context) => {
  assert.equal(encodeBase64("ping", "aGk="), '{"ping":"aGk="}');
  checkProperty(
    context,
    fc.property(fc.constantFrom("binary", "ping", "pong"), fc.uint8Array(), (kind, bytes) => {
      const base64 = Buffer.from(bytes).toString("base64");
      assert.deepEqual(decodeRecord(encodeBase64(kind, base64)), { kind, base64 });
    }),
  );
});

test("white space around a record does not matter, so that lines may end in CR LF", () => {
  assert.deepEqual(decodeRecord(' "a"\r'), { kind: "text", data: "a" });
  assert.deepEqual(decodeRecord('{ "binary" : "" }\r'), { kind: "binary", base64: "" });
});

for (const [what, line] of [
  ["an empty line", ""],
  ["no JSON", "hello"],
  ["JSON that breaks off", '"hello'],
  ["two values", '"a" "b"'],
  ["null", "null"],
  ["a number", "1"],
  ["true", "true"],
  ["a list", '["a"]'],
  ["an object without entries", "{}"],
  ["an unknown kind", '{"text":"a"}'],
  ["the name of something that every object has", '{"constructor":"AA=="}'],
  ["a prototype", '{"__proto__":"AA=="}'],
  ["two entries", '{"binary":"AA==","ping":"AA=="}'],
  ["base64 that is no text", '{"binary":1}'],
  ["base64 without its padding", '{"binary":"AA"}'],
  ["base64 with too much padding", '{"binary":"A==="}'],
  ["padding alone", '{"binary":"===="}'],
  ["padding in the middle", '{"binary":"AA==AAAA"}'],
  ["base64 for URLs", '{"binary":"_-AA"}'],
  ["base64 with a space", '{"binary":"AA A"}'],
  ["base64 with a line break", String.raw`{"binary":"AAA\n"}`],
  ["half of a pair", String.raw`"\ud800"`],
] as const) {
  test(`no record: ${what}`, () => {
    assert.equal(decodeRecord(line), undefined);
  });
}

test("whatever a line is, reading it throws nothing", (context) => {
  checkProperty(
    context,
    fc.property(fc.oneof(fc.string(), fc.json(), anyText), (line) => {
      const record = decodeRecord(line);
      if (record !== undefined && record.kind !== "text") {
        assert.equal(Buffer.from(record.base64, "base64").length, Buffer.byteLength(record.base64, "base64"));
      }
    }),
  );
});
