import { validateHeaderName, validateHeaderValue } from "node:http";
import { misuse } from "../base/errors.ts";
import { kindOf, printable, quote } from "../base/text.ts";

/** Names that have been found valid: a program sets the same ones again and again. */
const validNames = new Set<string>();
const validNamesMax = 200;

/** Throws HEADER_INVALID unless the field may be sent as it is; so nothing can smuggle in a second one. */
export function checkHeader(name: unknown, value: unknown): void {
  if (typeof name !== "string" || (typeof value !== "string" && typeof value !== "number")) {
    throw misuse("HEADER_INVALID", {
      name: kindOf(name),
      reason: `its value is ${kindOf(value)}, not a text or a number`,
    });
  }
  try {
    if (!validNames.has(name)) {
      validateHeaderName(name);
      if (validNames.size < validNamesMax) validNames.add(name);
    }
    validateHeaderValue(name, String(value));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw misuse("HEADER_INVALID", { name: quote(name), reason: printable(reason) }, { cause: error });
  }
}

/** Throws REASON_INVALID unless a reason phrase may stand in a status line, and in the title of a page. */
export function checkReason(reason: unknown): void {
  if (reason === undefined) return;
  if (typeof reason === "string" && /^[\x20-\x7e]{1,200}$/.test(reason)) return;
  throw misuse("REASON_INVALID", { got: kindOf(reason) });
}
