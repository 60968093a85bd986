/**
 * Decompresses whole messages (RFC 7692 §7.2.2). One decompressor serves all connections of the process: each message
 * starts from a reset, and a connection with context takeover keeps only its window, the bytes that the next message
 * may refer to. The window is put back as a stored DEFLATE block in front of the message. That costs about a
 * microsecond for 4 KiB, ten for 32 KiB, and saves a decompressor for each connection, which has the window inside
 * and ten kilobytes around it. It also keeps the window through blocks with BFINAL, after which zlib knows nothing.
 */
import { Buffer } from "node:buffer";
import { constants, inflateRawSync } from "node:zlib";
import { noBytes } from "../base/bytes.ts";
import { SlidingWindow } from "./sliding-window.ts";
import type { SyncZlib } from "./sync-zlib.ts";

/**
 * What is appended to a message: the 00 00 ff ff that its sender took away (RFC 7692 §7.2.2), then an empty block with
 * BFINAL set, and a byte that belongs to nothing. The decompressor ends exactly before that byte, unless the message
 * was cut off or broken: zlib itself would take what is appended for the missing part, and report nothing.
 */
const ending = Uint8Array.of(0x00, 0x00, 0xff, 0xff, 0x01, 0x00, 0x00, 0xff, 0xff, 0x00);
const bytesBehindEnd = 1;

/** How far DEFLATE refers back at most (RFC 1951 §2). */
const windowBytesMax = 32 * 1024;

/** Messages up to this size are inflated in memory that is kept; what is longer has memory of its own. */
const keptBytesMax = 64 * 1024;

/**
 * How many DEFLATE streams a message may consist of. A sender may end one with BFINAL and start another within a
 * message (RFC 7692 §7.2.1), and each costs up to twenty microseconds but only two bytes.
 */
const streamsPerMessageMax = 8;

/** Inflated bytes, in memory that grows up to a limit. */
class Output {
  readonly #bytesMax: number;
  block: Uint8Array;
  length = 0;

  constructor(kept: Uint8Array, bytesMax: number) {
    this.#bytesMax = bytesMax;
    this.block = kept.subarray(0, bytesMax);
  }

  get bytes(): Uint8Array {
    return this.block.subarray(0, this.length);
  }

  /** Bytes until the limit. */
  get room(): number {
    return this.#bytesMax - this.length;
  }

  /** Makes room: twice as much, or as much as `bytesLeast` asks for. Returns false where the limit is reached. */
  grow(bytesLeast = 0): boolean {
    if (this.block.length >= this.#bytesMax) return false;
    // Not kept and not filled with zeros first: every byte that leaves has been written.
    const size = Math.min(Math.max(this.block.length * 2, bytesLeast), this.#bytesMax);
    const block = new Uint8Array(Buffer.allocUnsafeSlow(size).buffer);
    block.set(this.bytes);
    this.block = block;
    return true;
  }

  append(bytes: Uint8Array): void {
    const length = this.length + bytes.length;
    if (length > this.block.length) this.grow(length);
    this.block.set(bytes, this.length);
    this.length = length;
  }
}

/**
 * Inflates one DEFLATE stream from `offset` of `input` into `output`, until it or the input ends. `window` is what it
 * may refer to. Returns the number of input bytes that are left.
 */
type InflateStream = (
  input: Uint8Array,
  offset: number,
  window: Uint8Array,
  output: Output,
) => number | "too big" | "invalid";

/** Decompresses messages, one after the other, of any connection. */
export class MessageInflater {
  readonly #inflateStream: InflateStream;
  readonly #keptInput = new Uint8Array(keptBytesMax);
  readonly #keptOutput = new Uint8Array(keptBytesMax);

  constructor(inflateStream: InflateStream) {
    this.#inflateStream = inflateStream;
  }

  /**
   * The message, if it has at most `bytesMax` bytes. `window` is what it may refer to. Borrowed until the next call if
   * it has no more than `keptBytesMax` bytes.
   */
  inflate(payload: Uint8Array, window: Uint8Array, bytesMax: number): Uint8Array | "too big" | "invalid" {
    // Nothing is not what a sender should make of an empty message (§7.2.3.6), but some do.
    if (payload.length === 0) return noBytes;
    const input = this.#withEnding(payload);
    // The byte more shows that a message is too big.
    const output = new Output(this.#keptOutput, bytesMax + 1);
    let offset = 0;
    // What the second stream of a message may refer to, and those after it.
    let joined: SlidingWindow | undefined;
    let joinedBytes = 0;
    for (let streams = 0; streams < streamsPerMessageMax; streams++) {
      const left = this.#inflateStream(input, offset, joined?.bytes ?? window, output);
      if (typeof left === "string") return left;
      if (output.length > bytesMax) return "too big";
      if (left === bytesBehindEnd) return output.bytes;
      const payloadLeft = left - ending.length;
      // The end lies in what was appended: the message was cut off.
      if (payloadLeft < 0) return "invalid";
      // §7.2.3.4: a sender that ends with BFINAL appends an empty block, of which one byte of zeros remains.
      if (payloadLeft === 0 || (payloadLeft === 1 && payload.at(-1) === 0)) return output.bytes;
      offset = payload.length - payloadLeft;
      if (joined === undefined) {
        joined = new SlidingWindow(windowBytesMax);
        joined.append(window);
      }
      joined.append(output.bytes.subarray(joinedBytes));
      joinedBytes = output.length;
    }
    return "invalid";
  }

  #withEnding(payload: Uint8Array): Uint8Array {
    const length = payload.length + ending.length;
    const input = length > keptBytesMax ? new Uint8Array(length) : this.#keptInput.subarray(0, length);
    input.set(payload);
    input.set(ending, payload.length);
    return input;
  }
}

/** Inflates with one zlib state for all. */
export function fastInflateStream(zlib: SyncZlib): InflateStream {
  // A stored block: its header (RFC 1951 §3.2.4), then the bytes as they are.
  const storedHeaderBytes = 5;
  let stored = noBytes;
  let discarded = noBytes;
  const putBack = (window: Uint8Array): void => {
    if (stored.length === 0) {
      stored = new Uint8Array(storedHeaderBytes + windowBytesMax);
      discarded = new Uint8Array(windowBytesMax);
    }
    const { length } = window;
    stored.set([0, length & 0xff, length >> 8, ~length & 0xff, (~length >> 8) & 0xff]);
    stored.set(window, storedHeaderBytes);
    zlib.write(stored.subarray(0, storedHeaderBytes + length), 0, discarded, 0);
  };
  return (input, offset, window, output) => {
    zlib.reset();
    if (window.length > 0) putBack(window);
    for (let from = offset; ; from = input.length - zlib.inputLeft) {
      if (!zlib.write(input, from, output.block, output.length)) return "invalid";
      output.length = output.block.length - zlib.outputLeft;
      if (zlib.outputLeft > 0) return zlib.inputLeft;
      if (!output.grow()) return "too big";
    }
  };
}

/** Inflates with what Node documents, which makes and frees a zlib state each time. */
export const documentedInflateStream: InflateStream = (input, offset, window, output) => {
  try {
    const { buffer, engine } = inflateRawSync(input.subarray(offset), {
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: output.room,
      ...(window.length > 0 && { dictionary: window }),
      info: true,
    }) as unknown as { buffer: Uint8Array; engine: { bytesWritten: number } };
    output.append(buffer);
    return input.length - offset - engine.bytesWritten;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE" ? "too big" : "invalid";
  }
};
