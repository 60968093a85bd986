/** Small chunks are put together in blocks of this size. */
const blockBytes = 16 * 1024;

/**
 * What waits for a peer that is slower than we are. Chunks are copied together, so that the memory held is about as large
 * as what waits: a chunk may be a small part of memory that would all be kept. One that is most of its memory is kept
 * as it is.
 */
export class Backlog {
  #chunks: Uint8Array[] = [];
  #byteLength = 0;
  /** The block that is being filled, and how far. */
  #block: Uint8Array | undefined;
  #blockUsed = 0;

  get byteLength(): number {
    return this.#byteLength;
  }

  add(chunk: Uint8Array): void {
    this.#byteLength += chunk.length;
    if (chunk.length >= blockBytes) {
      this.#completeBlock();
      this.#chunks.push(withOwnMemory(chunk));
      return;
    }
    if (this.#block !== undefined && this.#blockUsed + chunk.length > blockBytes) this.#completeBlock();
    this.#block ??= new Uint8Array(Buffer.allocUnsafeSlow(blockBytes).buffer);
    this.#block.set(chunk, this.#blockUsed);
    this.#blockUsed += chunk.length;
  }

  /** All that waits, in order. */
  take(): Uint8Array[] {
    this.#completeBlock();
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#byteLength = 0;
    return chunks;
  }

  #completeBlock(): void {
    if (this.#block === undefined) return;
    this.#chunks.push(this.#block.subarray(0, this.#blockUsed));
    this.#block = undefined;
    this.#blockUsed = 0;
  }
}

/** The same bytes, as they are where they are most of their memory; otherwise a copy that keeps no other bytes alive. */
export function withOwnMemory(chunk: Uint8Array): Uint8Array {
  return chunk.length >= chunk.buffer.byteLength / 2 ? chunk : new Uint8Array(chunk);
}
