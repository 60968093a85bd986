import { hash } from "node:crypto";

/** The entity tag of a body: the same bytes have the same. SHA-1 tells versions apart, and protects nothing. */
export function computeEtag(body: string | Uint8Array): string {
  return `"${hash("sha1", body, "base64url")}"`;
}

/** Whether a text is an entity tag as a header field has it, weak or strong (RFC 9110 §8.8.3). */
export function isEtag(text: unknown): boolean {
  return typeof text === "string" && /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/.test(text);
}

/** The same tag for a body that has been given a content coding: it is as good as the plain one, and not the same bytes (RFC 9110 §8.8.1). */
export function weakEtag(etag: string): string {
  return etag.startsWith("W/") ? etag : `W/${etag}`;
}

/**
 * Whether an If-None-Match names `etag`, by the weak comparison that it asks for (RFC 9110 §13.1.2): the client has what it would get.
 * What breaks the grammar names nothing.
 */
export function matchesEtag(ifNoneMatch: string, etag: string): boolean {
  if (ifNoneMatch.trim() === "*") return true;
  const opaque = opaqueOf(etag);
  // Sticky, so that each step begins where the last one ended: one pass over the value, whatever a stranger wrote.
  const member = /[\t ,]*(?:W\/)?("[\x21\x23-\x7e\x80-\xff]*")[\t ]*(?=,|$)/y;
  for (let match = member.exec(ifNoneMatch); match !== null; match = member.exec(ifNoneMatch)) {
    if (match[1] === opaque) return true;
  }
  return false;
}

function opaqueOf(etag: string): string {
  return etag.startsWith("W/") ? etag.slice(2) : etag;
}
