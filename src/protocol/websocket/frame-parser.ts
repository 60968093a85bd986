import type { Problem } from "../../base/errors.ts";
import { describe } from "../../base/errors.ts";
import { noBytes } from "../../base/bytes.ts";
import { finBit, maskBit, reservedBits, rsv1Bit } from "./frame-header.ts";
import { applyMask } from "./mask.ts";
import { controlPayloadBytesMax, isControl, isKnownOpcode, Opcode } from "./opcode.ts";

/** Which end of the connection this is. A client masks what it sends, a server does not (RFC 6455 §5.1). */
export type Role = "server" | "client";

/** Takes what the parser finds. Every call happens inside `FrameParser.receive`. */
export interface FrameSink {
  /**
   * A header that is right by itself. Its payload follows in one or more pieces, also when it is empty. `isCompressed`
   * is the bit RSV1, which is only let through where an extension gave it that meaning.
   */
  receiveFrame(opcode: number, fin: boolean, isCompressed: boolean, payloadLength: number): void;
  /**
   * A piece of the payload, unmasked: `bytes` from `start` to before `end`, and how many bytes of the frame are still to
   * come; the last piece has 0. `isAscii` is true where all its bytes are known to be. They are borrowed: valid until
   * the call returns.
   */
  receivePayload(bytes: Uint8Array, start: number, end: number, bytesToCome: number, isAscii: boolean): void;
  /** The peer broke the rules of framing; the parser has stopped. */
  receiveFrameError(problem: Problem): void;
}

/** The longest header: 2 bytes, 8 of extended length, 4 of masking key. */
const headerBytesMax = 14;

/**
 * Cuts a byte stream into frames (RFC 6455 §5.2).
 *
 * It alternates between two states: it gathers a header, or it passes payload on. A header that a read has cut waits
 * in `#header`; payload never waits here, so that the parser holds at most 14 bytes, and it is for the sink to decide
 * whether pieces are worth keeping. What can be known from the first two bytes is judged on those two bytes. Nothing is
 * allocated for a frame that lies in one read.
 */
export class FrameParser {
  readonly #sink: FrameSink;
  readonly #isMasked: boolean;
  readonly #allowsRsv1: boolean;
  #isStopped = false;
  #header: Uint8Array | undefined;
  #headerLength = 0;
  #payloadLength = 0;
  /** Bytes of the payload that are still to come; 0 while a header is. */
  #bytesToCome = 0;
  #maskKey = 0;

  /** `allowsRsv1` says that an extension was agreed on which gives RSV1 a meaning on data frames (RFC 7692 §6). */
  constructor(role: Role, sink: FrameSink, allowsRsv1 = false) {
    this.#sink = sink;
    this.#isMasked = role === "server";
    this.#allowsRsv1 = allowsRsv1;
  }

  /** Nothing that comes later will be looked at. */
  stop(): void {
    this.#isStopped = true;
    this.#header = undefined;
  }

  /** Takes the next bytes of the stream, `chunk` up to before `end`. They are unmasked in place, and not kept. */
  receive(chunk: Uint8Array, end: number = chunk.length): void {
    let at = 0;
    while (at < end && !this.#isStopped) {
      at = this.#bytesToCome > 0 ? this.#receivePayload(chunk, at, end) : this.#receiveHeader(chunk, at, end);
    }
  }

  #receivePayload(chunk: Uint8Array, start: number, limit: number): number {
    const end = Math.min(start + this.#bytesToCome, limit);
    const offset = this.#payloadLength - this.#bytesToCome;
    const isAscii = this.#isMasked && applyMask(chunk, start, end, this.#maskKey, offset);
    this.#bytesToCome -= end - start;
    this.#sink.receivePayload(chunk, start, end, this.#bytesToCome, isAscii);
    return end;
  }

  #receiveHeader(chunk: Uint8Array, at: number, limit: number): number {
    const available = limit - at;
    if (this.#headerLength === 0 && available >= 2) {
      if (!this.#isStartValid(chunk[at]!, chunk[at + 1]!)) return limit;
      const length = this.#lengthOfHeader(chunk[at + 1]!);
      if (available >= length) {
        this.#startFrame(chunk, at);
        return at + length;
      }
    }
    return this.#gatherHeader(chunk, at);
  }

