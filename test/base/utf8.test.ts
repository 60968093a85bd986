import assert from "node:assert/strict";
import { isUtf8 } from "node:buffer";
import { test } from "node:test";
import fc from "fast-check";
import { Utf8Validator } from "../../src/base/utf8.ts";
import { checkProperty } from "../support/property.ts";

function isValid(...pieces: Uint8Array[]): boolean {
  const validator = new Utf8Validator();
  return pieces.every((piece) => validator.receive(piece)) && validator.end();
}

test("every sequence of up to three bytes is judged as Node judges it", () => {
  // All leads, with continuation bytes at and around every boundary of Unicode's table 3-7.
  const edges = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff];
  for (let lead = 0; lead < 256; lead++) {
    assert.equal(isValid(Uint8Array.of(lead)), isUtf8(Uint8Array.of(lead)), `lead ${lead}`);
    for (const second of edges) {
      for (const third of edges) {
        for (const bytes of [
          [lead, second],
          [lead, second, third],
          [lead, second, third, 0x80],
        ]) {
          assert.equal(isValid(Uint8Array.from(bytes)), isUtf8(Uint8Array.from(bytes)), String(bytes));
        }
      }
    }
  }
});

/** Characters of one to four bytes in like numbers; a lone half of a pair becomes U+FFFD in UTF-8. */
const characters = fc
  .array(fc.oneof(...[0x7f, 0x7ff, 0xffff, 0x10_ffff].map((max) => fc.nat(max))))
  .map((points) => String.fromCodePoint(...points));

test("where the text is cut makes no difference", (context) => {
  checkProperty(
    context,
    fc.property(characters, fc.array(fc.nat(40)), (text, cuts) => {
      const bytes = Buffer.from(text);
      const pieces: Uint8Array[] = [];
      let at = 0;
      for (const length of cuts) pieces.push(bytes.subarray(at, (at += length)));
      pieces.push(bytes.subarray(at));
      assert.ok(isValid(...pieces));
    }),
  );
});

test("invalid text is refused at the first byte that makes it certain", () => {
  const validator = new Utf8Validator();
  assert.ok(validator.receive(Uint8Array.of(0xf4)));
  assert.ok(!validator.receive(Uint8Array.of(0x90)));
});

test("a text that ends inside a character is not valid, and leaves nothing for the next", () => {
  // The leads that narrow the range of what follows; the next text goes to the ends of the usual range.
  for (const lead of [0xc3, 0xe0, 0xed, 0xf0, 0xf4]) {
    for (const next of [[0x41], [0xc2, 0x80], [0xc2, 0xbf]]) {
      const validator = new Utf8Validator();
      assert.ok(validator.receive(Uint8Array.of(lead)));
      assert.ok(!validator.end());
      assert.ok(validator.receive(Uint8Array.from(next)), `${next.join()} after ${lead}`);
      assert.ok(validator.end());
    }
  }
});

/** Prefixes around the lengths at which bytes are judged as a whole. */
const prefixLengths = [0, 1, 27, 28, 29, 30, 31, 32, 33, 34, 35, 40, 64];

test("a character is judged the same wherever a long text is cut", () => {
  for (const character of ["a", "é", "߿", "ࠀ", "郑", "퟿", "\uffff", "𐀀", "👍", "\u{10ffff}"]) {
    for (const length of prefixLengths) {
      const bytes = Buffer.from("x".repeat(length) + character + character + "y".repeat(length));
      for (let cut = 0; cut <= bytes.length; cut++) {
        const cutAt = `${character} behind ${length} bytes, cut at ${cut}`;
        assert.ok(isValid(bytes.subarray(0, cut), bytes.subarray(cut)), cutAt);
      }
      assert.ok(isValid(...Array.from(bytes, (byte) => Uint8Array.of(byte))), "byte by byte");
    }
  }
});

/** What no text may contain, in hexadecimal, up to the byte that makes it certain, and the sequences of Unicode §3.9. */
const invalidSequences = [
  "80",
  "bf",
  "c0",
  "c1",
  "f5",
  "ff",
  "c228",
  "c2c2",
  "e09f",
  "e02f",
  "e0a028",
  "e18028",
  "e180e1",
  "eda0",
  "ee8028",
  "f08f",
  "f09028",
  "f0908028",
  "f18080c2",
  "f490",
  "f48fbf28",
  "e1808080",
  "f090808080",
];

test("invalid text is refused with the chunk in which it becomes certain, and not before", () => {
  for (const hex of invalidSequences) {
    const sequence = Buffer.from(hex, "hex");
    for (const length of prefixLengths) {
      const bytes = Buffer.concat([Buffer.from("x".repeat(length)), sequence]);
      const what = `${hex} behind ${length} bytes`;
      const validator = new Utf8Validator();
      assert.ok(validator.receive(bytes, 0, bytes.length - 1), `${what}: it could still become valid`);
      assert.ok(!validator.receive(bytes, bytes.length - 1), what);
      assert.ok(!new Utf8Validator().receive(bytes), `${what}, in one chunk`);
      const behind = Buffer.concat([bytes, Buffer.from("y".repeat(length))]);
      assert.ok(!new Utf8Validator().receive(behind), `${what}, in the middle of a chunk`);
      const inTheMiddle = new Utf8Validator();
      const cut = bytes.length - sequence.length + 1;
      assert.ok(inTheMiddle.receive(behind, 0, cut) === sequence.length > 1 || sequence.length === 1, what);
      assert.ok(sequence.length === 1 || !inTheMiddle.receive(behind, cut), `${what}, cut in the sequence`);
    }
  }
});

test("only the bytes from start to end are judged", () => {
  const bytes = Buffer.concat([Buffer.from("ff", "hex"), Buffer.from("é".repeat(40)), Buffer.from("ff", "hex")]); // prettier-ignore
  const validator = new Utf8Validator();
  assert.ok(validator.receive(bytes, 1, bytes.length - 1) && validator.end());
  assert.ok(validator.receive(bytes, 1, 1) && validator.end());
});

test("what is known to be ASCII is not looked at, and is only wrong inside a character", () => {
  const validator = new Utf8Validator();
  assert.ok(validator.receive(Uint8Array.of(0xff), 0, 1, true), "that it is ASCII is believed");
  assert.ok(validator.receive(Uint8Array.of(0xc3)));
  assert.ok(validator.receive(Uint8Array.of(0x61), 1, 1, true), "nothing is never wrong");
  assert.ok(!validator.receive(Uint8Array.of(0x61), 0, 1, true));
});

test("long bytes are judged as Node judges them, however they are cut", (context) => {
  const pieces = fc.array(fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom("x".repeat(20), "é", "郑", "👍").map((text) => Buffer.from(text)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 4 }) },
  ), { maxLength: 30, size: "max" }); // prettier-ignore
  checkProperty(
    context,
    fc.property(pieces, fc.array(fc.nat(60), { maxLength: 10 }), (all, cuts) => {
      const bytes = Buffer.concat(all);
      const chunks: Uint8Array[] = [];
      let at = 0;
      for (const length of cuts) chunks.push(bytes.subarray(at, (at += length)));
      assert.equal(isValid(...chunks, bytes.subarray(at)), isUtf8(bytes));
    }),
    500,
  );
});
