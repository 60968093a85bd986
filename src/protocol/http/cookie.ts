import type { SetCookie } from "cookie";
import { parseCookie, stringifySetCookie } from "cookie";
import { decodeCookieValue, decodeFieldBytes, encodeCookieValue } from "./cookie-value.ts";
import { isToken } from "./field-values.ts";

/** What stands behind name and value in a Set-Cookie field (RFC 6265 §4.1.2 and its drafts). */
export interface CookieAttributes {
  readonly domain?: string | undefined;
  readonly path?: string | undefined;
  readonly expires?: Date | undefined;
  /** In seconds. */
  readonly maxAge?: number | undefined;
  readonly secure?: boolean | undefined;
  readonly httpOnly?: boolean | undefined;
  readonly sameSite?: "strict" | "lax" | "none" | false | undefined;
  readonly partitioned?: boolean | undefined;
  readonly priority?: "low" | "medium" | "high" | undefined;
}

/** Bytes of a name with its value that a browser keeps (RFC 6265bis §5.6); it drops a longer cookie without a word. */
const cookieBytesMax = 4096;

/** What an attribute must be, for the sentence that says so. */
const expectations: Readonly<Record<string, string>> = {
  domain: 'a host name such as "example.com"',
  path: 'a path such as "/" in ASCII, without ";" and control characters',
  expires: "a valid Date",
  maxAge: "a whole number of seconds",
  sameSite: '"strict", "lax", "none" or false',
  priority: '"low", "medium" or "high"',
};

/**
 * The cookies of a Cookie header field, decoded. Of several with one name the first counts: a browser sends the one with
 * the longest path first (RFC 6265 §5.4). Nothing is refused, and the time grows with the length of the field.
 */
export function parseCookies(field: string | undefined): ReadonlyMap<string, string> {
  const parsed = parseCookie(decodeFieldBytes(field ?? ""), { decode: decodeCookieValue });
  // A function of ours decodes, and it always returns a text.
  return new Map(Object.entries(parsed) as [string, string][]);
}

/** A Set-Cookie field's value, or the reason why there can be none. The reason does not show the cookie's value. */
export function formatSetCookie(
  name: unknown,
  value: unknown,
  attributes: CookieAttributes,
): string | { readonly reason: string } {
  const reason = checkName(name) ?? checkValue(value) ?? checkSecurity(name as string, attributes);
  if (reason !== undefined) return { reason };
  const given = Object.fromEntries(Object.entries(attributes).filter(([, each]) => each !== undefined));
  const encoded = encodeCookieValue(value as string);
  const bytes = (name as string).length + encoded.length;
  if (bytes > cookieBytesMax) {
    return {
      reason: `name and encoded value have ${bytes} bytes, and browsers keep at most ${cookieBytesMax}`,
    };
  }
  const text = stringify({ ...given, name: name as string, value: encoded });
  if (text !== undefined) return text;
  const wrong = Object.entries(given).filter(
    ([attribute, each]) => stringify({ name: "name", value: "", [attribute]: each }) === undefined,
  );
  return {
    reason: wrong.map(([attribute]) => `its ${attribute} must be ${expectations[attribute]}`).join("; "),
  };
}

function checkName(name: unknown): string | undefined {
  if (typeof name === "string" && isToken(name)) return undefined;
  return 'a name has letters, digits and !#$%&\'*+-.^_`|~, and no space, "=" or ";"';
}

function checkValue(value: unknown): string | undefined {
  if (typeof value !== "string") return "its value must be a string";
  if (/[\p{Cc};]/u.test(value)) {
    return 'its value has a control character or ";": encode it, for instance with encodeURIComponent, or sign it';
  }
  return value.isWellFormed() ? undefined : "its value has half of a surrogate pair";
}

/** What browsers demand, or else drop the cookie without a word (RFC 6265bis §5.7). */
function checkSecurity(name: string, attributes: CookieAttributes): string | undefined {
  const { secure, path, domain } = attributes;
  if (path !== undefined && path !== "" && !path.startsWith("/")) {
    return 'its path must begin with "/"';
  }
  if (/^__host-/i.test(name) && (path !== "/" || (domain ?? "") !== "")) {
    return 'with the prefix __Host- its path must be "/", and it has no domain';
  }
  if (mustBeSecure(name, attributes) && secure !== true) {
    return 'with sameSite "none", partitioned, or the prefix __Host- or __Secure- it must be secure';
  }
  return undefined;
}

/** Whether browsers take such a cookie only with the attribute Secure. */
export function mustBeSecure(name: string, { sameSite, partitioned }: CookieAttributes): boolean {
  return sameSite === "none" || partitioned === true || /^__(?:host|secure)-/i.test(name);
}

/** The field by the library, which knows the attributes' grammars; undefined when one breaks its own. */
function stringify(cookie: SetCookie): string | undefined {
  try {
    return stringifySetCookie(cookie, { encode: (value) => value });
  } catch {
    return undefined;
  }
}
