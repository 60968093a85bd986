import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeTick, encodeTick } from "../../../examples/transport-lab/tick-message.ts";

test("a tick survives its message, which has the length asked for", () => {
  const tick = { number: 123_456, sentAtMs: 1_763_832_820_123.457 };
  for (const bytes of [32, 64, 4096]) {
    const message = encodeTick(tick, bytes);
    assert.equal(Buffer.byteLength(message), bytes);
    assert.deepEqual(decodeTick(message), tick);
  }
});

test("what is no tick is none", () => {
  for (const message of ["", "hello", "1", "1 x"]) {
    assert.equal(decodeTick(message), undefined, message);
  }
});
