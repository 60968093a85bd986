import { Buffer } from "node:buffer";

/** Bytes of a slab; what is half as large or more gets memory of its own. */
const slabBytes = 128 * 1024;

/**
 * Memory for what is about to be sent, shared by all connections of the process and handed out from the front. What one
 * connection writes in a turn of the event loop lies in one piece of it, and leaves in one write without having been
 * put together first. Once the operating system has taken the piece, `recycle` makes its room usable again, so that in
 * the usual case nothing is ever allocated.
 */
let slab = Buffer.allocUnsafeSlow(slabBytes);
/** The same, without asking the slab for it each time. */
let slabMemory = slab.buffer;
let slabUsed = 0;

/** The view made last: all subscribers of a channel send the same range. */
let lastView: Uint8Array = slab.subarray(0, 0);

/** Where `reserve` made room last. */
let reserved = slab;

/**
 * The bytes that one connection is about to send, in order: ranges of memory, each as long as possible. Bytes that
 * follow each other in memory become one range, also those of a message that is shared with other connections.
 */
export class OutputBuffer {
  /** Ranges that are complete; made when there is more than one. */
  #chunks: Uint8Array[] | undefined;
  #chunksBytes = 0;
  /** The range that is still growing. */
  #memory: ArrayBufferLike = slabMemory;
  #start = 0;
  #end = 0;

  /** Bytes gathered and not yet taken. */
  get byteLength(): number {
    return this.#chunksBytes + this.#end - this.#start;
  }

  /** The bytes gathered so far, in order, and forgets them. */
  take(): Uint8Array[] {
    this.#completeRange();
    const chunks = this.#chunks ?? [];
    this.#chunks = undefined;
    this.#chunksBytes = 0;
    return chunks;
  }

  /** Adds bytes without copying them: they MUST NOT change until they are sent. */
  append(bytes: Uint8Array): void {
    if (bytes.buffer === this.#memory && bytes.byteOffset === this.#end) {
      this.#end += bytes.length;
    } else {
      this.#beginRange(bytes.buffer, bytes.byteOffset, bytes.byteOffset + bytes.length);
    }
  }

  /** Where the room lies that `reserve` made last, whoever called it. */
  get memory(): Buffer {
    return reserved;
  }

  /** Makes room for `count` bytes and returns where in `memory` it begins. The caller MUST write each, or give it back. */
  reserve(count: number): number {
    if (count >= slabBytes / 2) {
      reserved = Buffer.allocUnsafeSlow(count);
      this.#beginRange(reserved.buffer, 0, count);
      return 0;
    }
    if (slabUsed + count > slabBytes) {
      slab = Buffer.allocUnsafeSlow(slabBytes);
      slabMemory = slab.buffer;
      slabUsed = 0;
    }
    reserved = slab;
    const at = slabUsed;
    slabUsed += count;
    if (this.#memory === slabMemory && this.#end === at) this.#end = slabUsed;
    else this.#beginRange(slabMemory, at, slabUsed);
    return at;
  }

  /** Gives back the last `count` bytes of the room that was reserved last. */
  giveBack(count: number): void {
    this.#end -= count;
    if (this.#memory === slabMemory) slabUsed -= count;
  }

  #beginRange(memory: ArrayBufferLike, start: number, end: number): void {
    this.#completeRange();
    this.#memory = memory;
    this.#start = start;
    this.#end = end;
  }

  #completeRange(): void {
    const length = this.#end - this.#start;
    if (length === 0) return;
    const isSame =
      lastView.buffer === this.#memory && lastView.byteOffset === this.#start && lastView.length === length;
    const view = isSame ? lastView : new Uint8Array(this.#memory, this.#start, length);
    // What is large is rarely sent twice, and would only be kept from being collected.
    if (this.#memory.byteLength <= slabBytes) lastView = view;
    (this.#chunks ??= []).push(view);
    this.#chunksBytes += length;
    // An empty range must not look like the end of the one before: its room may soon be somebody else's.
    this.#start = this.#end = -1;
  }
}

/** Says that the operating system has taken `chunks`, which `OutputBuffer.take` gave: nobody will read them again. */
export function recycle(chunks: readonly Uint8Array[]): void {
  const last = chunks.at(-1);
  if (last !== undefined && last.buffer === slabMemory && last.byteOffset + last.length === slabUsed) {
    slabUsed = last.byteOffset;
  }
}
