import { Buffer } from "node:buffer";
import { noBytes } from "../../base/bytes.ts";

/** Room is made for what a frame header announces, but for no more than this before the bytes are there. */
const announcedBytesMax = 1024 * 1024;

/**
 * The payload of a message that arrives in pieces, gathered in one block of memory. Pieces leave nothing behind but
 * their bytes: a message in a million fragments holds as much as the same message in one.
 */
export class MessageBuffer {
  #block: Uint8Array = noBytes;
  #length = 0;

  /** Bytes gathered so far. */
  get length(): number {
    return this.#length;
  }

  /** Adds a copy of `piece`, and makes room for `bytesToCome` more that a frame header announced. */
  append(piece: Uint8Array, bytesToCome: number): void {
    const length = this.#length + piece.length;
    if (length > this.#block.length) {
      // Doubling makes the copies of a message in many pieces linear in its length.
      this.#grow(Math.max(length + Math.min(bytesToCome, announcedBytesMax), this.#block.length * 2));
    }
    this.#block.set(piece, this.#length);
    this.#length = length;
  }

  /** What was gathered, and forgets it. The caller owns the bytes, and their buffer holds nothing else. */
  take(): Uint8Array {
    const bytes = this.#block.subarray(0, this.#length);
    const exact = this.#length === this.#block.length;
    this.#block = noBytes;
    this.#length = 0;
    return exact ? bytes : bytes.slice();
  }

  #grow(size: number): void {
    // Not from Node's pool, and not filled with zeros first: every byte that leaves has been written.
    const block = new Uint8Array(Buffer.allocUnsafeSlow(size).buffer);
    block.set(this.#block.subarray(0, this.#length));
    this.#block = block;
  }
}
