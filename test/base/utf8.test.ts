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
