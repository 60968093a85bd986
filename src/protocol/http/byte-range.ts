/** A part of something: its first byte, and the one behind its last. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The one range that a Range field asks for (RFC 9110 §14.1.2), cut to `size` bytes. Undefined where all is to be sent: for several ranges, which a server
 * may ignore (§14.2; a client could make it send a file many times over), for other units and for what breaks the grammar. "unsatisfiable"
 * for a range that begins behind the last byte.
 */
export function parseByteRange(range: string, size: number): ByteRange | "unsatisfiable" | undefined {
  const [, first, last] = /^bytes=[\t ]*(\d*)-(\d*)[\t ]*$/i.exec(range) ?? [];
  if (first === undefined || last === undefined) return undefined;
  if (first === "") {
    if (last === "") return undefined;
    // The last so many bytes; all of them where there are not as many.
    const length = Math.min(Number(last), size);
    return length === 0 ? "unsatisfiable" : { start: size - length, end: size };
  }
  const start = Number(first);
  const end = last === "" ? size : Math.min(Number(last) + 1, size);
  if (last !== "" && Number(last) < start) return undefined;
  return start >= size ? "unsatisfiable" : { start, end };
}

/** The value of a Content-Range: of a part, or for a 416, of what there is. */
export function formatContentRange(range: ByteRange | undefined, size: number): string {
  return range === undefined ? `bytes */${size}` : `bytes ${range.start}-${range.end - 1}/${size}`;
}
