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

test("where the text is cut makes no difference", (context) => {
  checkProperty(
    context,
    fc.property(fc.string({ unit: "binary" }), fc.array(fc.nat(40)), (text, cuts) => {
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
  const validator = new Utf8Validator();
  assert.ok(validator.receive(Uint8Array.of(0xe0)));
  assert.ok(!validator.end());
  assert.ok(validator.receive(Uint8Array.of(0x41)));
  assert.ok(validator.end());
});
