import { isToken } from "./field-values.ts";

/** What the name of a header field says. */
export interface FieldName {
  /** In lower case, by which names are compared. */
  readonly key: string;
  /** Whether the field is about the connection and not about the message (RFC 9110 §7.6.1). */
  readonly isOfConnection: boolean;
}

const connectionFields: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Names that have been looked at: a program uses the same ones again and again. */
const known = new Map<string, FieldName>();
const knownMax = 200;

/** Looks at the name of a header field; undefined for what is none (RFC 9110 §5.1). */
export function fieldNameOf(name: string): FieldName | undefined {
  const found = known.get(name);
  if (found !== undefined) return found;
  if (!isToken(name)) return undefined;
  const key = name.toLowerCase();
  const made: FieldName = { key, isOfConnection: connectionFields.has(key) };
  if (known.size < knownMax) known.set(name, made);
  return made;
}
