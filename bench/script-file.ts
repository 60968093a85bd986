import type { DataOpcode } from "./frames.ts";
import { firstByte, maskedFrame } from "./frames.ts";
import type { ServerCommand } from "./opponents.ts";
import { createPayloads } from "./payloads.ts";
import type { Scenario } from "./scenarios.ts";

/** A message that a server has to send; without content when only the server can know it, because it compresses. */
interface ExpectedReply {
  readonly first: number;
  readonly content: Uint8Array | undefined;
}

/** What a client sends in one piece, and what has to come back. */
export interface Unit {
  readonly frames: Uint8Array;
  readonly replies: readonly ExpectedReply[];
}

const text: DataOpcode = 1;
const binary: DataOpcode = 2;

/** What the clients of a scenario send, in turn. */
export function createUnits(scenario: Scenario, protocol: ServerCommand["protocol"]): readonly Unit[] {
  const payloads = createPayloads(scenario);
  const isBinary = scenario.message.kind === "binary";
  if (protocol === "socket.io") return payloads.map((payload) => socketIoUnit(payload, isBinary));
  return payloads.map((payload) => plainUnit([[isBinary ? binary : text, payload]]));
}

/** Messages that come back as they are. */
function plainUnit(messages: readonly (readonly [DataOpcode, Uint8Array])[]): Unit {
  return {
    frames: Buffer.concat(messages.map(([opcode, content]) => maskedFrame(firstByte(opcode), content))),
    replies: messages.map(([opcode, content]) => ({ first: firstByte(opcode), content })),
  };
}

/** The event "message" in Socket.IO's protocol, version 5; binary data follows its event in a message of its own. */
function socketIoUnit(payload: Buffer, isBinary: boolean): Unit {
  if (!isBinary)
    return plainUnit([[text, Buffer.from(`42${JSON.stringify(["message", payload.toString()])}`)]]);
  return plainUnit([
    [text, Buffer.from('451-["message",{"_placeholder":true,"num":0}]')],
    [binary, payload],
  ]);
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
  for (const { frames } of units) {
    number(frames.length);
    parts.push(frames);
  }
  for (const { first, content } of units.flatMap(({ replies }) => replies)) {
    number(first);
    number(content?.length ?? anyLength);
    if (content !== undefined) parts.push(content);
  }
  return Buffer.concat(parts);
}
