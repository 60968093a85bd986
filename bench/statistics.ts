/** The middle of some numbers, and how far they lie apart. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Throws a RangeError for no numbers at all, of which there is no median. */
export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) throw new RangeError("no numbers");
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle]!;
  const median = sorted.length % 2 === 1 ? upper : (sorted[middle - 1]! + upper) / 2;
  return { median, min: sorted[0]!, max: sorted.at(-1)! };
}

/**
 * How many times `ours` is `theirs`, round by round. What disturbs a machine for a while disturbs both halves of a
 * round, so the ratios lie closer together than the numbers do. A round that one of the two lacks is left out.
 */
export function ratiosOf(
  ours: readonly (number | undefined)[],
  theirs: readonly (number | undefined)[],
): readonly number[] {
  return ours.flatMap((our, round) => {
    const their = theirs[round];
    return our === undefined || their === undefined || their === 0 ? [] : [our / their];
  });
}
