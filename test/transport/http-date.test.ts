import assert from "node:assert/strict";
import { test } from "node:test";
import { httpDate } from "../../src/transport/http-date.ts";

test("a time is told in the form that HTTP has for it, to the second", () => {
  assert.equal(httpDate(784_111_777_000), "Sun, 06 Nov 1994 08:49:37 GMT");
  assert.equal(httpDate(784_111_777_999), "Sun, 06 Nov 1994 08:49:37 GMT");
  assert.equal(httpDate(784_111_778_000), "Sun, 06 Nov 1994 08:49:38 GMT");
  // Also when the clock is set back.
  assert.equal(httpDate(784_111_777_000), "Sun, 06 Nov 1994 08:49:37 GMT");
});

test("without a time it is now", () => {
  const told = Date.parse(httpDate());
  assert.ok(Math.abs(Date.now() - told) < 5000, String(told));
});
