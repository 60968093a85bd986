import assert from "node:assert/strict";
import { test } from "node:test";
import { describe } from "../../src/base/errors.ts";
import { endingOf, isOrdinary } from "../../src/connect/ending.ts";

test("what the server said counts, not what was said to it", () => {
  const peerClose = { code: 1000, reason: "yes" };
  const ours = { closeCode: 3001, closeReason: "ours" };
  assert.deepEqual(endingOf({ ...ours, peerClose }, undefined), { ...peerClose, wasClean: true });
  const abnormal = { code: 1006, reason: "", wasClean: false };
  assert.deepEqual(endingOf({ ...ours, peerClose: null }, undefined), abnormal);
  assert.deepEqual(
    endingOf({ closeCode: 1002, closeReason: "x" }, describe("WS_MASK_UNEXPECTED", {})),
    abnormal,
  );
  assert.deepEqual(endingOf({ closeCode: 1006, closeReason: "" }, undefined), abnormal);
  assert.deepEqual(endingOf({ closeCode: undefined, closeReason: "" }, undefined), abnormal);
  // Where the transport does not know, the code of the first close frame has to do.
  assert.deepEqual(endingOf(ours, undefined), { code: 3001, reason: "ours", wasClean: true });
});

test("a server that is done says 1000, 1001 or nothing", () => {
  for (const code of [1000, 1001, 1005]) {
    assert.equal(isOrdinary({ code, reason: "", wasClean: true }), true);
    assert.equal(isOrdinary({ code, reason: "", wasClean: false }), false);
  }
  for (const code of [1002, 1011, 1012, 3000, 4000]) {
    assert.equal(isOrdinary({ code, reason: "", wasClean: true }), false);
  }
});
