import { Buffer } from "node:buffer";
import { applyMask } from "./mask.ts";

/** Payloads from this size on are passed on by reference, not copied behind their header. */
const copiedPayloadBytesMax = 16 * 1024;

/**
 * Formats frames (RFC 6455 §5.2) and gathers them until somebody takes them, so that all frames of a turn of the event
 * loop leave in one write.
 */
export class FrameWriter {
  readonly #createMaskKey: (() => number) | undefined;
  #chunks: Uint8Array[] = [];
  #byteLength = 0;

  /** `createMaskKey` makes this the writer of a client: every frame is masked with a fresh key (RFC 6455 §5.3). */
  constructor(createMaskKey?: () => number) {
    this.#createMaskKey = createMaskKey;
  }

  /** Bytes gathered and not yet taken. */
  get byteLength(): number {
    return this.#byteLength;
  }

  /** The frames gathered so far, in order, and forgets them. */
  take(): Uint8Array[] {
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#byteLength = 0;
    return chunks;
  }

  /** Adds an unfragmented frame of text; returns its payload's length in bytes. */
  writeText(opcode: number, text: string): number {
    const length = Buffer.byteLength(text);
    const [frame, start] = this.#allocate(opcode, length, length);
    frame.write(text, start);
    this.#add(frame, start);
    return length;
  }

  /** Adds an unfragmented frame of bytes. A large payload is not copied and must not change until it is sent. */
  writeBytes(opcode: number, payload: Uint8Array): void {
    const byReference = payload.length > copiedPayloadBytesMax && this.#createMaskKey === undefined;
    const [frame, start] = this.#allocate(opcode, payload.length, byReference ? 0 : payload.length);
    if (!byReference) frame.set(payload, start);
    this.#add(frame, start);
    if (byReference) {
      this.#chunks.push(payload);
      this.#byteLength += payload.length;
    }
  }

  /** A buffer with the header of a frame, room for `room` bytes of its payload, and where that room begins. */
  #allocate(opcode: number, length: number, room: number): [frame: Buffer, start: number] {
    const extendedBytes = length < 126 ? 0 : length < 65_536 ? 2 : 8;
    const keyBytes = this.#createMaskKey === undefined ? 0 : 4;
    const start = 2 + extendedBytes + keyBytes;
    const frame = Buffer.allocUnsafe(start + room);
    frame[0] = 0x80 | opcode;
    frame[1] = (keyBytes === 0 ? 0 : 0x80) | (extendedBytes === 0 ? length : extendedBytes === 2 ? 126 : 127);
    if (extendedBytes === 2) {
      frame.writeUInt16BE(length, 2);
    } else if (extendedBytes === 8) {
      frame.writeUInt32BE(Math.floor(length / 2 ** 32), 2);
      frame.writeUInt32BE(length % 2 ** 32, 6);
    }
    return [frame, start];
  }

  #add(frame: Buffer, start: number): void {
    if (this.#createMaskKey !== undefined) {
      const key = this.#createMaskKey() >>> 0;
      frame.writeUInt32BE(key, start - 4);
      applyMask(frame.subarray(start), key, 0);
    }
    this.#chunks.push(frame);
    this.#byteLength += frame.length;
  }
}
