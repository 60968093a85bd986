import { Buffer } from "node:buffer";
import { encodeUtf8 } from "../../base/text-bytes.ts";
import { finBit, formatHeader, lengthOfHeader, maskBit, rsv1Bit } from "./frame-header.ts";
import { applyMask } from "./mask.ts";
import { OutputBuffer } from "./output-buffer.ts";

/** Payloads that are longer are passed on by reference, not copied behind their header. */
const copiedPayloadBytesMax = 16 * 1024;

/** For text of so many characters room is made for the longest UTF-8 it can become, and its length is known afterwards. */
const measuredTextCharactersMin = 8 * 1024;

/** The most bytes of UTF-8 that one UTF-16 code unit becomes. */
const bytesPerCharacterMax = 3;

/**
 * Formats frames (RFC 6455 §5.2) straight into the memory from which they are sent, and gathers them until somebody
 * takes them.
 */
export class FrameWriter extends OutputBuffer {
  readonly #createMaskKey: (() => number) | undefined;

  /** `createMaskKey` makes this the writer of a client: every frame is masked with a fresh key (RFC 6455 §5.3). */
  constructor(createMaskKey?: () => number) {
    super();
    this.#createMaskKey = createMaskKey;
  }

  /** Adds an unfragmented frame of text; returns its payload's length in bytes. */
  writeText(opcode: number, text: string): number {
    if (text.length < measuredTextCharactersMin) return this.#writeShortText(opcode, text);
    const length = Buffer.byteLength(text);
    const start = this.#beginFrame(finBit | opcode, length);
    encodeUtf8(this.memory, text, start);
    this.#mask(start, start + length);
    return length;
  }

  /** Adds an unfragmented frame of bytes. A large payload is not copied and must not change until it is sent. */
  writeBytes(opcode: number, payload: Uint8Array): void {
    if (payload.length <= copiedPayloadBytesMax || this.#createMaskKey !== undefined) {
      this.#writeCopy(finBit | opcode, payload);
      return;
    }
    const at = this.reserve(lengthOfHeader(payload.length));
    formatHeader(this.memory, at, finBit | opcode, 0, payload.length);
    this.append(payload);
  }

  /** Adds the frame of a compressed message (RFC 7692 §6.1). The payload is copied, whatever its size. */
  writeCompressed(opcode: number, payload: Uint8Array): void {
    this.#writeCopy(finBit | rsv1Bit | opcode, payload);
  }

  /** Encodes before the length is known: text is mostly ASCII, and then the header has just the room that was left. */
  #writeShortText(opcode: number, text: string): number {
    const room = this.#headerFor(bytesPerCharacterMax * text.length) + bytesPerCharacterMax * text.length;
    const at = this.reserve(room);
    const { memory } = this;
    const guessed = at + this.#headerFor(text.length);
    const length = encodeUtf8(memory, text, guessed);
    const start = at + this.#headerFor(length);
    if (start !== guessed) memory.copyWithin(start, guessed, guessed + length);
    this.giveBack(at + room - start - length);
    formatHeader(memory, at, finBit | opcode, this.#maskBit, length);
    this.#mask(start, start + length);
    return length;
  }

  #writeCopy(first: number, payload: Uint8Array): void {
    const start = this.#beginFrame(first, payload.length);
    this.memory.set(payload, start);
    this.#mask(start, start + payload.length);
  }

  /** Makes room for a frame, writes its header, and returns where its payload begins. */
  #beginFrame(first: number, payloadLength: number): number {
    const headerLength = this.#headerFor(payloadLength);
    const at = this.reserve(headerLength + payloadLength);
    formatHeader(this.memory, at, first, this.#maskBit, payloadLength);
    return at + headerLength;
  }

  get #maskBit(): number {
    return this.#createMaskKey === undefined ? 0 : maskBit;
  }

  /** Bytes of the header of a frame with this payload. */
  #headerFor(length: number): number {
    return lengthOfHeader(length) + (this.#createMaskKey === undefined ? 0 : 4);
  }

  /** Masks a payload where it lies, and writes the key before it. */
  #mask(start: number, end: number): void {
    if (this.#createMaskKey === undefined) return;
    const { memory } = this;
    const key = this.#createMaskKey();
    memory.writeInt32BE(key | 0, start - 4);
    applyMask(memory, start, end, key, 0);
  }
}
