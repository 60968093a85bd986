import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { ratiosOf, spreadOf } from "../../bench/statistics.ts";

suite("spreadOf", () => {
  test("takes the middle of an odd number of values, in whatever order they come", () => {
    assert.deepEqual(spreadOf([9, 1, 10]), { median: 9, min: 1, max: 10 });
  });

  test("takes what lies between the two in the middle of an even number", () => {
    assert.deepEqual(spreadOf([8, 1, 4, 100]), { median: 6, min: 1, max: 100 });
  });

  test("leaves the values as they were", () => {
    const values = [3, 1, 2];
    spreadOf(values);
    assert.deepEqual(values, [3, 1, 2]);
  });

  test("refuses to find a median of nothing", () => {
    assert.throws(() => spreadOf([]), RangeError);
  });
});

suite("ratiosOf", () => {
  test("divides within each round", () => {
    assert.deepEqual(ratiosOf([10, 40], [5, 10]), [2, 4]);
  });

  test("leaves out a round that either side lacks", () => {
    assert.deepEqual(ratiosOf([10, undefined, 30, 40], [5, 1, undefined]), [2]);
  });

  test("leaves out a round in which the other side is 0", () => {
    assert.deepEqual(ratiosOf([10, 10], [0, 5]), [2]);
  });
});
