import { Buffer } from "node:buffer";
import { decodeAscii, decodeUtf8 } from "../../base/text-bytes.ts";

/** Room is made for what a frame header announces, but for no more than this before the bytes are there. */
const announcedBytesMax = 1024 * 1024;

const noBlock: Buffer = Buffer.alloc(0);

/**
 * The payload of a message that arrives in pieces, gathered in one block of memory. Pieces leave nothing behind but
 * their bytes: a message in a million fragments holds as much as the same message in one.
 */
export class MessageBuffer {
  #block = noBlock;
  #length = 0;
  #isAscii = true;

  /** Bytes gathered so far. */
  get length(): number {
    return this.#length;
  }

  /**
   * Adds a copy of `bytes` from `start` to before `end`, and makes room for `bytesToCome` more that a header announced.
   * `isAscii` says that they are known to be ASCII.
   */
  append(bytes: Uint8Array, start: number, end: number, bytesToCome: number, isAscii: boolean): void {
    this.#isAscii &&= isAscii;
    const length = this.#length + end - start;
    if (length > this.#block.length) {
      // Doubling makes the copies of a message in many pieces linear in its length.
      this.#grow(Math.max(length + Math.min(bytesToCome, announcedBytesMax), this.#block.length * 2));
    }
    this.#block.set(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end), this.#length);
    this.#length = length;
  }

  /** What was gathered, and forgets it. The caller owns the bytes, and their buffer holds nothing else. */
  take(): Uint8Array {
    const bytes = new Uint8Array(this.#block.buffer, 0, this.#length);
    // Nothing is nobody's: who gets it may hand its buffer to another thread.
    const isExact = this.#length === this.#block.length && this.#length > 0;
    this.#reset();
    return isExact ? bytes : new Uint8Array(bytes);
  }

  /** What was gathered, which is valid UTF-8, as a text, and forgets it. */
  takeText(): string {
    const decode = this.#isAscii ? decodeAscii : decodeUtf8;
    const text = decode(this.#block, 0, this.#length);
    this.#reset();
    return text;
  }

  #reset(): void {
    this.#block = noBlock;
    this.#length = 0;
    this.#isAscii = true;
  }

  #grow(size: number): void {
    // Not from Node's pool, and not filled with zeros first: every byte that leaves has been written.
    const block = Buffer.allocUnsafeSlow(size);
    this.#block.copy(block, 0, 0, this.#length);
    this.#block = block;
  }
}
