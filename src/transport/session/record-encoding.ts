import { Buffer } from "node:buffer";
import { encodeRecordEvent, encodeTextEvent } from "../../protocol/session/event-stream.ts";
import type { SessionKind } from "../../protocol/session/head.ts";
import { encodeBase64, encodeText } from "../../protocol/session/record.ts";
import type { SharedMessage } from "../../protocol/websocket/shared-message.ts";

/** A message as it travels in a session of this kind: an event without its id, or a line. */
export function encodeMessage(kind: SessionKind, data: string | Uint8Array): string {
  if (typeof data !== "string") return encodeControl(kind, "binary", data);
  return kind === "sse" ? encodeTextEvent(data) : encodeText(data);
}

/** Bytes as they travel in a session of this kind. */
export function encodeControl(
  kind: SessionKind,
  what: "binary" | "ping" | "pong",
  bytes: Uint8Array,
): string {
  const base64 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
  const line = encodeBase64(what, base64);
  return kind === "sse" ? encodeRecordEvent(line) : line;
}

/** What shared messages look like as events and as lines, so that all sessions hold the same text. */
const events = new WeakMap<SharedMessage, string>();
const lines = new WeakMap<SharedMessage, string>();

/** Like `encodeMessage`, once for all sessions. */
export function encodeShared(kind: SessionKind, message: SharedMessage): string {
  const encoded = kind === "sse" ? events : lines;
  let text = encoded.get(message);
  if (text === undefined) {
    text = encodeMessage(kind, message.data);
    encoded.set(message, text);
  }
  return text;
}
