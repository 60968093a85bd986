import assert from "node:assert/strict";
import { test } from "node:test";
import { ExpectedLog } from "../../src/testing/index.ts";

test("expect takes the first line that matches, whether it was logged before or after", async () => {
  const log = new ExpectedLog();
  log.info("first a");
  log.warn("second a");
  log.debug("third b");
  assert.deepEqual(await log.expect(/a$/), { level: "info", text: "first a" });
  assert.deepEqual(await log.expect(/b$/), { level: "debug", text: "third b" });
  assert.deepEqual(log.lines, [{ level: "warn", text: "second a" }]);
  const early = log.expect(/^late/);
  const twice = log.expect(/^late/);
  log.error("late 1");
  log.error("late 2");
  log.info("late 3");
  assert.deepEqual(await early, { level: "error", text: "late 1" });
  assert.deepEqual(await twice, { level: "error", text: "late 2" });
  // Taken lines are gone, others stay, in order.
  assert.deepEqual(
    log.lines.map(({ text }) => text),
    ["second a", "late 3"],
  );
});

test("a line that nobody waits for does not go to who waits for another", async () => {
  const log = new ExpectedLog();
  const waiting = log.expect(/^b/);
  log.warn("a");
  log.warn("b");
  assert.equal((await waiting).text, "b");
  assert.deepEqual(log.lines, [{ level: "warn", text: "a" }]);
});

test("an expression with a state finds what one without would", async () => {
  const log = new ExpectedLog();
  const pattern = /a/g;
  for (const text of ["xa", "a", "xxa"]) log.info(text);
  for (const text of ["xa", "a", "xxa"]) assert.equal((await log.expect(pattern)).text, text);
});

test("assertNothingElse fails for warnings and errors that were not expected, and shows them", async () => {
  const log = new ExpectedLog();
  log.assertNothingElse();
  log.info("i");
  log.debug("d");
  log.assertNothingElse();
  log.warn("w");
  log.error("e");
  assert.throws(() => log.assertNothingElse(), /^Error: unexpected log lines:\n {2}warn: w\n {2}error: e$/);
  // What was shown once does not fail the next test as well.
  log.assertNothingElse();
  log.warn("w");
  log.error("e");
  await log.expect(/^w$/);
  assert.throws(() => log.assertNothingElse(), /^Error: unexpected log lines:\n {2}error: e$/);
});