  /** Takes one byte of a header that a read has cut. */
  #gatherHeader(chunk: Uint8Array, at: number): number {
    const header = (this.#header ??= new Uint8Array(headerBytesMax));
    header[this.#headerLength++] = chunk[at]!;
    if (this.#headerLength === 2 && !this.#isStartValid(header[0]!, header[1]!)) return at + 1;
    if (this.#headerLength >= 2 && this.#headerLength === this.#lengthOfHeader(header[1]!)) {
      this.#header = undefined;
      this.#headerLength = 0;
      this.#startFrame(header, 0);
    }
    return at + 1;
  }

  #lengthOfHeader(second: number): number {
    const length = second & 0x7f;
    return 2 + (length === 127 ? 8 : length === 126 ? 2 : 0) + (this.#isMasked ? 4 : 0);
  }

  #isStartValid(first: number, second: number): boolean {
    // A data frame without reserved bits, masked as it must be, is nearly everything that ever comes.
    if ((first & ~finBit) <= Opcode.binary && second >= maskBit === this.#isMasked) return true;
    const problem = this.#problemWithStart(first, second);
    if (problem === undefined) return true;
    this.#fail(problem);
    return false;
  }

  #problemWithStart(first: number, second: number): Problem | undefined {
    const opcode = first & 0x0f;
    // RFC 6455 §5.2: without an extension that gives them a meaning, the reserved bits must be 0. RFC 7692 §6.1: the
    // bit says of a whole message that it is compressed, so it stands on the first frame of one.
    const allowed = this.#allowsRsv1 && opcode !== 0 && !isControl(opcode) ? rsv1Bit : 0;
    if ((first & reservedBits & ~allowed) !== 0) return describe("WS_RESERVED_BITS", {});
    if (!isKnownOpcode(opcode)) return describe("WS_OPCODE_UNKNOWN", { opcode });
    // RFC 6455 §5.1: a server must refuse what is not masked, a client what is.
    const isMasked = (second & maskBit) !== 0;
    if (isMasked !== this.#isMasked) {
      return this.#isMasked ? describe("WS_MASK_MISSING", {}) : describe("WS_MASK_UNEXPECTED", {});
    }
    if (isControl(opcode)) {
      if ((second & 0x7f) > controlPayloadBytesMax) return describe("WS_CONTROL_TOO_LONG", {});
      if ((first & finBit) === 0) return describe("WS_CONTROL_FRAGMENTED", {});
    }
    return undefined;
  }

  /** `bytes` holds a whole header from `at` on, whose first two bytes are valid. */
  #startFrame(bytes: Uint8Array, at: number): void {
    const first = bytes[at]!;
    const shortLength = bytes[at + 1]! & 0x7f;
    let length = shortLength;
    let next = at + 2;
    if (shortLength === 126) {
      length = (bytes[next]! << 8) | bytes[next + 1]!;
      next += 2;
    } else if (shortLength === 127) {
      length = readUint32(bytes, next) * 2 ** 32 + readUint32(bytes, next + 4);
      next += 8;
    }
    // RFC 6455 §5.2: the shortest form must be used, and the highest of the 64 bits must be 0.
    const isNegative = shortLength === 127 && bytes[at + 2]! >= 0x80;
    if (isNegative || (shortLength === 126 && length < 126) || (shortLength === 127 && length < 65_536)) {
      this.#fail(describe("WS_LENGTH_INVALID", {}));
      return;
    }
    if (this.#isMasked) this.#maskKey = readUint32(bytes, next);
    this.#payloadLength = length;
    this.#bytesToCome = length;
    this.#sink.receiveFrame(first & 0x0f, (first & finBit) !== 0, (first & rsv1Bit) !== 0, length);
    if (length === 0 && !this.#isStopped) this.#sink.receivePayload(noBytes, 0, 0, 0, true);
  }

  #fail(problem: Problem): void {
    this.stop();
    this.#sink.receiveFrameError(problem);
  }
}

function readUint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}
