/** Frames to bytes and back. Reading is done without the project's own parser, which is what is tested. */
import type { Role } from "../../../src/protocol/websocket/frame-parser.ts";
import { encodeRawFrame } from "../../../src/testing/index.ts";
import type { RawSocket } from "../../support/raw-socket.ts";
import type { FramePart, SentFrame } from "./case.ts";
import { Failure } from "./failure.ts";

/** A frame as the testee sent it, unmasked. */
export interface WireFrame {
  readonly fin: boolean;
  readonly rsv: number;
  readonly opcode: number;
  readonly payload: Uint8Array;
}

/** A masking key without zeros or repetition, so that no mistake with its bytes stays hidden. */
const defaultKey = 0x9d_3c_e1_57;

/** The bytes of a frame as a testee of this role is to get it: a server gets masked ones (RFC 6455 §5.1). */
export function encodeFrame(testee: Role, { maskKey, wrongMask, ...frame }: SentFrame): Uint8Array {
  const isMasked = (testee === "server") !== (wrongMask === true);
  return encodeRawFrame({ ...frame, mask: isMasked ? (maskKey ?? defaultKey) : null });
}

/** The part of a frame that is meant. */
export function encodePart(testee: Role, { frame, part, payloadBytes }: FramePart): Uint8Array {
  const bytes = encodeFrame(testee, frame);
  const payloadLength = Buffer.byteLength(frame.payload ?? "");
  const cut = bytes.length - payloadLength + payloadBytes;
  return part === "first" ? bytes.subarray(0, cut) : bytes.subarray(cut);
}

/** The next frame, or undefined at the end of the stream; what no endpoint may send is a failure. */
export async function readFrame(raw: RawSocket, testee: Role): Promise<WireFrame | undefined> {
  await raw.available();
  if (raw.received === 0) return undefined;
  const [start = 0, second = 0] = await raw.read(2);
  const isMasked = second >= 0x80;
  if (isMasked !== (testee === "client"))
    throw new Failure(isMasked ? "a masked frame from a server" : "a frame without a mask from a client");
  const opcode = start & 0x0f;
  const shortLength = second & 0x7f;
  if (opcode >= 8 && (shortLength > 125 || start < 0x80))
    throw new Failure("a control frame that is too long or fragmented");
  const length = await readLength(raw, shortLength);
  const key = isMasked ? await raw.read(4) : undefined;
  const payload = await raw.read(length);
  if (key !== undefined) for (let i = 0; i < length; i++) payload[i]! ^= key[i & 3]!;
  return { fin: start >= 0x80, rsv: (start >> 4) & 7, opcode, payload };
}

async function readLength(raw: RawSocket, shortLength: number): Promise<number> {
  if (shortLength < 126) return shortLength;
  const length =
    shortLength === 126 ? (await raw.read(2)).readUInt16BE() : Number((await raw.read(8)).readBigUInt64BE());
  // RFC 6455 §5.2: the minimal number of bytes must be used.
  if (length < (shortLength === 126 ? 126 : 65_536)) throw new Failure(`length ${length} in too many bytes`);
  return length;
}
