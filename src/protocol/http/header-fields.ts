/** Header fields by lower-case name. Any may be absent, and a repeated one is joined with a comma. */
export type HeaderFields = Readonly<Record<string, string | readonly string[] | undefined>>;

/** A header field's value, whether it came once, several times or not at all. */
export function fieldValue(headers: HeaderFields, name: string): string | undefined {
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
  return typeof value === "string" || value === undefined ? value : value.join(", ");
}
