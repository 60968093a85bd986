import { isUtf8 } from "node:buffer";

/**
 * How a text becomes the value of a cookie and the other way round.
 *
 * Written: what RFC 6265 §4.1.1 lets stand in a value stands as it is, and everything else is percent-encoded UTF-8, as
 * in most of JavaScript. So the signed values and tokens of Tornado look the same in both.
 *
 * Read: that, and what Python's `http.cookies` writes, which Tornado uses: it puts quotes around a value that it finds
 * unusual (a "=" is enough), with a backslash before quotes and the octal numbers of what is neither ASCII nor harmless.
 */

/** All but cookie-octets, and the "%" of the encoding itself. */
const notAsItIs = /[^\x21\x23\x24\x26-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+/g;

/** A text as it may stand in a cookie. It must be well-formed (no half of a surrogate pair). */
export function encodeCookieValue(text: string): string {
  return text.replace(notAsItIs, encodeURIComponent);
}

/** The text of a cookie's value. What is encoded in neither way is taken as it stands; nothing is refused. */
export function decodeCookieValue(value: string): string {
  if (value.length >= 2 && value.startsWith('"') && value.endsWith('"')) return unquote(value.slice(1, -1));
  if (!value.includes("%")) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function unquote(text: string): string {
  return text.replace(/\\([0-3][0-7]{2}|.)/gs, (_, escaped: string) =>
    escaped.length === 3 ? String.fromCharCode(Number.parseInt(escaped, 8)) : escaped,
  );
}

/**
 * A header field's text as it was meant: Node gives a character for each byte, while a script in a page that writes
 * to `document.cookie` has the browser send UTF-8.
 */
export function decodeFieldBytes(field: string): string {
  if (!/[\x80-\xff]/.test(field)) return field;
  const bytes = Buffer.from(field, "latin1");
  return isUtf8(bytes) ? bytes.toString() : field;
}
