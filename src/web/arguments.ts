import { describe } from "../base/errors.ts";
import { quote } from "../base/text.ts";
import { Refusal } from "./refusal.ts";

/** A name and its value; undefined for a value that is not percent-encoded UTF-8. */
export type Pair = readonly [name: string, value: string | undefined];

/**
 * Reads a query string or a form (application/x-www-form-urlencoded, WHATWG URL §5.1), strictly: bytes that are no UTF-8
 * are not replaced but reported, as undefined in place of the value. Undefined when there are more pairs than `pairsMax`.
 */
export function parseQuery(query: string): Pair[];
export function parseQuery(query: string, pairsMax: number): Pair[] | undefined;
export function parseQuery(query: string, pairsMax = Infinity): Pair[] | undefined {
  const pairs: Pair[] = [];
  for (let start = 0; start < query.length;) {
    const ampersand = query.indexOf("&", start);
    const end = ampersand === -1 ? query.length : ampersand;
    if (end > start) {
      if (pairs.length === pairsMax) return undefined;
      pairs.push(parsePair(query.slice(start, end)));
    }
    start = end + 1;
  }
  return pairs;
}

/** How the values of an argument are read. */
export interface ArgumentOptions {
  /** Whether white space around a value is left out. Default true; false for what is to be taken as it was typed, such as a password. */
  readonly trim?: boolean;
}

/** The values of `name` in order. @throws Refusal ARGUMENT_INVALID */
export function argumentsOf(
  pairs: readonly Pair[],
  name: string,
  { trim = true }: ArgumentOptions = {},
): string[] {
  const values: string[] = [];
  for (const [each, value] of pairs) {
    if (each !== name) continue;
    if (value === undefined) throw new Refusal(describe("ARGUMENT_INVALID", { name: quote(name) }));
    values.push(trim ? value.trim() : value);
  }
  return values;
}

/** The last of the values, or the default. @throws Refusal ARGUMENT_MISSING; `where` says in which place. */
export function lastArgument<Default extends string | null | undefined>(
  values: readonly string[],
  name: string,
  defaultValue: Default,
  where: "query" | "form" | "query or form",
): string | Exclude<Default, undefined> {
  const value = values.at(-1);
  if (value !== undefined) return value;
  if (defaultValue !== undefined) return defaultValue;
  throw new Refusal(describe("ARGUMENT_MISSING", { where, name: quote(name) }));
}

function parsePair(pair: string): Pair {
  const equals = pair.indexOf("=");
  const name = equals === -1 ? pair : pair.slice(0, equals);
  return [decode(name) ?? name, decode(equals === -1 ? "" : pair.slice(equals + 1))];
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return undefined;
  }
}
