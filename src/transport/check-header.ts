import { misuse } from "../base/errors.ts";
import { kindOf, quote } from "../base/text.ts";
import type { FieldName } from "../protocol/http/field-name.ts";
import { fieldNameOf } from "../protocol/http/field-name.ts";
import { isFieldValue } from "../protocol/http/field-values.ts";

/** Throws HEADER_INVALID unless the field may be sent as it is; so nothing can smuggle in a second one. */
export function checkHeader(name: unknown, value: unknown): FieldName {
  if (typeof name !== "string" || (typeof value !== "string" && typeof value !== "number")) {
    throw misuse("HEADER_INVALID", {
      name: kindOf(name),
      reason: `its value is ${kindOf(value)}, not a text or a number`,
    });
  }
  const known = fieldNameOf(name);
  if (known !== undefined && isFieldValue(String(value))) return known;
  const reason =
    known === undefined
      ? "a name has letters, digits and !#$%&'*+-.^_`|~, and at least one of them"
      : `its value ${kindOf(value)} has a character that no field can have (a control character, or one outside Latin-1)`;
  throw misuse("HEADER_INVALID", { name: quote(name), reason });
}

/** Throws REASON_INVALID unless a reason phrase may stand in a status line, and in the title of a page. */
export function checkReason(reason: unknown): void {
  if (reason === undefined) return;
  if (typeof reason === "string" && /^[\x20-\x7e]{1,200}$/.test(reason)) return;
  throw misuse("REASON_INVALID", { got: kindOf(reason) });
}
