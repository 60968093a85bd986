import type { OutgoingData } from "./link.ts";

/** A record as it is parsed from its line (docs/session-protocol.md). */
export type SessionRecord =
  string | { readonly binary?: string; readonly ping?: string; readonly pong?: string };

/** The line of a message. A Blob is read first. */
export function encodeRecord(data: OutgoingData): string | Promise<string> {
  // Half of a surrogate pair cannot be sent; the standard's send() puts U+FFFD in its place.
  if (typeof data === "string") return JSON.stringify(data.replace(/\p{Surrogate}/gu, "\uFFFD"));
  if (data instanceof Blob) return data.arrayBuffer().then(encodeBinary);
  return encodeBinary(ArrayBuffer.isView(data) ? data.buffer : data, data);
}

function encodeBinary(buffer: ArrayBufferLike, view: OutgoingData = buffer): string {
  const { byteOffset, byteLength } = ArrayBuffer.isView(view) ? view : new Uint8Array(buffer);
  let characters = "";
  // In pieces: a call takes only so many arguments.
  for (let at = 0; at < byteLength; at += 8192) {
    const piece = new Uint8Array(buffer, byteOffset + at, Math.min(8192, byteLength - at));
    characters += String.fromCharCode(...piece);
  }
  return JSON.stringify({ binary: btoa(characters) });
}

/** The bytes of a binary record. */
export function decodeBinary(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
