import { isUtf8 } from "node:buffer";
import { createHmac, timingSafeEqual } from "node:crypto";
import { misuse } from "../base/errors.ts";
import { kindOf } from "../base/text.ts";

/**
 * Tornado's signed values, so that a cookie signed by either is read by both. Signed, not encrypted: whoever has a cookie
 * can read it.
 *
 * Version 2, `2|1:0|10:1700000000|4:user|4:YWRh|<hex>`: the version; then key version, seconds since 1970, name and value
 * in base64, each behind its length; then the HMAC-SHA256 of all before. So nothing can be moved from one field to the other.
 *
 * Version 1, `YWRh|1700000000|<hex>`, is an HMAC-SHA1 of name, value and time with nothing between them. Tornado has written
 * version 2 since 2014, so version 1 is only read, and only by who asks for it; Tornado still reads it unasked.
 */

/** The secret that values are signed with, or several by their version, so that they can be exchanged. */
export type CookieSecret = string | Readonly<Record<number, string>>;

/** What a `CookieSecret` is, for messages. */
export const expectedSecret = "a long random text, or such texts by version ({ 1: …, 2: … })";

/** How to sign. */
export interface SignOptions {
  /** Which of several secrets; needed if and only if there are several. */
  readonly keyVersion?: number | undefined;
  /** The time in milliseconds since 1970. Default `Date.now`. */
  readonly clock?: (() => number) | undefined;
}

/** What is accepted. */
export interface DecodeOptions {
  /** How old a value may be, in days. Default 31. */
  readonly maxAgeDays?: number | undefined;
  /** 1 to read version 1 of the format as well. Default 2. */
  readonly minVersion?: 1 | 2 | undefined;
  /** The time in milliseconds since 1970. Default `Date.now`. */
  readonly clock?: (() => number) | undefined;
}

const daySeconds = 86_400;

/** By how much the time of a value of version 1 may lie in the future: Tornado's limit. */
const futureSecondsMax = 31 * daySeconds;

/**
 * Signs a text, and the time and a name with it: it is valid for that name only. `RequestHandler` has methods that do it
 * for cookies; this one is for everything else, such as links in mails.
 *
 * @throws WaterspoutError ARGUMENT_TYPE_INVALID for a secret that is none, a name or value that is no text, or a key version without a
 *   secret.
 * @example
 * const token = createSignedValue("a long secret", "unsubscribe", "ada@example.com");
 * decodeSignedValue("a long secret", "unsubscribe", token); // "ada@example.com"
 */
export function createSignedValue(
  secret: CookieSecret,
  name: string,
  value: string,
  options: SignOptions = {},
): string {
  checkSecret(secret);
  checkText("name", name);
  checkText("value", value);
  const { keyVersion, clock = Date.now } = options;
  const key = typeof secret === "string" ? secret : keyOf(secret, keyVersion);
  if (key === undefined) {
    const expected = "the version of one of the secrets";
    throw misuse("ARGUMENT_TYPE_INVALID", { name: "keyVersion", expected, got: kindOf(keyVersion) });
  }
  const fields = [
    String(keyVersion ?? 0),
    String(Math.floor(clock() / 1000)),
    name,
    Buffer.from(value).toString("base64"),
  ];
  const signed = `2|${fields.map((field) => `${Buffer.byteLength(field)}:${field}|`).join("")}`;
  return signed + sign("sha256", key, signed);
}

/**
 * The text that was signed; null if anything is wrong: the signature, the name, the age, the format. A value that is no
 * UTF-8, which only another program can have signed, is null, too.
 *
 * @throws WaterspoutError ARGUMENT_TYPE_INVALID for a secret that is none, a `maxAgeDays` or `minVersion` that makes no sense.
 */
export function decodeSignedValue(
  secret: CookieSecret,
  name: string,
  value: string | null | undefined,
  options: DecodeOptions = {},
): string | null {
  checkSecret(secret);
  const { maxAgeDays = 31, minVersion = 2, clock = Date.now } = options;
  // No number is older than NaN: it would accept everything.
  if (typeof maxAgeDays !== "number" || !(maxAgeDays >= 0)) {
    const expected = "a number of days, 0 or more";
    throw misuse("ARGUMENT_TYPE_INVALID", { name: "maxAgeDays", expected, got: kindOf(maxAgeDays) });
  }
  if ((minVersion as unknown) !== 1 && (minVersion as unknown) !== 2) {
    throw misuse("ARGUMENT_TYPE_INVALID", {
      name: "minVersion",
      expected: "1 or 2",
      got: kindOf(minVersion),
    });
  }
  if (typeof value !== "string") return null;
  const now = clock() / 1000;
  const version = versionOf(value);
  if (version < minVersion || version > 2) return null;
  const signed = version === 2 ? decode2(secret, name, value) : decode1(secret, name, value, now);
  if (signed === undefined || signed.seconds < now - maxAgeDays * daySeconds) return null;
  // Node reads base64 that ends anywhere.
  if (signed.base64.length % 4 !== 0) return null;
  const bytes = Buffer.from(signed.base64, "base64");
  return isUtf8(bytes) ? bytes.toString() : null;
}

