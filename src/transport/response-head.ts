/** A header field of a response: name, and one value or several. */
export type HeaderField = readonly [name: string, value: string | readonly string[]];

export type ResponseHeaders = Iterable<HeaderField>;

/** From which length on a body is handed over in slices, so that it is seen whether the client takes them. */
export const sliceBytesMin: number = 256 * 1024;

/** RFC 9110 §6.4.1, §15.3.6: these have no content. */
export function mayHaveContent(status: number): boolean {
  return status !== 204 && status !== 205 && status !== 304;
}

/** RFC 9110 §8.6: a 204 has no Content-Length, and that of a 304 would be the length of what it does not send. */
export function mayHaveLength(status: number): boolean {
  return status !== 204 && status !== 304;
}

/**
 * Header fields as Node takes them in one piece: names and values in turn, a field of several values once for each.
 * `standing` overrules `headers`, but for Vary, which adds up. A Content-Length is left out unless `keepsLength`.
 */
export function flattenHeaders(
  headers: ResponseHeaders,
  standing: readonly HeaderField[],
  keepsLength: boolean,
): string[] {
  const fields: string[] = [];
  for (const [name, value] of headers) {
    const field = name.length === 14 || standing.length > 0 ? name.toLowerCase() : name;
    if (!keepsLength && field === "content-length") continue;
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
