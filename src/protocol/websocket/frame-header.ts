import type { Buffer } from "node:buffer";

/** The bits of a frame's first byte besides its opcode (RFC 6455 §5.2). */
export const finBit = 0x80;
/** Set on the first frame of a compressed message (RFC 7692 §6). */
export const rsv1Bit = 0x40;
export const reservedBits = 0x70;

/** Set in the second byte of a masked frame, whose header then ends with the masking key. */
export const maskBit = 0x80;

/** Bytes of the header of an unmasked frame, which depend on how many bytes its length takes. */
export function lengthOfHeader(payloadLength: number): number {
  return payloadLength < 126 ? 2 : payloadLength < 65_536 ? 4 : 10;
}

/** Writes all of a header but its masking key: `first` is the first byte, `mask` is `maskBit` or 0. */
export function formatHeader(
  memory: Buffer,
  at: number,
  first: number,
  mask: number,
  payloadLength: number,
): void {
  memory[at] = first;
  if (payloadLength < 126) {
    memory[at + 1] = mask | payloadLength;
  } else if (payloadLength < 65_536) {
    memory[at + 1] = mask | 126;
    memory[at + 2] = payloadLength >>> 8;
    memory[at + 3] = payloadLength;
  } else {
    memory[at + 1] = mask | 127;
    memory.writeUInt32BE(Math.floor(payloadLength / 2 ** 32), at + 2);
    memory.writeUInt32BE(payloadLength % 2 ** 32, at + 6);
  }
}
