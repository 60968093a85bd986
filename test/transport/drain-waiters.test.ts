import assert from "node:assert/strict";
import { test } from "node:test";
import { DrainWaiters } from "../../src/transport/drain-waiters.ts";

test("all who wait are released at once, in the order in which they came", async () => {
  const waiters = new DrainWaiters();
  assert.equal(waiters.isEmpty, true);
  const order: number[] = [];
  const waiting = [1, 2, 3].map((each) => waiters.wait().then(() => order.push(each)));
  assert.equal(waiters.isEmpty, false);
  waiters.release();
  assert.equal(waiters.isEmpty, true);
  await Promise.all(waiting);
  assert.deepEqual(order, [1, 2, 3]);
});

test("who comes after a release waits for the next one", async () => {
  const waiters = new DrainWaiters();
  waiters.release();
  let isReleased = false;
  const waiting = waiters.wait().then(() => {
    isReleased = true;
  });
  await new Promise(setImmediate);
  assert.equal(isReleased, false);
  waiters.release();
  await waiting;
});
