import assert from "node:assert/strict";
import { test } from "node:test";
import type { RawFrame } from "../../src/testing/index.ts";
import { encodeRawFrame } from "../../src/testing/index.ts";

const hex = (frame: RawFrame): string => Buffer.from(encodeRawFrame(frame)).toString("hex");

test("the examples of RFC 6455 §5.7", () => {
  assert.equal(hex({ opcode: 1, payload: "Hello", mask: null }), "810548656c6c6f");
  assert.equal(hex({ opcode: 1, payload: "Hello" }), "818537fa213d7f9f4d5158");
  assert.equal(hex({ opcode: 1, fin: false, payload: "Hel", mask: null }), "010348656c");
  assert.equal(hex({ opcode: 0, payload: "lo", mask: null }), "80026c6f");
  assert.equal(hex({ opcode: 9, payload: "Hello", mask: null }), "890548656c6c6f");
  assert.equal(hex({ opcode: 10, payload: "Hello" }), "8a8537fa213d7f9f4d5158");
  assert.ok(hex({ opcode: 2, payload: new Uint8Array(256), mask: null }).startsWith("827e010000"));
  assert.ok(
    hex({ opcode: 2, payload: new Uint8Array(65_536), mask: null }).startsWith("827f0000000000010000"),
  );
});

test("every field can be what RFC 6455 §5.2 forbids", () => {
  assert.equal(hex({ opcode: 1, rsv: 4, mask: null }), "c100");
  assert.equal(hex({ opcode: 15, rsv: 7, fin: false, mask: null }), "7f00");
  // A length in more bytes than it needs, and lengths that are not those of the payload.
  assert.equal(hex({ opcode: 1, payload: "a", lengthBytes: 2, mask: null }), "817e000161");
  assert.equal(hex({ opcode: 1, payload: "a", lengthBytes: 8, mask: null }), "817f000000000000000161");
  assert.equal(hex({ opcode: 1, payload: "a", length: 100, mask: null }), "816461");
  assert.equal(hex({ opcode: 1, length: 2n ** 63n, mask: null }), "817f8000000000000000");
  assert.equal(hex({ opcode: 1, length: 126, mask: null }), "817e007e");
});

test("the mask can be chosen, and what is passed in is not changed", () => {
  const payload = Uint8Array.of(1, 2, 3, 4, 5);
  assert.equal(hex({ opcode: 2, payload, mask: 0xff_ff_ff_ff }), "8285fffffffffefdfcfbfa");
  assert.equal(hex({ opcode: 2, payload, mask: 0 }), "8285000000000102030405");
  assert.deepEqual(payload, Uint8Array.of(1, 2, 3, 4, 5));
  assert.equal(hex({ opcode: 8 }), "888037fa213d");
});
