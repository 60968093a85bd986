import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryEngine } from "../../src/hub/memory-engine.ts";
import { Reader, testEngine } from "../support/engine-suite.ts";

testEngine("MemoryEngine", () => new MemoryEngine());

test("a channel exists while it has subscribers, and takes no memory afterwards", () => {
  const engine = new MemoryEngine<string>();
  const [one, two] = [new Reader(), new Reader()];
  assert.equal(engine.size, 0);
  engine.publish("a", "nobody is there");
  engine.unsubscribe("a", one);
  assert.equal(engine.size, 0);
  engine.subscribe("a", one);
  engine.subscribe("a", two);
  engine.subscribe("b", one);
  assert.equal(engine.size, 2);
  engine.unsubscribe("a", one);
  assert.equal(engine.size, 2);
  engine.unsubscribe("a", two);
  assert.equal(engine.size, 1);
  engine.unsubscribeAll(one);
  assert.equal(engine.size, 0);
  assert.equal(one.channels, undefined, "nothing is held for who subscribes to nothing any more");
});

test("messages are handed over at once", () => {
  const engine = new MemoryEngine<string>();
  const reader = new Reader();
  engine.subscribe("a", reader);
  engine.publish("a", "1");
  assert.deepEqual(reader.messages, ["1"]);
});

test("the cost of a message follows the subscribers of its channel, not those of others", () => {
  const engine = new MemoryEngine<string>();
  let asked = 0;
  for (let index = 0; index < 10_000; index++) {
    engine.subscribe(`other ${index}`, new Reader(() => asked++));
  }
  const reader = new Reader();
  engine.subscribe("a", reader);
  for (let count = 0; count < 100; count++) engine.publish("a", "1");
  assert.deepEqual([asked, reader.messages.length], [0, 100]);
});

test("a message that cannot be delivered keeps no later one waiting", () => {
  const engine = new MemoryEngine<string>();
  const received: string[] = [];
  engine.subscribe("a", {
    channels: undefined,
    receivePublication(message) {
      if (message === "broken") throw new Error("it cannot be encoded");
      received.push(message);
    },
  });
  assert.throws(() => engine.publish("a", "broken"), /it cannot be encoded/);
  engine.publish("a", "whole");
  assert.deepEqual(received, ["whole"]);
});
