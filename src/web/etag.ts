import { Buffer } from "node:buffer";
import { hash } from "node:crypto";

/** Up to this length a body is hashed here: calling SHA-1 takes longer than all else that a small answer needs (`npm run bench -- http`). */
const shortBytesMax = 512;

/** Where a short body lies while it is hashed: there is room for text of so many characters, whatever they are. */
const memory = Buffer.alloc(3 * shortBytesMax);
const words = new Uint32Array(memory.buffer, memory.byteOffset, shortBytesMax / 4);

/**
 * The entity tag of a body: the same bytes have the same, as text and as bytes. It tells versions of one resource apart, and protects
 * nothing: 64 bits of a simple hash for what is short, and SHA-1 for everything else.
 */
export function computeEtag(body: string | Uint8Array): string {
  const bytes = body.length <= shortBytesMax ? remember(body) : Infinity;
  return bytes <= shortBytesMax ? tagOfShort(bytes) : `"${hash("sha1", body, "base64url")}"`;
}

/** Puts a body into `memory`, and zeros behind it. Returns its length in bytes. */
function remember(body: string | Uint8Array): number {
  if (typeof body !== "string") memory.set(body);
  const length = typeof body === "string" ? memory.write(body) : body.length;
  for (let index = length; index % 4 !== 0; index++) memory[index] = 0;
  return length;
}

/** Two multiplicative hashes of 32 bits, by different multipliers. Each step can be undone, so that it loses nothing. */
function tagOfShort(bytes: number): string {
  let first = 0x811c9dc5;
  let second = bytes;
  for (let index = 0; index * 4 < bytes; index++) {
    const word = words[index]!;
    first = Math.imul(first ^ word, 0x01000193);
    first ^= first >>> 15;
    second = Math.imul(second ^ word, 0x85ebca6b);
    second ^= second >>> 13;
  }
  // As signed decimal numbers, which V8 writes several times as fast as any others.
  return `"${mix(first ^ (second >>> 13))}.${mix(second ^ (first >>> 11))}"`;
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
