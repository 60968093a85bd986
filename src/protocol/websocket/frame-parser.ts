import type { Problem } from "../../base/errors.ts";
import { describe } from "../../base/errors.ts";
import { noBytes } from "../../base/bytes.ts";
import { applyMask } from "./mask.ts";
import { controlPayloadBytesMax, isControl, isKnownOpcode } from "./opcode.ts";

/** Which end of the connection this is. A client masks what it sends, a server does not (RFC 6455 §5.1). */
export type Role = "server" | "client";

/** Takes what the parser finds. Every call happens inside `FrameParser.receive`. */
export interface FrameSink {
  /** A header that is right by itself. Its payload follows in one or more pieces, also when it is empty. */
  receiveFrame(opcode: number, fin: boolean, payloadLength: number): void;
  /**
   * A piece of the payload, unmasked, and how many bytes of the frame are still to come; the last piece has 0. The
   * piece is borrowed: valid until the call returns.
   */
  receivePayload(piece: Uint8Array, bytesToCome: number): void;
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
 * whether pieces are worth keeping. What can be known from the first two bytes is judged on those two bytes.
 */
export class FrameParser {
  readonly #sink: FrameSink;
  readonly #masked: boolean;
  #stopped = false;
  #header: Uint8Array | undefined;
  #headerLength = 0;
  #inPayload = false;
  #payloadLength = 0;
  #payloadReceived = 0;
  #maskKey = 0;

  constructor(role: Role, sink: FrameSink) {
    this.#sink = sink;
    this.#masked = role === "server";
  }

  /** Nothing that comes later will be looked at. */
  stop(): void {
    this.#stopped = true;
    this.#header = undefined;
  }

  /** Takes the next bytes of the stream. They are unmasked in place, and not kept. */
  receive(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length && !this.#stopped) {
      at = this.#inPayload ? this.#receivePayload(chunk, at) : this.#receiveHeader(chunk, at);
    }
  }

  #receivePayload(chunk: Uint8Array, at: number): number {
    const length = Math.min(this.#payloadLength - this.#payloadReceived, chunk.length - at);
    const piece = chunk.subarray(at, at + length);
    if (this.#masked) applyMask(piece, this.#maskKey, this.#payloadReceived);
    this.#payloadReceived += length;
    const bytesToCome = this.#payloadLength - this.#payloadReceived;
    if (bytesToCome === 0) this.#inPayload = false;
    this.#sink.receivePayload(piece, bytesToCome);
    return at + length;
  }

  #receiveHeader(chunk: Uint8Array, at: number): number {
    // The usual case: the whole header lies in this chunk.
    if (this.#headerLength === 0 && chunk.length - at >= headerBytesMax) {
      if (!this.#isStartValid(chunk[at]!, chunk[at + 1]!)) return chunk.length;
      const length = this.#lengthOfHeader(chunk[at + 1]!);
      this.#startFrame(chunk, at);
      return at + length;
    }
    this.#header ??= new Uint8Array(headerBytesMax);
    this.#header[this.#headerLength++] = chunk[at]!;
    if (this.#headerLength < 2) return at + 1;
    if (this.#headerLength === 2 && !this.#isStartValid(this.#header[0]!, this.#header[1]!))
      return chunk.length;
    if (this.#headerLength === this.#lengthOfHeader(this.#header[1]!)) {
      const header = this.#header;
      this.#header = undefined;
      this.#headerLength = 0;
      this.#startFrame(header, 0);
    }
    return at + 1;
  }

  #lengthOfHeader(second: number): number {
    const length = second & 0x7f;
    return 2 + (length === 127 ? 8 : length === 126 ? 2 : 0) + (this.#masked ? 4 : 0);
  }

  #isStartValid(first: number, second: number): boolean {
    const problem = this.#problemWithStart(first, second);
    if (problem === undefined) return true;
    this.#fail(problem);
    return false;
  }

  #problemWithStart(first: number, second: number): Problem | undefined {
    const opcode = first & 0x0f;
    // RFC 6455 §5.2: without an extension that gives them a meaning, the reserved bits must be 0.
    if ((first & 0x70) !== 0) return describe("WS_RESERVED_BITS", {});
    if (!isKnownOpcode(opcode)) return describe("WS_OPCODE_UNKNOWN", { opcode });
    // RFC 6455 §5.1: a server must refuse what is not masked, a client what is.
    const isMasked = (second & 0x80) !== 0;
    if (isMasked !== this.#masked) {
      return this.#masked ? describe("WS_MASK_MISSING", {}) : describe("WS_MASK_UNEXPECTED", {});
    }
    if (isControl(opcode)) {
      if ((second & 0x7f) > controlPayloadBytesMax) return describe("WS_CONTROL_TOO_LONG", {});
      if ((first & 0x80) === 0) return describe("WS_CONTROL_FRAGMENTED", {});
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
    if (this.#masked) this.#maskKey = readUint32(bytes, next);
    this.#payloadLength = length;
    this.#payloadReceived = 0;
    this.#inPayload = length > 0;
    this.#sink.receiveFrame(first & 0x0f, (first & 0x80) !== 0, length);
    if (length === 0 && !this.#stopped) this.#sink.receivePayload(noBytes, 0);
  }

  #fail(problem: Problem): void {
    this.stop();
    this.#sink.receiveFrameError(problem);
  }
}

function readUint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}
