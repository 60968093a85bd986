import type { AgreedCompression } from "./compression.ts";
import { createCompressor } from "./compression.ts";
import type { DataOpcode } from "./frames.ts";
import { firstByte, maskedFrame } from "./frames.ts";
import type { SocketProtocol } from "./opponents.ts";
import { createPayloads } from "./payloads.ts";
import type { SocketScenario } from "./scenarios.ts";

/**
 * A message that a server has to send, or the body of a response, which has no first byte to compare; without content when only the
 * server can know it, because it compresses.
 */
interface ExpectedReply {
  readonly first: number;
  readonly content: Uint8Array | undefined;
}

/** What a client sends in one piece, frames or a request, and what has to come back. */
export interface Unit {
  readonly sent: Uint8Array;
  readonly replies: readonly ExpectedReply[];
}

const text: DataOpcode = 1;
const binary: DataOpcode = 2;

/** A message of one of the protocols: its opcode and its payload. */
export type Message = readonly [opcode: DataOpcode, content: Buffer];

/** What the clients of a scenario send, in turn; each entry is a message, or two that belong together. */
export function createMessages(
  scenario: SocketScenario,
  protocol: SocketProtocol,
): readonly (readonly Message[])[] {
  const isBinary = scenario.message.kind === "binary";
  return createPayloads(scenario).map((payload) =>
    protocol === "socket.io" ? socketIoEvent(payload, isBinary) : [[isBinary ? binary : text, payload]],
  );
}

/** The messages as frames, and they themselves as what is expected back. */
export function createUnits(entries: readonly (readonly Message[])[]): readonly Unit[] {
  return entries.map((messages) => ({
    sent: Buffer.concat(messages.map(([opcode, content]) => maskedFrame(firstByte(opcode), content))),
    replies: messages.map(([opcode, content]) => ({ first: firstByte(opcode), content })),
  }));
}

/** The messages as compressed frames; how the replies are compressed is for the server to choose. */
export function createCompressedUnits(
  entries: readonly (readonly Message[])[],
  compression: AgreedCompression,
): readonly Unit[] {
  const compress = createCompressor(compression);
  return entries.map((messages) => ({
    sent: Buffer.concat(
      messages.map(([opcode, content]) => maskedFrame(firstByte(opcode, true), compress(content))),
    ),
    replies: messages.map(([opcode]) => ({ first: firstByte(opcode, true), content: undefined })),
  }));
}

/** The event "message" in Socket.IO's protocol, version 5; binary data follows its event in a message of its own. */
function socketIoEvent(payload: Buffer, isBinary: boolean): readonly Message[] {
  if (!isBinary) return [[text, Buffer.from(`42${JSON.stringify(["message", payload.toString()])}`)]];
  return [
    [text, Buffer.from('451-["message",{"_placeholder":true,"num":0}]')],
    [binary, payload],
  ];
}

const anyLength = 0xffff_ffff;

/** The file that load/script.c reads. */
export function encodeScript(units: readonly Unit[]): Buffer {
  const parts: Uint8Array[] = [];
  const number = (value: number): void => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    parts.push(bytes);
  };
  number(units.length);
  number(units[0]?.replies.length ?? 0);
  for (const { sent } of units) {
    number(sent.length);
    parts.push(sent);
  }
  for (const { first, content } of units.flatMap(({ replies }) => replies)) {
    number(first);
    number(content?.length ?? anyLength);
    if (content !== undefined) parts.push(content);
  }
  return Buffer.concat(parts);
}
