import { misuse } from "./errors.ts";
import { kindOf } from "./text.ts";

/**
 * An object as JSON text.
 *
 * @throws WaterspoutError ARGUMENT_TYPE_INVALID for one that JSON cannot say: it leads back to itself, holds a BigInt, or
 *   has a `toJSON` that returns nothing.
 */
export function encodeJson(name: string, value: object): string {
  let text: string | undefined;
  let cause: unknown;
  try {
    text = JSON.stringify(value) as string | undefined;
  } catch (error) {
    cause = error;
  }
  if (text !== undefined) return text;
  const got = `${kindOf(value)}${cause instanceof Error ? `: ${cause.message.split("\n", 1).join()}` : ""}`;
  throw misuse("ARGUMENT_TYPE_INVALID", { name, expected: "an object that JSON can say", got }, { cause });
}
