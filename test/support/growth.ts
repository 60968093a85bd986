import assert from "node:assert/strict";

/** The processor time of the fastest of some runs, in microseconds, so that what else this machine does counts less. */
function cost(act: () => unknown): number {
  let least = Infinity;
  // What takes a second once is slow enough.
  for (let run = 0; run < 5 && (run === 0 || least < 1_000_000); run++) {
    const start = process.cpuUsage();
    act();
    const { user, system } = process.cpuUsage(start);
    least = Math.min(least, user + system);
  }
  return least;
}

/**
 * Fails unless the time that `act` takes grows with the length of what `make` makes, and no faster. Doubled four times, that is 16
 * times as much; what is quadratic takes 256 times.
 */
export function assertLinear<Input>(make: (count: number) => Input, act: (input: Input) => unknown): void {
  const [small, large] = [make(2000), make(32_000)].map((input) => cost(() => act(input))) as [
    number,
    number,
  ];
  assert.ok(large < 80 * Math.max(small, 100), `${small} µs, and 16 times as much took ${large} µs`);
}
