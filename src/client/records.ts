import type { OutgoingMessage } from "./link.ts";

/** A record as it is parsed from its line (docs/session-protocol.md). */
export type ParsedRecord =
  string | { readonly binary?: string; readonly ping?: string; readonly pong?: string };

/** The line of a message. A Blob is read first. */
export function encodeRecord(message: OutgoingMessage): string | Promise<string> {
  if (typeof message === "string") return JSON.stringify(message);
  if (message instanceof Blob)
    return message.arrayBuffer().then((data) => encodeRecord(new Uint8Array(data)));
  let characters = "";
  // In pieces: a call takes only so many arguments.
  for (let at = 0; at < message.length; at += 8192) {
    characters += String.fromCharCode(...message.subarray(at, at + 8192));
  }
  return JSON.stringify({ binary: btoa(characters) });
}

/** The bytes of a binary record. */
export function decodeBinary(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** Half of a surrogate pair cannot be sent; the standard puts U+FFFD in its place. */
export function toScalars(text: string): string {
  return text.replace(/\p{Cs}/gu, "\uFFFD");
}
