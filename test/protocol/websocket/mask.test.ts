import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { applyMask } from "../../../src/protocol/websocket/mask.ts";
import { checkProperty } from "../../support/property.ts";
import { fromHex, toHex } from "../../support/recording.ts";

/** RFC 6455 §5.3, word for word: octet i is XORed with octet i modulo 4 of the key. */
function maskedByTheBook(bytes: readonly number[], key: number, offset: number): number[] {
  const octets = [key >>> 24, (key >>> 16) & 0xff, (key >>> 8) & 0xff, key & 0xff];
  return bytes.map((byte, index) => byte ^ (octets[(offset + index) % 4] ?? 0));
}

test("the example of RFC 6455 §5.7 is masked and unmasked", () => {
  const bytes = new Uint8Array(Buffer.from("Hello"));
  applyMask(bytes, 0x37_fa_21_3d, 0);
  assert.equal(toHex(bytes), "7f9f4d5158");
  applyMask(bytes, 0x37_fa_21_3d, 0);
  assert.equal(Buffer.from(bytes).toString(), "Hello");
});

test("every length, offset and alignment gives what a loop over the bytes gives", () => {
  const keys = [0, 1, 0x37_fa_21_3d, 0x80_00_00_00, 0xff_ff_ff_ff, -2];
  const offsets = [0, 1, 2, 3, 4, 5, 2 ** 31 - 1, 2 ** 31 + 2, 2 ** 32 - 1, 2 ** 32 + 3, 2 ** 40 + 1];
  for (const key of keys) {
    for (const offset of offsets) {
      for (let length = 0; length <= 40; length++) {
        for (let start = 0; start < 5; start++) {
          const memory = Uint8Array.from({ length: start + length + 3 }, (_, index) => index * 7);
          const expected = [...memory];
          const masked = maskedByTheBook(expected.slice(start, start + length), key, offset);
          expected.splice(start, length, ...masked);
          applyMask(memory.subarray(start, start + length), key, offset);
          // Compared as a whole: what stands before and after the view is not touched.
          assert.deepEqual([...memory], expected, `key ${key} offset ${offset} length ${length} at ${start}`);
        }
      }
    }
  }
});

test("masking in pieces is masking as a whole, and masking twice is nothing", (context) => {
  const inputs = [fc.uint8Array({ maxLength: 200 }), fc.nat(0xff_ff_ff_ff), fc.nat(200)] as const;
  checkProperty(
    context,
    fc.property(...inputs, (bytes, key, cut) => {
      const whole = bytes.slice();
      applyMask(whole, key, 0);
      assert.deepEqual([...whole], maskedByTheBook([...bytes], key, 0));
      const pieces = bytes.slice();
      const head = pieces.subarray(0, cut);
      applyMask(head, key, 0);
      applyMask(pieces.subarray(cut), key, head.length);
      assert.deepEqual(pieces, whole);
      applyMask(whole, key, 0);
      assert.deepEqual(whole, bytes);
    }),
  );
});

test("bytes masked with zero are as they were, and are not even touched", () => {
  const bytes = fromHex("010203");
  const untouchable = Object.freeze(Array.from(bytes)) as unknown as Uint8Array;
  applyMask(untouchable, 0, 1);
  assert.deepEqual(untouchable, [1, 2, 3]);
});
