import { matchesEtag, matchesEtagStrongly } from "./entity-tag.ts";
import type { HeaderFields } from "./header-fields.ts";
import { fieldValue } from "./header-fields.ts";

/** What tells one version of something from another. */
export interface Validators {
  /** With its quotes. */
  readonly etag: string;
  /** In milliseconds since 1970, whole seconds as a Last-Modified has. */
  readonly modifiedMs: number;
}

/** What a request's conditions ask for: the whole answer, 304, or 412. */
export type Precondition = "met" | "not-modified" | "failed";

/** Judges the conditions of a GET or HEAD in the order of RFC 9110 §13.2.2: an entity tag goes before a date, and what is no date is no condition. */
export function judgePreconditions(headers: HeaderFields, validators: Validators): Precondition {
  const { etag, modifiedMs } = validators;
  const ifMatch = fieldValue(headers, "if-match");
  if (ifMatch !== undefined) {
    if (!matchesEtagStrongly(ifMatch, etag)) return "failed";
  } else if (modifiedMs > dateOf(fieldValue(headers, "if-unmodified-since"))) {
    return "failed";
  }
  const ifNoneMatch = fieldValue(headers, "if-none-match");
  if (ifNoneMatch !== undefined) return matchesEtag(ifNoneMatch, etag) ? "not-modified" : "met";
  return modifiedMs <= dateOf(fieldValue(headers, "if-modified-since")) ? "not-modified" : "met";
}

/**
 * Whether a part may be sent to a client that has another part already (RFC 9110 §13.1.5): only if both are surely of the same bytes. A date cannot
 * say so, since a file may change twice in a second, and so counts as another version.
 */
export function isRangeWanted(ifRange: string | undefined, etag: string): boolean {
  return ifRange === undefined || (ifRange.trim() !== "*" && matchesEtagStrongly(ifRange, etag));
}

/** Not a number where there is no date, which is neither before nor after any other. */
function dateOf(value: string | undefined): number {
  return value === undefined ? Number.NaN : Date.parse(value);
}
