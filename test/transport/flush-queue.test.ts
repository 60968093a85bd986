import assert from "node:assert/strict";
import { test } from "node:test";
import { flushLater } from "../../src/transport/flush-queue.ts";

/** The end of this turn of the event loop. */
async function endOfTurn(): Promise<void> {
  await new Promise((resolve) => void setImmediate(resolve));
}

test("all that ask in a turn are flushed in order at its end, by one tick", async (context) => {
  const flushed: string[] = [];
  const { mock } = context.mock.method(process, "nextTick");
  for (const name of ["one", "two", "three"]) flushLater({ flush: () => flushed.push(name) });
  const ticks = mock.callCount();
  mock.restore();
  assert.equal(ticks, 1);
  assert.deepEqual(flushed, [], "not while the turn's own work is done");
  await new Promise<void>((resolve) => {
    process.nextTick(resolve);
  });
  assert.deepEqual(flushed, ["one", "two", "three"]);
  await endOfTurn();
  assert.deepEqual(flushed, ["one", "two", "three"], "and once");
});

test("who asks while others are flushed is flushed in the same turn, behind them", async () => {
  const flushed: string[] = [];
  const again = { flush: () => void flushed.push("again") };
  flushLater({
    flush() {
      flushed.push("one");
      flushLater(again);
    },
  });
  flushLater({ flush: () => flushed.push("two") });
  await endOfTurn();
  assert.deepEqual(flushed, ["one", "two", "again"]);
});
