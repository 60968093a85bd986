import assert from "node:assert/strict";
import { suite, test } from "node:test";
import {
  DelayHistogram,
  countsBetween,
  quantileOf,
} from "../../../../examples/transport-lab/metering/delay-histogram.ts";

/** As exact as the buckets are. */
function assertNear(actual: number | undefined, expected: number): void {
  assert.ok(
    actual !== undefined && actual >= expected && actual <= expected * 1.05,
    `${actual}, not ${expected}`,
  );
}

suite("a histogram of delays", () => {
  test("has the quantiles of what was added", () => {
    const histogram = new DelayHistogram();
    for (let delay = 1; delay <= 1000; delay++) histogram.add(delay);
    assertNear(quantileOf(histogram.counts, 0.5), 500);
    assertNear(quantileOf(histogram.counts, 0.99), 990);
    assertNear(quantileOf(histogram.counts, 0), 1);
    assertNear(quantileOf(histogram.counts, 1), 1000);
  });

  test("has those of the time between two readings", () => {
    const histogram = new DelayHistogram();
    for (let count = 0; count < 100; count++) histogram.add(1000);
    const before = histogram.counts;
    for (let count = 0; count < 10; count++) histogram.add(2);
    assertNear(quantileOf(countsBetween(before, histogram.counts), 0.99), 2);
  });

  test("has none of nothing", () => {
    assert.equal(quantileOf(new DelayHistogram().counts, 0.5), undefined);
  });

  test("takes what is shorter or longer than any bucket, and what the clocks' rounding makes of no time at all", () => {
    const histogram = new DelayHistogram();
    for (const delay of [-0.1, 0, 1e-9, 1e12]) histogram.add(delay);
    assert.equal(
      histogram.counts.reduce((sum, count) => sum + count, 0),
      4,
    );
    assert.ok((quantileOf(histogram.counts, 0.75) ?? 1) <= 0.01);
    assert.ok((quantileOf(histogram.counts, 1) ?? 0) > 100_000);
  });
});