/** The version of the key that a value says it was signed with; null where it says none. Nothing is checked. */
export function signatureKeyVersion(value: string | null | undefined): number | null {
  if (typeof value !== "string" || versionOf(value) !== 2) return null;
  return parse2(value)?.keyVersion ?? null;
}

/** Version 1 begins with base64, which may look like a number; then it has more digits than a version. */
function versionOf(value: string): number {
  const digits = /^([1-9]\d{0,2})\|/.exec(value)?.[1];
  return digits === undefined ? 1 : Number(digits);
}

interface Signed {
  readonly seconds: number;
  readonly base64: string;
}

interface Fields extends Signed {
  readonly keyVersion: number;
  readonly name: string;
  /** All that the signature is of, and the signature. */
  readonly signed: string;
  readonly signature: string;
}

function decode2(secret: CookieSecret, name: string, value: string): Signed | undefined {
  const fields = parse2(value);
  if (fields === undefined) return undefined;
  const key = typeof secret === "string" ? secret : keyOf(secret, fields.keyVersion);
  if (key === undefined || !areEqual(fields.signature, sign("sha256", key, fields.signed))) return undefined;
  return fields.name === name ? fields : undefined;
}

function decode1(secret: CookieSecret, name: string, value: string, now: number): Signed | undefined {
  const [base64 = "", time = "", signature = "", ...rest] = value.split("|", 4);
  // With several secrets there is no telling which: Tornado refuses that, too.
  if (typeof secret !== "string" || rest.length > 0 || !/^[1-9]\d{0,14}$/.test(time)) return undefined;
  if (!areEqual(signature, sign("sha1", secret, name + base64 + time))) return undefined;
  // Digits at the end of the value could be made the first of the time, and the signature would not change.
  return Number(time) > now + futureSecondsMax ? undefined : { seconds: Number(time), base64 };
}

function parse2(value: string): Fields | undefined {
  const bytes = Buffer.from(value);
  const fields: string[] = [];
  let at = 2;
  while (fields.length < 4) {
    const length = /^(\d{1,9}):/.exec(bytes.toString("latin1", at, at + 10))?.[1];
    if (length === undefined) return undefined;
    const start = at + length.length + 1;
    at = start + Number(length);
    if (bytes[at] !== 0x7c) return undefined;
    fields.push(bytes.toString("utf8", start, at));
    at += 1;
  }
  const [keyVersion = "", seconds = "", name = "", base64 = ""] = fields;
  if (!/^\d{1,15}$/.test(keyVersion) || !/^\d{1,15}$/.test(seconds)) return undefined;
  const signed = bytes.toString("utf8", 0, at);
  const signature = bytes.toString("utf8", at);
  return { keyVersion: Number(keyVersion), seconds: Number(seconds), name, base64, signed, signature };
}

function keyOf(secrets: Readonly<Record<number, string>>, version: number | undefined): string | undefined {
  return version !== undefined && Object.hasOwn(secrets, version) ? secrets[version] : undefined;
}

function sign(algorithm: "sha1" | "sha256", key: string, text: string): string {
  return createHmac(algorithm, key).update(text).digest("hex");
}

/** Compares in a time that says nothing of where the two differ. */
function areEqual(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** With an empty secret everybody could sign. The message does not show it, also no wrong one: it may be a right one in the wrong place. */
function checkSecret(secret: unknown): void {
  if (typeof secret === "string" ? secret !== "" : typeof secret === "object" && secret !== null) return;
  const got = secret === "" ? "an empty text" : typeof secret;
  throw misuse("ARGUMENT_TYPE_INVALID", { name: "secret", expected: expectedSecret, got });
}

function checkText(name: string, value: unknown): void {
  if (typeof value === "string") return;
  throw misuse("ARGUMENT_TYPE_INVALID", { name, expected: "a string", got: kindOf(value) });
}
