import { constants } from "node:buffer";
import { misuse } from "./errors.ts";
import { kindOf } from "./text.ts";

/** The largest delay that a timer takes; more would mean none. */
const timerMsMax = 2 ** 31 - 1;

/** Times that cannot be turned off. */
const neededTimes: ReadonlySet<string> = new Set([
  "pingTimeoutMs",
  "closeTimeoutMs",
  "sessionTimeoutMs",
  "pollTimeoutMs",
]);

/** What a limit may be. Of a number of bytes or things, 0 would let nothing through. */
export function rangeOf(name: string): [least: number, most: number] {
  // The longest text that the engine can hold.
  if (name === "maxMessageBytes") return [1, constants.MAX_STRING_LENGTH];
  if (!name.endsWith("Ms")) return [1, Number.MAX_SAFE_INTEGER];
  // 0 turns a time off, but for those in which a peer must have a chance to answer.
  return [neededTimes.has(name) ? 1 : 0, timerMsMax];
}

/** Throws SETTING_INVALID unless `value` is a whole number in the range. `name` is what the message calls it. */
export function checkWholeNumber(name: string, value: unknown, [least, most]: [number, number]): void {
  if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most) return;
  const expected = `a whole number from ${least}${most === Number.MAX_SAFE_INTEGER ? "" : ` to ${most}`}`;
  throw invalidSetting(name, expected, value);
}

/** Throws SETTING_UNKNOWN for an entry that is not one of `names`; `prefix` says which group it is in. */
export function checkNames(prefix: string, given: object, names: readonly string[]): void {
  for (const name of Object.keys(given)) {
    if (names.includes(name)) continue;
    throw misuse("SETTING_UNKNOWN", { name: `${prefix}${name}`, names: names.join(", ") });
  }
}

/** The error SETTING_INVALID: which setting, what it must be, and what it is. */
export function invalidSetting(name: string, expected: string, value: unknown): Error {
  return misuse("SETTING_INVALID", { name, expected, value: kindOf(value) });
}
