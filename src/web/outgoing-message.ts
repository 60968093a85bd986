import type { BytesLike } from "../base/bytes.ts";
import { isBytesLike, toBytes } from "../base/bytes.ts";
import { misuse } from "../base/errors.ts";
import { encodeJson } from "../base/json.ts";
import { kindOf } from "../base/text.ts";
import { SharedMessage } from "../protocol/websocket/shared-message.ts";

/** What can be sent: a string as text, bytes as binary, any other object as JSON text. */
export type OutgoingMessage = string | BytesLike | object;

/** How a message is sent. */
export interface SendOptions {
  /** Whether to compress it where that was agreed on and it is long enough. Default true. */
  readonly compress?: boolean;
}

/** What of a message goes over the wire. @throws WaterspoutError ARGUMENT_TYPE_INVALID */
export function encodeMessage(message: OutgoingMessage): string | Uint8Array {
  if (typeof message === "string") return message;
  if (isBytesLike(message)) return toBytes(message);
  if (typeof message === "object" && (message as unknown) !== null) return encodeJson("message", message);
  const expected = "a string, an object or bytes";
  throw misuse("ARGUMENT_TYPE_INVALID", { name: "message", expected, got: kindOf(message) });
}

/** A message for all subscribers of a channel. @throws as `encodeMessage` */
export function shareMessage(message: OutgoingMessage, options: SendOptions | undefined): SharedMessage {
  return new SharedMessage(encodeMessage(message), options?.compress);
}

/** Bytes of UTF-8 in the longest name of a channel; Centrifugo's limit, too. */
const channelBytesMax = 255;

/** @throws WaterspoutError CHANNEL_INVALID */
export function checkChannel(channel: unknown): asserts channel is string {
  if (typeof channel === "string" && channel !== "" && Buffer.byteLength(channel) <= channelBytesMax) return;
  throw misuse("CHANNEL_INVALID", { got: kindOf(channel) });
}
