import { hash } from "node:crypto";

/** The entity tag of a body: the same bytes have the same. SHA-1 tells versions apart, and protects nothing. */
export function computeEtag(body: string | Uint8Array): string {
  return `"${hash("sha1", body, "base64url")}"`;
}

/** The same tag for a body that has been given a content coding: it is as good as the plain one, and not the same bytes (RFC 9110 §8.8.1). */
export function weakEtag(etag: string): string {
  return etag.startsWith("W/") ? etag : `W/${etag}`;
}
