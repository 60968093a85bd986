import { misuse } from "./errors.ts";
import { kindOf } from "./text.ts";

/**
 * The tags of what JSON.stringify would make `{}` of, and nobody would notice. A generator is most likely one that should have been
 * async.
 */
const notJson = /^(?:Map|Set|Promise|Blob|File|ReadableStream|Generator|URLSearchParams|FormData|Headers)$/;

function isNotJson(value: object): boolean {
  // A plain object, which it nearly always is, is none of them.
  if (Object.getPrototypeOf(value) === Object.prototype) return false;
  const { [Symbol.toStringTag]: tag } = value as { readonly [Symbol.toStringTag]?: unknown };
  return value instanceof Error || notJson.test(String(tag));
}

/**
 * An object as JSON text.
 *
 * @throws WaterspoutError ARGUMENT_TYPE_INVALID for one that JSON cannot say: it leads back to itself, holds a BigInt, has a
 *   `toJSON` that returns nothing, or is an Error, a Map, a Set, a promise, a generator, a stream, or a class of the web like `FormData`.
 */
export function encodeJson(name: string, value: object): string {
  let text: string | undefined;
  let cause: unknown;
  try {
    if (!isNotJson(value)) text = JSON.stringify(value) as string | undefined;
  } catch (error) {
    cause = error;
  }
  if (text !== undefined) return text;
  const got = `${kindOf(value)}${cause instanceof Error ? `: ${cause.message.split("\n", 1).join()}` : ""}`;
  throw misuse("ARGUMENT_TYPE_INVALID", { name, expected: "an object that JSON can say", got }, { cause });
}
