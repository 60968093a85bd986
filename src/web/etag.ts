import { hash } from "node:crypto";

/** Up to this length a body is hashed here: calling SHA-1 takes longer than all else that a small answer needs (`npm run bench -- http`). */
const shortLengthMax = 512;

/**
 * The entity tag of a body: the same bytes have the same, as text and as bytes. It tells versions of one resource apart, and protects
 * nothing: 64 bits of a simple hash for what is short and ASCII, and SHA-1 for everything else.
 */
export function computeEtag(body: string | Uint8Array): string {
  if (body.length <= shortLengthMax) {
    const tag = tagOfShort(typeof body === "string" ? body : Buffer.from(body).toString("latin1"));
    if (tag !== undefined) return tag;
  }
  return `"${hash("sha1", body, "base64url")}"`;
}

/** Two multiplicative hashes of 32 bits, by different multipliers, which then mix; undefined for what is not ASCII. */
function tagOfShort(text: string): string | undefined {
  let low = 0x811c9dc5;
  let high = text.length;
  let seen = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    seen |= code;
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high ^ code, 0x85ebca6b) ^ (low >>> 15);
  }
  if (seen > 0x7f) return undefined;
  // As signed decimal numbers, which V8 writes several times as fast as any others.
  return `"${mix(low ^ (high >>> 13))}.${mix(high ^ (low >>> 11))}"`;
}

/** Spreads every bit over all others. */
function mix(word: number): number {
  const folded = Math.imul(word ^ (word >>> 16), 0xc2b2ae35);
  return folded ^ (folded >>> 15);
}

/** Whether a text is an entity tag as a header field has it, weak or strong (RFC 9110 §8.8.3). */
export function isEtag(text: unknown): boolean {
  return typeof text === "string" && /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/.test(text);
}

/** The same tag for a body that has been given a content coding: it is as good as the plain one, and not the same bytes (RFC 9110 §8.8.1). */
export function weakEtag(etag: string): string {
  return etag.startsWith("W/") ? etag : `W/${etag}`;
}
