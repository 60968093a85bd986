import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultWebSocketLimits } from "../../../src/base/limits.ts";
import { SendQueue } from "../../../src/transport/session/send-queue.ts";

const limits = { ...defaultWebSocketLimits, highWaterMarkBytes: 200, maxSendQueueBytes: 1000 };

/** Whether a promise has been settled by now. */
async function isSettled(promise: Promise<void>): Promise<boolean> {
  return Promise.race([
    promise.then(() => true),
    new Promise<false>((resolve) => setImmediate(resolve, false)),
  ]);
}

test("of a client that acknowledges, everything counts until it has, with 64 bytes for each message", () => {
  const queue = new SendQueue(limits, true);
  assert.deepEqual([queue.bufferedAmount, queue.isPastHighWaterMark], [0, false]);
  queue.add("a", 136);
  assert.deepEqual([queue.bufferedAmount, queue.isPastHighWaterMark], [200, false]);
  queue.add("b", 0);
  assert.deepEqual([queue.bufferedAmount, queue.isPastHighWaterMark], [264, true]);
  // That it was carried away says nothing of its arrival.
  queue.noteCarried(2, 0);
  assert.equal(queue.bufferedAmount, 264);
  queue.acknowledge(1);
  assert.equal(queue.bufferedAmount, 64);
});

test("past the limit there is a fault that says how much waits", () => {
  const queue = new SendQueue(limits, true);
  queue.add("a", 436);
  queue.add("b", 436);
  assert.equal(queue.findFault(), undefined, "no more than the limit");
  queue.add("c", 0);
  const fault = queue.findFault();
  assert.equal(fault?.code, "SLOW_CONSUMER");
  assert.match(fault.message, /^1064 bytes .* at most 1000 may$/);
  queue.acknowledge(1);
  assert.equal(queue.findFault(), undefined);
});

test("a message of any size may go while nothing else waits, and what follows it is judged without it", () => {
  const queue = new SendQueue(limits, true);
  queue.add("a", 5000);
  assert.equal(queue.findFault(), undefined);
  // That it is on its way does not make it less.
  queue.noteCarried(1, 0);
  queue.acknowledge(0);
  assert.deepEqual([...queue.outbox.after(0)], ["a"]);
  queue.add("b", 936);
  assert.equal(queue.findFault(), undefined);
  queue.add("c", 0);
  assert.equal(queue.findFault()?.code, "SLOW_CONSUMER");
  // Once no more than the limit waits, the limit is what it was.
  queue.acknowledge(2);
  queue.add("d", 873);
  assert.equal(queue.findFault()?.code, "SLOW_CONSUMER");
  queue.acknowledge(3);
  assert.equal(queue.findFault(), undefined);
  queue.add("e", 5000);
  assert.equal(queue.findFault()?.code, "SLOW_CONSUMER", "something else waits");
});

test("of a client that acknowledges nothing, what was carried away counts only while it is under way", () => {
  const queue = new SendQueue(limits, false);
  for (const line of ["a", "b", "c"]) queue.add(line, 436);
  assert.equal(queue.bufferedAmount, 1500);
  assert.equal(queue.findFault()?.code, "SLOW_CONSUMER");
  queue.noteCarried(2, 300);
  assert.equal(queue.bufferedAmount, 800);
  assert.equal(queue.findFault(), undefined);
  // What it says is not what it has.
  queue.acknowledge(3);
  assert.equal(queue.bufferedAmount, 800);
  // It is kept as far as the limit allows, for the case that the client comes back for it.
  assert.equal(queue.outbox.acknowledged, 1);
  queue.noteCarried(1, 0);
  assert.equal(queue.bufferedAmount, 500, "another way that is behind does not take anything back");
  queue.noteCarried(3, 0);
  assert.equal(queue.bufferedAmount, 0);
  assert.deepEqual([...queue.outbox.after(1)], ["b", "c"]);
});

test("what has not been carried away is not dropped, however much it is", () => {
  const queue = new SendQueue(limits, false);
  queue.add("a", 5000);
  queue.add("b", 0);
  queue.noteCarried(0, 0);
  assert.deepEqual([...queue.outbox.after(0)], ["a", "b"]);
});

for (const acknowledges of [true, false]) {
  test(`drained() waits for the high-water mark, ${acknowledges ? "with" : "without"} acknowledgements`, async () => {
    const queue = new SendQueue(limits, acknowledges);
    assert.ok(await isSettled(queue.drained()));
    for (const line of ["a", "b", "c"]) queue.add(line, 136);
    const drained = queue.drained();
    const take = (number: number): void =>
      acknowledges ? queue.acknowledge(number) : queue.noteCarried(number, 0);
    take(1);
    assert.ok(!(await isSettled(drained)));
    take(2);
    assert.ok(await isSettled(drained));
    queue.add("d", 500);
    const released = queue.drained();
    assert.ok(!(await isSettled(released)));
    queue.release();
    assert.ok(await isSettled(released), "when it is over, nobody waits");
  });
}

test("when nobody takes anything away any more, nothing is kept and nobody waits", async () => {
  const queue = new SendQueue(limits, true);
  queue.add("a", 500);
  const drained = queue.drained();
  queue.clear();
  assert.equal(queue.bufferedAmount, 0);
  assert.deepEqual([...queue.outbox.after(0)], []);
  assert.ok(await isSettled(drained));
});
