import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { SessionRecord } from "../../../src/protocol/session/record.ts";
import { Arrivals } from "../../../src/transport/session/arrivals.ts";
import { checkProperty } from "../../support/property.ts";

function textsOf(...texts: readonly string[]): SessionRecord[] {
  return texts.map((data) => ({ kind: "text", data }));
}

/** Arrivals that write down what they hand on, with what `react` does about each. */
function record(react: (text: string, arrivals: Arrivals) => void = () => {}): {
  readonly arrivals: Arrivals;
  readonly log: string[];
  readonly add: (seq: number, ...texts: string[]) => void;
} {
  const log: string[] = [];
  const arrivals: Arrivals = new Arrivals((each) => {
    assert.ok(each.kind === "text");
    log.push(each.data);
    react(each.data, arrivals);
  });
  const add = (seq: number, ...texts: string[]): void =>
    arrivals.add(seq, textsOf(...texts), (isWhole) => log.push(isWhole ? "whole" : "not whole"));
  return { arrivals, log, add };
}

test("records are handed on in order and once, and none behind a gap", () => {
  const { arrivals, log, add } = record();
  add(1, "a", "b");
  assert.equal(arrivals.taken, 2);
  // Repeated, overtaken by what follows it, and repeated with more behind.
  add(1, "a", "b");
  add(4, "d");
  assert.equal(arrivals.taken, 2);
  add(2, "b", "c");
  add(4, "d");
  add(0);
  assert.deepEqual(log, ["a", "b", "whole", "whole", "not whole", "c", "whole", "d", "whole", "whole"]);
  assert.equal(arrivals.taken, 4);
});

test("what comes while nothing is read waits, and its request with it", () => {
  const { arrivals, log, add } = record();
  arrivals.pause();
  add(0);
  assert.deepEqual(log.splice(0), ["whole"], "what brings nothing need not wait");
  add(1, "a", "b");
  assert.deepEqual([log, arrivals.taken], [[], 0]);
  arrivals.resume();
  assert.deepEqual(log, ["a", "b", "whole"]);
});

test("a request that waits is released by the next one, as far as it was taken", () => {
  const { arrivals, log, add } = record((text) => {
    if (text === "b") arrivals.pause();
  });
  add(1, "a", "b", "c");
  assert.deepEqual(log.splice(0), ["a", "b"]);
  add(2, "b", "c");
  assert.deepEqual(log.splice(0), ["not whole"]);
  arrivals.resume();
  assert.deepEqual(log.splice(0), ["c", "whole"]);
  arrivals.pause();
  add(4, "d");
  arrivals.release();
  arrivals.release();
  assert.deepEqual(log, ["not whole"]);
  arrivals.resume();
  assert.deepEqual(log, ["not whole"], "what was released has to be sent again");
  assert.equal(arrivals.taken, 3);
});

test("what has been taken before is answered also while nothing is read", () => {
  const { arrivals, log, add } = record();
  add(1, "a");
  arrivals.pause();
  add(1, "a");
  add(3, "c");
  assert.deepEqual(log, ["a", "whole", "whole", "not whole"]);
});

test("whoever is handed a record may pause, go on, or release meanwhile", () => {
  const { arrivals, log, add } = record((text) => {
    if (text === "a") arrivals.pause();
    if (text === "a") arrivals.resume();
    if (text === "c") arrivals.release();
  });
  add(1, "a", "b", "c", "d");
  assert.deepEqual(log, ["a", "b", "c", "not whole", "d"]);
  assert.equal(arrivals.taken, 4);
});

test("a record is handed on when the one before it has been, also when that one has reading resumed", () => {
  const { log, add } = record((text, arrivals) => {
    arrivals.resume();
    log.push(`end of ${text}`);
  });
  add(1, "a", "b");
  assert.deepEqual(log, ["a", "end of a", "b", "end of b", "whole"]);
});

test("a receiver that throws does not keep later records out", () => {
  const { arrivals, log, add } = record((text) => {
    if (text === "a") throw new Error("broken");
  });
  assert.throws(() => add(1, "a"), /broken/);
  assert.equal(arrivals.taken, 1);
  add(2, "b");
  assert.deepEqual(log, ["a", "not whole", "b", "whole"]);
});

test("in whatever order parts of a series come, they are handed on in order and once", (context) => {
  const part = fc.record({ from: fc.integer({ min: 1, max: 20 }), count: fc.nat(8), next: fc.constantFrom("", "pause", "resume") }); // prettier-ignore
  checkProperty(
    context,
    fc.property(fc.array(part, { maxLength: 60, size: "max" }), (parts) => {
      const { arrivals, log, add } = record();
      const answers = (): number => log.filter((each) => each.endsWith("whole")).length;
      for (const { from, count, next } of parts) {
        add(from, ...Array.from({ length: count }, (_, at) => `${from + at}`));
        if (next === "pause") arrivals.pause();
        if (next === "resume") arrivals.resume();
      }
      arrivals.resume();
      assert.equal(answers(), parts.length, "each request is answered once");
      const taken = log.filter((each) => !each.endsWith("whole"));
      assert.deepEqual(taken, Array.from({ length: arrivals.taken }, (_, at) => `${at + 1}`)); // prettier-ignore
    }),
  );
});
