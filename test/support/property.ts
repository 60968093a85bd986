import type { TestContext } from "node:test";
import fc from "fast-check";

/** Multiplies the runs of every property: `WATERSPOUT_FUZZ=50 npm test -- fuzz` looks fifty times as long. */
const factorVariable = "WATERSPOUT_FUZZ";

function parametersFor(
  context: TestContext,
  runs: number,
): { readonly seed: number; readonly numRuns: number } {
  const seed = Number(process.env["SEED"] ?? Math.trunc(Math.random() * 2 ** 31));
  context.diagnostic(`SEED=${seed}`);
  return { seed, numRuns: Math.ceil(runs * Number(process.env[factorVariable] ?? 1)) };
}

/**
 * Checks a property with a seed that is printed, so that a failure can be repeated with `SEED=… npm test -- file`. What
 * takes long is not made smaller when it fails: `shrinks` is false then.
 */
export function checkProperty<Args>(
  context: TestContext,
  property: fc.IRawProperty<Args> & fc.IProperty<Args>,
  runs = 200,
  shrinks = true,
): void {
  fc.assert(property, { ...parametersFor(context, runs), endOnFailure: !shrinks });
}

/** The same for a property that has to wait. */
export async function checkAsyncProperty<Args>(
  context: TestContext,
  property: fc.IAsyncProperty<Args>,
  runs: number,
): Promise<void> {
  await fc.assert(property, parametersFor(context, runs));
}
