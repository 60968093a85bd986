import { noBytes } from "../base/bytes.ts";

/** Memory is taken in steps: a connection that sent little holds little. */
const firstBytes = 512;

/** The last bytes of what went before, to which DEFLATE may refer (RFC 1951 §2). It takes memory as it fills. */
export class SlidingWindow {
  readonly #bytesMax: number;
  #block: Uint8Array = noBytes;
  #length = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** What is in the window, oldest first; valid until the next `append`. */
  get bytes(): Uint8Array {
    return this.#block.subarray(0, this.#length);
  }

  /** Adds a copy of `message`, and forgets what is too long ago. */
  append(message: Uint8Array): void {
    if (message.length === 0) return;
    const added = message.subarray(Math.max(0, message.length - this.#bytesMax));
    const kept = Math.min(this.#length, this.#bytesMax - added.length);
    const length = kept + added.length;
    const before = this.#block.subarray(this.#length - kept, this.#length);
    if (length > this.#block.length) {
      const size = Math.max(length, this.#block.length * 2, firstBytes);
      this.#block = new Uint8Array(Math.min(size, this.#bytesMax));
    }
    this.#block.set(before);
    this.#block.set(added, kept);
    this.#length = length;
  }
}
