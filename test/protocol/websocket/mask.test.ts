import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { applyMask } from "../../../src/protocol/websocket/mask.ts";
import { checkProperty } from "../../support/property.ts";
import { toHex } from "../../support/recording.ts";

/** RFC 6455 §5.3, word for word: octet i is XORed with octet i modulo 4 of the key. */
function maskedByTheBook(bytes: readonly number[], key: number, offset: number): number[] {
  const octets = [key >>> 24, (key >>> 16) & 0xff, (key >>> 8) & 0xff, key & 0xff];
  return bytes.map((byte, index) => byte ^ (octets[(offset + index) % 4] ?? 0));
}

function mask(bytes: Uint8Array, key: number, offset: number): void {
  applyMask(bytes, 0, bytes.length, key, offset);
}

test("the example of RFC 6455 §5.7 is masked and unmasked", () => {
  const bytes = new Uint8Array(Buffer.from("Hello"));
  mask(bytes, 0x37_fa_21_3d, 0);
  assert.equal(toHex(bytes), "7f9f4d5158");
  mask(bytes, 0x37_fa_21_3d, 0);
  assert.equal(Buffer.from(bytes).toString(), "Hello");
});

test("every length, offset and alignment gives what a loop over the bytes gives", () => {
  const keys = [0, 1, 0x37_fa_21_3d, 0x80_00_00_00, 0xff_ff_ff_ff, -2];
  const offsets = [0, 1, 2, 3, 4, 5, 2 ** 31 - 1, 2 ** 31 + 2, 2 ** 32 - 1, 2 ** 32 + 3, 2 ** 40 + 1];
  for (const key of keys) {
    for (const offset of offsets) {
      // Up to 40 bytes one by one; from 256 on in words, also in memory that was not seen before.
      for (const length of [...Array(41).keys(), 255, 256, 257, 258, 259, 260]) {
        for (let start = 0; start < 5; start++) {
          const memory = Uint8Array.from({ length: start + length + 3 }, (_, index) => index * 7);
          const expected = [...memory];
          const masked = maskedByTheBook(expected.slice(start, start + length), key, offset);
          expected.splice(start, length, ...masked);
          const isAscii = applyMask(memory, start, start + length, key, offset);
          assert.equal(
            isAscii,
            masked.every((byte) => byte < 0x80),
          );
          // Compared as a whole: what stands before and after the view is not touched.
          assert.deepEqual([...memory], expected, `key ${key} offset ${offset} length ${length} at ${start}`);
        }
      }
    }
  }
});

test("masking in pieces is masking as a whole, and masking twice is nothing", (context) => {
  const inputs = [
    fc.uint8Array({ maxLength: 600, size: "max" }),
    fc.nat(0xff_ff_ff_ff),
    fc.nat(600),
  ] as const;
  checkProperty(
    context,
    fc.property(...inputs, (bytes, key, cut) => {
      const whole = bytes.slice();
      mask(whole, key, 0);
      assert.deepEqual([...whole], maskedByTheBook([...bytes], key, 0));
      const pieces = bytes.slice();
      const head = pieces.subarray(0, cut);
      mask(head, key, 0);
      mask(pieces.subarray(cut), key, head.length);
      assert.deepEqual(pieces, whole);
      mask(whole, key, 0);
      assert.deepEqual(whole, bytes);
    }),
  );
});

test("a buffer that begins anywhere in its memory is masked where it lies", () => {
  for (let offset = 0; offset < 4; offset++) {
    const memory = new Uint8Array(100).fill(1);
    const part = memory.subarray(offset, offset + 80);
    applyMask(part, 3, 70, 0x01_02_03_04, 0);
    const expected = [...new Uint8Array(100).fill(1)];
    expected.splice(offset + 3, 67, ...maskedByTheBook(expected.slice(0, 67), 0x01_02_03_04, 0));
    assert.deepEqual([...memory], expected);
  }
});

test("one byte that is not ASCII is seen wherever it stands", () => {
  for (const length of [1, 5, 31, 32, 33, 64, 67]) {
    for (let at = 0; at < length; at++) {
      const bytes = new Uint8Array(length).fill(0x61);
      assert.equal(applyMask(bytes, 0, length, 0, 0), true);
      bytes[at] = 0x80;
      assert.equal(applyMask(bytes, 0, length, 0, 0), false, `${at} of ${length}`);
    }
  }
});

test("memory whose bytes are not a multiple of four is masked to its end", () => {
  for (const byteLength of [33, 34, 35, 36]) {
    const memory = new Uint8Array(byteLength).fill(1);
    applyMask(memory, 0, byteLength, 0x01_02_03_04, 0);
    const expected = maskedByTheBook(Array<number>(byteLength).fill(1), 0x01_02_03_04, 0);
    assert.deepEqual([...memory], expected);
  }
});

test("several memories in turns are each masked where they lie", () => {
  const memories = [0, 1, 2].map((offset) => new Uint8Array(100).subarray(offset, offset + 64));
  for (let turn = 0; turn < 3; turn++) for (const memory of memories) mask(memory, 0x01_02_03_04, 0);
  for (const memory of memories) assert.equal(toHex(memory), "01020304".repeat(16));
});

test("where words have their highest byte first, the key has it first, too", async (context) => {
  // The module asks once: a second instance of it is told the opposite of what is true here.
  const url = new URL("../../../src/protocol/websocket/mask.js?other-order", import.meta.url);
  class Swapped extends Uint16Array {
    constructor(values: readonly number[]) {
      super(values.map((value) => ((value & 0xff) << 8) | (value >> 8)));
    }
  }
  const { Uint16Array: original } = globalThis;
  context.after(() => {
    globalThis.Uint16Array = original;
  });
  globalThis.Uint16Array = Swapped as unknown as Uint16ArrayConstructor;
  const other = (await import(url.href)) as { applyMask: typeof applyMask };
  globalThis.Uint16Array = original;
  const bytes = new Uint8Array(256);
  other.applyMask(bytes, 0, 256, 0x01_02_03_04, 0);
  assert.equal(toHex(bytes), "04030201".repeat(64));
});

test("memory that is masked again is masked in words, wherever the payload lies in it", () => {
  const memory = new Uint8Array(400);
  applyMask(memory, 0, 300, 0, 0);
  for (let start = 0; start < 8; start++) {
    for (let length = 30; length < 80; length++) {
      for (let index = 0; index < memory.length; index++) memory[index] = index * 7;
      const expected = [...memory];
      const masked = maskedByTheBook(expected.slice(start, start + length), 0x37_fa_21_3d, start);
      expected.splice(start, length, ...masked);
      const isAscii = applyMask(memory, start, start + length, 0x37_fa_21_3d, start);
      assert.deepEqual([...memory], expected, `${length} bytes at ${start}`);
      assert.equal(isAscii, masked.every((byte) => byte < 0x80)); // prettier-ignore
    }
  }
});
