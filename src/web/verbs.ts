import { misuse } from "../base/errors.ts";
import { kindOf, quote } from "../base/text.ts";
import { isRequestMethod } from "../transport/request-methods.ts";

/** The methods that every handler may have a method for; also the order of an Allow header. */
const verbs: ReadonlyMap<string, string> = new Map(
  ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"].map((verb) => [verb, verb.toLowerCase()]),
);

/** A handler as far as its verbs are concerned. */
type Methods = Readonly<Record<string, unknown>>;

/** A method that answers a verb. */
export type VerbMethod = (this: object) => unknown;

/** The method of `handler` that answers requests with `method`; undefined where there is none. */
export function verbMethodOf(
  handler: object,
  method: string,
  customMethods: readonly string[],
): VerbMethod | undefined {
  const name = verbs.get(method) ?? (customMethods.includes(method) ? method.toLowerCase() : undefined);
  const found = name === undefined ? undefined : (handler as Methods)[name];
  return typeof found === "function" ? (found as VerbMethod) : undefined;
}

/** The methods that `handler` answers, as an Allow header lists them. */
export function allowedBy(
  handler: object,
  customMethods: readonly string[],
  hasAutomaticMethods: boolean,
): string {
  const allowed = [...verbs.keys(), ...customMethods].filter(
    (method) =>
      isMethod(handler, method.toLowerCase()) ||
      (hasAutomaticMethods &&
        ((method === "HEAD" && isMethod(handler, "get")) ||
          (method === "OPTIONS" && hasAny(handler, customMethods)))),
  );
  return allowed.join(", ");
}

/** Throws METHOD_INVALID for a list of custom methods with one that can never come. */
export function checkCustomMethods(handler: string, customMethods: unknown): void {
  const invalid = (method: string, reason: string): Error =>
    misuse("METHOD_INVALID", { handler, method, reason });
  if (!Array.isArray(customMethods)) throw invalid(kindOf(customMethods), "it is no list");
  for (const method of customMethods as readonly unknown[]) {
    if (typeof method !== "string") throw invalid(kindOf(method), "it is no text");
    if (verbs.has(method)) throw invalid(quote(method), "every handler may have it");
    if (method === "CONNECT") throw invalid(quote(method), "it is for proxies");
    if (!isRequestMethod(method)) throw invalid(quote(method), "Node's HTTP parser does not know it");
  }
}

function hasAny(handler: object, customMethods: readonly string[]): boolean {
  return [...verbs.keys(), ...customMethods].some((method) => isMethod(handler, method.toLowerCase()));
}

function isMethod(handler: object, name: string): boolean {
  return typeof (handler as Methods)[name] === "function";
}
