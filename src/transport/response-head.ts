/** A header field of a response: name, and one value or several. */
export type HeaderField = readonly [name: string, value: string | readonly string[]];

export type ResponseHeaders = Iterable<HeaderField>;

/** From which length on a body is handed over in slices, so that it is seen whether the client takes them. */
export const sliceBytesMin: number = 256 * 1024;

/** RFC 9110 §6.4.1: these have no content, and 204 not even a Content-Length. */
export function mayHaveBody(status: number): boolean {
  return status !== 204 && status !== 304;
}

/**
 * Header fields as Node takes them in one piece: names and values in turn, a field of several values once for each.
 * `standing` overrules `headers`, but for Vary, which adds up.
 */
export function flattenHeaders(
  headers: ResponseHeaders,
  standing: readonly HeaderField[],
  isLengthKnown: boolean,
): string[] {
  const fields: string[] = [];
  for (const [name, value] of headers) {
    const field = name.length === 14 || standing.length > 0 ? name.toLowerCase() : name;
    // Whoever knows the length says it.
    if (isLengthKnown && field === "content-length") continue;
    if (standing.some(([each]) => each !== "Vary" && each.toLowerCase() === field)) continue;
    append(fields, name, value);
  }
  for (const [name, value] of standing) append(fields, name, value);
  return fields;
}

function append(fields: string[], name: string, value: string | readonly string[]): void {
  if (typeof value === "string") fields.push(name, value);
  else for (const each of value) fields.push(name, each);
}

/** Whether no value has a character outside ASCII, in `fields` with names, which cannot have any, and values in turn. */
export function isAscii(fields: readonly string[]): boolean {
  return fields.every((field, index) => index % 2 === 0 || Buffer.byteLength(field) === field.length);
}
