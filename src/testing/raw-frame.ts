import { applyMask } from "../protocol/websocket/mask.ts";

/** A frame to send, right or wrong: every field can be what RFC 6455 §5.2 forbids. */
export interface RawFrame {
  readonly opcode: number;
  /** Default true. */
  readonly fin?: boolean;
  /** The three reserved bits as a number from 0 to 7. Default 0. */
  readonly rsv?: number;
  readonly payload?: string | Uint8Array;
  /** The masking key, or null for none. Default `37 fa 21 3d`, the one of the examples in RFC 6455 §5.7. */
  readonly mask?: number | null;
  /** The length to announce instead of the payload's. */
  readonly length?: number | bigint;
  /** Bytes of the extended length (0, 2 or 8), which need not be the fewest. */
  readonly lengthBytes?: 0 | 2 | 8;
}

/**
 * The bytes of a frame as a client sends it.
 *
 * @example
 * encodeRawFrame({ opcode: 1, payload: "Hello" }); // 81 85 37 fa 21 3d 7f 9f 4d 51 58
 */
export function encodeRawFrame(frame: RawFrame): Uint8Array {
  const payload = new Uint8Array(
    typeof frame.payload === "string" ? Buffer.from(frame.payload) : (frame.payload ?? []),
  );
  const length = BigInt(frame.length ?? payload.length);
  const lengthBytes = frame.lengthBytes ?? (length < 126n ? 0 : length < 65_536n ? 2 : 8);
  const mask = frame.mask === undefined ? 0x37_fa_21_3d : frame.mask;
  const header = Buffer.alloc(2 + lengthBytes + (mask === null ? 0 : 4));
  header[0] = (frame.fin === false ? 0 : 0x80) | ((frame.rsv ?? 0) << 4) | frame.opcode;
  const shortLength = lengthBytes === 0 ? Number(length) : lengthBytes === 2 ? 126 : 127;
  header[1] = (mask === null ? 0 : 0x80) | shortLength;
  if (lengthBytes === 2) header.writeUInt16BE(Number(length), 2);
  if (lengthBytes === 8) header.writeBigUInt64BE(length, 2);
  if (mask !== null) {
    header.writeUInt32BE(mask, 2 + lengthBytes);
    applyMask(payload, 0, payload.length, mask, 0);
  }
  return Buffer.concat([header, payload]);
}
