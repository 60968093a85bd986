import { isToken } from "./field-values.ts";
import type { ParameterizedValue } from "./parameters.ts";
import { parseParameterized } from "./parameters.ts";

/** A media type as a Content-Type gives it: `value` is `type/subtype`. */
export type MediaType = ParameterizedValue;

/** Parses a Content-Type (RFC 9110 §8.3.1); undefined when there is none, or it breaks the grammar. */
export function parseMediaType(text: string | undefined): MediaType | undefined {
  const parsed = parseParameterized(text ?? "");
  const [type = "", subtype = "", ...rest] = parsed?.value.split("/") ?? [];
  return isToken(type) && isToken(subtype) && rest.length === 0 ? parsed : undefined;
}

/** Whether text of this type is UTF-8, which ASCII is, too. */
export function isUtf8Type(type: MediaType): boolean {
  const charset = type.parameters.get("charset")?.toLowerCase() ?? "utf-8";
  return charset === "utf-8" || charset === "utf8" || charset === "us-ascii";
}

/** Whether a type is JSON (RFC 8259 §11, RFC 6839 §3.1). */
export function isJsonType(type: MediaType): boolean {
  return type.value === "application/json" || type.value.endsWith("+json");
}

/** The boundary of a multipart type (RFC 2046 §5.1.1): 1 to 70 characters; undefined when it has none. */
export function boundaryOf(type: MediaType): string | undefined {
  const boundary = type.parameters.get("boundary") ?? "";
  return /^[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]$/.test(boundary) ? boundary : undefined;
}
