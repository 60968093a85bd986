import { misuse } from "./errors.ts";
import { kindOf } from "./text.ts";

/** Of these JSON.stringify would make `{}`, and nobody would notice. */
const notJson = [Error, Map, Set, Promise, Blob, ReadableStream] as const;

/**
 * An object as JSON text.
 *
 * @throws WaterspoutError ARGUMENT_TYPE_INVALID for one that JSON cannot say: it leads back to itself, holds a BigInt, has a
 *   `toJSON` that returns nothing, or is an Error, a Map, a Set, a promise, a Blob or a stream.
 */
export function encodeJson(name: string, value: object): string {
  let text: string | undefined;
  let cause: unknown;
  try {
    // A plain object, which it nearly always is, is none of them.
    const isPlain = Object.getPrototypeOf(value) === Object.prototype;
    if (isPlain || !notJson.some((Class) => value instanceof Class))
      text = JSON.stringify(value) as string | undefined;
  } catch (error) {
    cause = error;
  }
  if (text !== undefined) return text;
  const got = `${kindOf(value)}${cause instanceof Error ? `: ${cause.message.split("\n", 1).join()}` : ""}`;
  throw misuse("ARGUMENT_TYPE_INVALID", { name, expected: "an object that JSON can say", got }, { cause });
}
