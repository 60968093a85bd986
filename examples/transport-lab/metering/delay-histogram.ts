/** Steps in a doubling: neighbouring bounds lie 4.4 % apart, which is as exact as the quantiles are. */
const stepsPerOctave = 16;
/** A hundredth of a millisecond and less is the first bucket, more than 160 seconds the last. */
const shortestMs = 0.01;
const bucketCount = 24 * stepsPerOctave;

/**
 * How many delays fell into which bucket, whose widths grow with the delay. Counts can be taken from each other, so that what was
 * counted at two moments gives the quantiles of the time between.
 */
export class DelayHistogram {
  readonly #counts: Uint32Array = new Uint32Array(bucketCount);

  add(delayMs: number): void {
    const bucket = Math.ceil(Math.log2(delayMs / shortestMs) * stepsPerOctave);
    // A delay of nothing, or less than nothing by the clocks' rounding, has a logarithm that is no bucket.
    this.#counts[bucket > 0 ? Math.min(bucket, bucketCount - 1) : 0]! += 1;
  }

  /** So that they can be sent to another process. */
  get counts(): readonly number[] {
    return [...this.#counts];
  }
}

/** What was counted between two moments. */
export function countsBetween(before: readonly number[], after: readonly number[]): readonly number[] {
  return after.map((count, bucket) => count - (before[bucket] ?? 0));
}

/** The delay in milliseconds that a part `share` of all did not exceed; undefined where nothing was counted. */
export function quantileOf(counts: readonly number[], share: number): number | undefined {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  let left = Math.max(1, Math.ceil(total * share));
  const bucket = counts.findIndex((count) => (left -= count) <= 0);
  return shortestMs * 2 ** (bucket / stepsPerOctave);
}
