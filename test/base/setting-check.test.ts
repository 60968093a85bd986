import assert from "node:assert/strict";
import { constants } from "node:buffer";
import { test } from "node:test";
import { checkWholeNumber, rangeOf } from "../../src/base/setting-check.ts";

test("a limit's name says what it may be", () => {
  assert.deepEqual(rangeOf("maxMessageBytes"), [1, constants.MAX_STRING_LENGTH]);
  assert.deepEqual(rangeOf("maxQueuedMessages"), [1, Number.MAX_SAFE_INTEGER]);
  assert.deepEqual(rangeOf("pingIntervalMs"), [0, 2 ** 31 - 1]);
  assert.deepEqual(rangeOf("pingTimeoutMs"), [1, 2 ** 31 - 1]);
  assert.deepEqual(rangeOf("closeTimeoutMs"), [1, 2 ** 31 - 1]);
});

test("what is no whole number in the range is refused with the range", () => {
  for (const value of [1, 2, 5]) checkWholeNumber("count", value, [1, 5]);
  for (const value of [0, 6, 1.5, Number.NaN, Infinity, "3", null, undefined, 3n]) {
    assert.throws(() => checkWholeNumber("count", value, [1, 5]), {
      code: "SETTING_INVALID",
      message: /^setting count must be a whole number from 1 to 5, got /,
    });
  }
  assert.throws(() => checkWholeNumber("count", -1, [0, Number.MAX_SAFE_INTEGER]), {
    message: "setting count must be a whole number from 0, got -1",
  });
});
