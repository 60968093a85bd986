import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { TickClock, nextTick } from "../../../examples/transport-lab/tick-clock.ts";
import { sharedNow } from "../../../examples/transport-lab/tick-message.ts";

suite("the time of the next tick", () => {
  test("is the next multiple of the period", () => {
    assert.equal(nextTick(1000, 2, 0), 1500);
    assert.equal(nextTick(1499, 2, 0), 1500);
    assert.equal(nextTick(1500, 2, 0), 2000);
  });

  test("is moved by the phase", () => {
    assert.equal(nextTick(1000, 1, 0.25), 1250);
    assert.equal(nextTick(1250, 1, 0.25), 2250);
  });
});

test("a clock ticks once for each period, and not before its time", async () => {
  const [periodMs, count] = [10, 20];
  const times: number[] = [];
  await new Promise<void>((resolve) => {
    const clock = new TickClock(0, () => {
      times.push(sharedNow());
      if (times.length < count) return;
      clock.setRate(0);
      resolve();
    });
    clock.setRate(1000 / periodMs);
  });
  // The first may be late, so that the second comes soon after it. A timer may be early by the millisecond that it is rounded to.
  const leastMs = (count - 2) * periodMs - 1.5;
  const lasted = times[count - 1]! - times[0]!;
  assert.ok(lasted >= leastMs, `${count} ticks in ${lasted} ms`);
});
