import type { TestContext } from "node:test";
import fc from "fast-check";

/**
 * Checks a property with a seed that is printed, so that a failure can be repeated with `SEED=… npm test -- file`.
 */
export function checkProperty<Args>(
  context: TestContext,
  property: fc.IRawProperty<Args> & fc.IProperty<Args>,
  runs = 200,
): void {
  const seed = Number(process.env["SEED"] ?? Math.trunc(Math.random() * 2 ** 31));
  context.diagnostic(`SEED=${seed}`);
  fc.assert(property, { seed, numRuns: runs });
}
