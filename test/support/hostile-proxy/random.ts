/** A source of numbers that look random and are the same for the same seed. */
export interface SeededRandom {
  /** From 0 up to, but without, 1. */
  readonly next: () => number;
  /** A whole number from 0 up to, but without, `end`. */
  readonly below: (end: number) => number;
}

/** Makes one (an xorshift generator of 32 bits). */
export function seededRandom(seed: number): SeededRandom {
  // Spread out, so that neighbouring seeds do not begin alike; zero would stay zero.
  let state = Math.imul(seed ^ 0x9e37_79b9, 0x85eb_ca6b) | 0 || 1;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  return { next, below: (end) => Math.floor(next() * end) };
}
