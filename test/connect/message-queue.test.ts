import assert from "node:assert/strict";
import { test } from "node:test";
import { MessageQueue } from "../../src/connect/message-queue.ts";

function queueWith(
  maxQueuedMessages: number,
  maxQueuedBytes = 1000,
): { queue: MessageQueue; calls: string[] } {
  const calls: string[] = [];
  const queue = new MessageQueue(
    { maxQueuedMessages, maxQueuedBytes },
    () => calls.push("full"),
    () => calls.push("emptier"),
  );
  return { queue, calls };
}

test("it is full at the limit of messages or bytes, once, and emptier at half of both", () => {
  const { queue, calls } = queueWith(4, 100);
  for (let i = 0; i < 3; i++) queue.add("x", 1);
  assert.deepEqual(calls, []);
  queue.add("x", 1);
  queue.add("x", 1);
  assert.deepEqual(calls, ["full"]);
  for (let i = 0; i < 2; i++) queue.take();
  assert.deepEqual(calls, ["full"]);
  queue.take();
  assert.deepEqual([calls, queue.length], [["full", "emptier"], 2]);
  queue.add("big", 98);
  assert.deepEqual(calls, ["full", "emptier", "full"]);
  queue.take();
  queue.take();
  assert.equal(calls.length, 3);
  assert.equal(queue.take(), "big");
  assert.equal(calls.length, 4);
  assert.equal(queue.take(), undefined);
});

test("readers wait in turn, and what they take never waits", async () => {
  const { queue, calls } = queueWith(1);
  const reading = [queue.next(), queue.next()];
  queue.add("a", 1);
  queue.add("b", 1);
  assert.deepEqual(await Promise.all(reading), [
    { done: false, value: "a" },
    { done: false, value: "b" },
  ]);
  assert.deepEqual(calls, []);
});

test("an end ends all readers; an error goes to one of them, and once", async () => {
  const ordinary = queueWith(5).queue;
  const waiting = [ordinary.next(), ordinary.next()];
  ordinary.end(undefined);
  const end = { done: true, value: undefined };
  assert.deepEqual(await Promise.all(waiting), [end, end]);
  assert.deepEqual(await ordinary.next(), end);

  const broken = queueWith(5).queue;
  broken.add("", 0);
  broken.end(new Error("broken"));
  // An empty message is a message.
  assert.deepEqual(await broken.next(), { done: false, value: "" });
  await assert.rejects(broken.next(), /broken/);
  assert.deepEqual(await broken.next(), end);

  const awaited = queueWith(5).queue;
  const [first, second] = [awaited.next(), awaited.next()];
  awaited.end(new Error("broken"));
  await assert.rejects(first, /broken/);
  assert.deepEqual([await second, await awaited.next()], [end, end]);
});

test("many messages are taken in linear time and in order", async () => {
  const { queue } = queueWith(1_000_000);
  for (let i = 0; i < 100_000; i++) queue.add(`${i}`, 1);
  for (let i = 0; i < 100_000; i++) {
    if (queue.take() !== `${i}`) assert.fail(`message ${i} is another one`);
  }
  assert.equal(queue.length, 0);
});
