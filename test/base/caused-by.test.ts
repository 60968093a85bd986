import assert from "node:assert/strict";
import { test } from "node:test";
import { isCausedBy } from "../../src/base/caused-by.ts";

test("an error is caused by itself, and by its cause", () => {
  const reason = new Error("reason");
  assert.equal(isCausedBy(reason, reason), true);
  assert.equal(isCausedBy(new Error("aborted", { cause: reason }), reason), true);
  assert.equal(isCausedBy(new Error("another"), reason), false);
  assert.equal(isCausedBy({ cause: reason }, reason), false);
});
