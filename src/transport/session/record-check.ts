import { Buffer } from "node:buffer";
import type { Problem } from "../../base/errors.ts";
import { describe } from "../../base/errors.ts";
import type { SessionRecord } from "../../protocol/session/record.ts";
import type { AcceptedMessages } from "../../protocol/websocket/message-assembler.ts";
import { controlPayloadBytesMax } from "../../protocol/websocket/opcode.ts";

/** Bytes of what a record carries. */
function byteLengthOf(record: SessionRecord): number {
  return record.kind === "text" ? Buffer.byteLength(record.data) : Buffer.byteLength(record.base64, "base64");
}

/** What a WebSocket would be closed for, too. */
export function findRecordFault(
  record: SessionRecord,
  accepted: AcceptedMessages,
  maxMessageBytes: number,
): Problem | undefined {
  const { kind } = record;
  if ((kind === "text" || kind === "binary") && accepted !== "any" && kind !== accepted) {
    return describe("WS_MESSAGE_TYPE_REFUSED", { got: kind, accepted });
  }
  const byteLength = byteLengthOf(record);
  if (kind === "ping" || kind === "pong") {
    return byteLength > controlPayloadBytesMax ? describe("WS_CONTROL_TOO_LONG", {}) : undefined;
  }
  if (byteLength <= maxMessageBytes) return undefined;
  return describe("WS_MESSAGE_TOO_BIG", { limit: maxMessageBytes });
}
