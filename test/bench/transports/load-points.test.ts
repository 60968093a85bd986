import assert from "node:assert/strict";
import { test } from "node:test";
import { fullPlan, quickPlan, roundMs } from "../../../bench/transports/load-points.ts";

for (const [name, plan] of Object.entries({ fullPlan, quickPlan })) {
  test(`${name} has 1, 100 and 1 000 clients, and rounds of whole polling intervals with enough messages`, () => {
    assert.deepEqual([...new Set(plan.points.map(({ clients }) => clients))], [1, 100, 1000]);
    for (const point of plan.points) {
      const length = roundMs(plan, point);
      assert.equal(length % plan.pollIntervalMs, 0);
      assert.ok((length / 1000) * point.ticksPerSecond >= plan.ticksMin);
    }
    // What is sent before the first round and fetched in it stands for what waits at its end.
    assert.ok(plan.settleMs >= plan.pollIntervalMs);
  });
}
