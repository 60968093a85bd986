import assert from "node:assert/strict";
import { test } from "node:test";
import { after } from "../../src/transport/deadline.ts";

test("the action is called when the time is up, before passed resolves", async () => {
  const calls: string[] = [];
  const deadline = after(1, () => calls.push("action"));
  await deadline.passed.then(() => calls.push("passed"));
  assert.deepEqual(calls, ["action", "passed"]);
  // To cancel what has happened does nothing.
  deadline.cancel();
});

test("a deadline that was cancelled never happens", async () => {
  const calls: string[] = [];
  const cancelled = after(1, () => calls.push("cancelled"));
  void cancelled.passed.then(() => calls.push("passed"));
  cancelled.cancel();
  // Timers run in the order of their time: had it been alive, it would have come first.
  await after(5, () => calls.push("later")).passed;
  assert.deepEqual(calls, ["later"]);
});
