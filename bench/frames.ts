import { randomBytes } from "node:crypto";

/** The opcode of a data frame. RFC 6455 §11.8. */
export type DataOpcode = 1 | 2;

const fin = 0x80;
const rsv1 = 0x40;
const maskBit = 0x80;

/** The first byte of a message in one frame; RSV1 says that it is compressed (RFC 7692 §6). */
export function firstByte(opcode: DataOpcode, isCompressed = false): number {
  return fin | (isCompressed ? rsv1 : 0) | opcode;
}

/** A client's frame, with a mask of its own. */
export function maskedFrame(first: number, payload: Uint8Array): Buffer {
  const { length } = payload;
  const lengthBytes = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const head = Buffer.alloc(2 + lengthBytes);
  head[0] = first;
  head[1] = maskBit | (lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127);
  if (lengthBytes === 2) head.writeUInt16BE(length, 2);
  if (lengthBytes === 8) head.writeBigUInt64BE(BigInt(length), 2);
  const mask = randomBytes(4);
  const masked = Buffer.from(payload);
  for (let i = 0; i < length; i++) masked[i] = masked[i]! ^ mask[i & 3]!;
  return Buffer.concat([head, mask, masked]);
}
