import { isUtf8 } from "node:buffer";
import { parseParameterized } from "./parameters.ts";

/** What the header of a part of a form says about it. */
export interface Disposition {
  readonly name: string;
  /** The name of a file without its directories; undefined for a field that is no file. May be empty. */
  readonly filename: string | undefined;
}

/** What file systems take for a name, in bytes. */
const filenameBytesMax = 255;

/**
 * Parses the Content-Disposition of a part (RFC 7578 §4.2), given as one character for each byte; undefined when it is
 * not `form-data` with a name, or not UTF-8.
 */
export function parseDisposition(text: string): Disposition | undefined {
  const parsed = parseParameterized(text);
  if (parsed?.value !== "form-data") return undefined;
  const name = decodeName(parsed.parameters.get("name"));
  if (name === undefined) return undefined;
  const plain = parsed.parameters.get("filename");
  const extended = parsed.parameters.get("filename*");
  if (plain === undefined && extended === undefined) return { name, filename: undefined };
  // RFC 7578 §4.2 wants no filename*, but clients send it; RFC 6266 §4.3 prefers it.
  const filename = extended === undefined ? decodeName(plain) : decodeExtended(extended);
  return filename === undefined ? undefined : { name, filename: baseName(filename) };
}

/** UTF-8, in which browsers write these three characters percent-encoded (HTML §4.10.21.8). */
function decodeName(bytes: string | undefined): string | undefined {
  if (bytes === undefined) return undefined;
  const text = decodeUtf8(Buffer.from(bytes, "latin1"));
  return text?.replaceAll(/%22|%0D|%0A/g, (escape) => String.fromCharCode(Number(`0x${escape.slice(1)}`)));
}

/** RFC 8187 §3.2: `UTF-8'language'percent-encoded`. */
function decodeExtended(value: string): string | undefined {
  const encoded = /^utf-8'[^']*'(.*)$/i.exec(value)?.[1];
  if (encoded === undefined) return undefined;
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}

function decodeUtf8(bytes: Buffer): string | undefined {
  return isUtf8(bytes) ? bytes.toString() : undefined;
}

/**
 * The last segment of a path of any system, without control characters, and not longer than a file's name may be: what
 * a program may show, and store under its own directory without looking at it again.
 */
function baseName(path: string): string {
  const segment = path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
  const name = segment.replaceAll(/\p{Cc}/gu, "").trim();
  if (name === "." || name === "..") return "";
  const bytes = Buffer.from(name);
  if (bytes.length <= filenameBytesMax) return name;
  let end = filenameBytesMax;
  while ((bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.toString("utf8", 0, end);
}
