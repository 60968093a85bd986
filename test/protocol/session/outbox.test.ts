import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Outbox } from "../../../src/protocol/session/outbox.ts";
import { checkProperty } from "../../support/property.ts";

/** The same as an outbox, in the plainest way. */
class Model {
  readonly #sizes: number[] = [];
  first = 1;

  get last(): number {
    return this.#sizes.length;
  }

  add(size: number): void {
    this.#sizes.push(size);
  }

  /** What the records from `number` on count for. */
  bytesFrom(number: number): number {
    return this.#sizes.slice(Math.max(number, this.first) - 1).reduce((sum, size) => sum + size, 0);
  }

  linesFrom(number: number): string[] {
    const from = Math.max(number, this.first);
    return Array.from({ length: Math.max(0, this.last - from + 1) }, (_, at) => `line ${from + at}`);
  }
}

test("records are numbered from 1 and kept until they are acknowledged", () => {
  const outbox = new Outbox();
  assert.deepEqual([outbox.last, outbox.acknowledged, outbox.byteLength], [0, 0, 0]);
  assert.deepEqual([...outbox.after(0)], []);
  assert.equal(outbox.bytesAfter(0), 0);
  for (const [line, size] of [["a", 10], ["b", 20], ["c", 30]] as const) outbox.add(line, size); // prettier-ignore
  assert.deepEqual([outbox.last, outbox.acknowledged, outbox.byteLength], [3, 0, 60]);
  assert.deepEqual([...outbox.after(1)], ["b", "c"]);
  assert.equal(outbox.bytesAfter(1), 50);
  assert.equal(outbox.acknowledge(2), true);
  assert.deepEqual([outbox.last, outbox.acknowledged, outbox.byteLength], [3, 2, 30]);
  // What has been acknowledged is gone, also for who acknowledges less.
  assert.equal(outbox.acknowledge(1), true);
  assert.deepEqual([...outbox.after(0)], ["c"]);
  assert.equal(outbox.acknowledge(4), false, "nobody can have what was never sent");
  assert.equal(outbox.acknowledged, 2);
  assert.deepEqual([1, 2, 3, 4].map((number) => outbox.reaches(number)), [false, true, true, false]); // prettier-ignore
});

test("the oldest are dropped while more is kept than may be, as far as they may be dropped", () => {
  const outbox = new Outbox();
  for (const line of ["a", "b", "c", "d"]) outbox.add(line, 10);
  outbox.shrink(40, 4);
  assert.equal(outbox.acknowledged, 0, "no more than may be is kept");
  outbox.shrink(25, 1);
  assert.equal(outbox.acknowledged, 1);
  outbox.shrink(25, 4);
  assert.deepEqual([outbox.acknowledged, outbox.byteLength], [2, 20]);
  outbox.shrink(0, 4);
  assert.deepEqual([outbox.acknowledged, outbox.byteLength, [...outbox.after(0)]], [4, 0, []]);
});

test("in whatever order it is used, it is what a list would be", (context) => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("add" as const), size: fc.nat(100) }) },
    fc.record({
      kind: fc.constant("acknowledge" as const),
      part: fc.double({ min: 0, max: 1.2, noNaN: true }),
    }),
    fc.record({
      kind: fc.constant("shrink" as const),
      bytesMax: fc.nat(1500),
      part: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  );
  checkProperty(
    context,
    fc.property(fc.array(step, { maxLength: 120, size: "max" }), (steps) => {
      const outbox = new Outbox();
      const model = new Model();
      for (const each of steps) {
        const number = each.kind === "add" ? 0 : Math.round(each.part * model.last);
        if (each.kind === "add") {
          model.add(each.size);
          outbox.add(`line ${model.last}`, each.size);
        } else if (each.kind === "acknowledge") {
          assert.equal(outbox.acknowledge(number), number <= model.last);
          if (number <= model.last) model.first = Math.max(model.first, number + 1);
        } else {
          outbox.shrink(each.bytesMax, number);
          while (model.bytesFrom(1) > each.bytesMax && model.first <= number) model.first++;
        }
        assert.equal(outbox.last, model.last);
        assert.equal(outbox.acknowledged, model.first - 1);
        assert.equal(outbox.byteLength, model.bytesFrom(1));
        for (const at of new Set([0, model.first - 2, model.first - 1, model.first, number, model.last])) {
          if (at < 0 || at > model.last) continue;
          assert.deepEqual([...outbox.after(at)], model.linesFrom(at + 1));
          assert.equal(outbox.bytesAfter(at), model.bytesFrom(at + 1));
          assert.equal(outbox.reaches(at), at >= model.first - 1);
        }
      }
    }),
  );
});
