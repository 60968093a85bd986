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

/** `headers` and what stands for all answers, which overrules them, but for Vary, which adds up. */
export function mergeHeaders(headers: ResponseHeaders, standing: readonly HeaderField[]): ResponseHeaders {
  if (standing.length === 0) return headers;
  const overruled = new Set(standing.map(([name]) => name.toLowerCase()));
  overruled.delete("vary");
  return [...Array.from(headers).filter(([name]) => !overruled.has(name.toLowerCase())), ...standing];
}

/**
 * Header fields as Node takes them in one piece: names and values in turn, a field of several values once for each. A Content-Length is left
 * out unless `keepsLength`.
 */
export function flattenHeaders(headers: ResponseHeaders, keepsLength: boolean): string[] {
  const fields: string[] = [];
  for (const [name, value] of headers) {
    if (!keepsLength && isContentLength(name)) continue;
    if (typeof value === "string") fields.push(name, value);
    else for (const each of value) fields.push(name, each);
  }
  return fields;
}

/** Whether a name is that of the field which says how long a body is. */
export function isContentLength(name: string): boolean {
  return name.length === 14 && name.toLowerCase() === "content-length";
}
