import { Buffer } from "node:buffer";
import { encodeUtf8 } from "../../base/text-bytes.ts";
import { finBit, formatHeader, lengthOfHeader, rsv1Bit } from "./frame-header.ts";
import type { MessageCodec } from "./message-codec.ts";
import { Opcode } from "./opcode.ts";

/** Bytes of a slab; frames that do not fit get memory of their own. */
const slabBytes = 64 * 1024;

/**
 * Memory for the frames of shared messages. They lie one behind the other, so that what is published in one turn of the
 * event loop is one range for each subscriber (see `OutputBuffer`), and leaves in one write without any copy.
 */
let slab = Buffer.allocUnsafeSlow(slabBytes);
let slabUsed = 0;

/**
 * A message to many: encoded once, and compressed once for all connections with the same parameters (RFC 7692), however
 * many take it. Only a server's frames can be shared, since a client masks each of its own.
 */
export class SharedMessage {
  readonly opcode: number;
  /** Of the payload, uncompressed. */
  readonly byteLength: number;
  /** Whether the sender wants it compressed where that was agreed on. */
  readonly mayCompress: boolean;
  /** What was given. */
  readonly data: string | Uint8Array;
  #payload: Uint8Array | undefined;
  #frame: Uint8Array | undefined;
  #compressed: Map<object, Uint8Array> | undefined;

  /** Text as a string, binary as bytes, which must not change any more. */
  constructor(data: string | Uint8Array, mayCompress = true) {
    this.data = data;
    this.opcode = typeof data === "string" ? Opcode.text : Opcode.binary;
    this.byteLength = typeof data === "string" ? Buffer.byteLength(data) : data.length;
    this.mayCompress = mayCompress;
  }

  /** The payload, for those who frame it themselves. */
  get payload(): Uint8Array {
    this.#payload ??= typeof this.data === "string" ? Buffer.from(this.data) : this.data;
    return this.#payload;
  }

  /** The frame as all connections without compression send it. */
  get frame(): Uint8Array {
    this.#frame ??= this.#createFrame(finBit | this.opcode, this.data, this.byteLength);
    return this.#frame;
  }

  /** The frame as all connections send it whose codec has this key. */
  compressedFrame(codec: MessageCodec, key: object): Uint8Array {
    this.#compressed ??= new Map();
    let frame = this.#compressed.get(key);
    if (frame === undefined) {
      const compressed = codec.compress(this.payload);
      // Some messages do not get shorter; any message may go uncompressed (RFC 7692 §6.1).
      const isWorthIt = compressed.length < this.byteLength;
      frame = isWorthIt
        ? this.#createFrame(finBit | rsv1Bit | this.opcode, compressed, compressed.length)
        : this.frame;
      this.#compressed.set(key, frame);
    }
    return frame;
  }

  #createFrame(first: number, data: string | Uint8Array, length: number): Uint8Array {
    const headerLength = lengthOfHeader(length);
    const { memory, at } = reserve(headerLength + length);
    formatHeader(memory, at, first, 0, length);
    if (typeof data === "string") encodeUtf8(memory, data, at + headerLength);
    else memory.set(data, at + headerLength);
    return new Uint8Array(memory.buffer, at, headerLength + length);
  }
}

function reserve(count: number): { readonly memory: Buffer; readonly at: number } {
  if (count > slabBytes / 4) return { memory: Buffer.allocUnsafeSlow(count), at: 0 };
  if (slabUsed + count > slabBytes) {
    slab = Buffer.allocUnsafeSlow(slabBytes);
    slabUsed = 0;
  }
  const at = slabUsed;
  slabUsed += count;
  return { memory: slab, at };
}
