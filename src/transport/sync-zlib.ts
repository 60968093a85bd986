/**
 * zlib without streams, thread pool or allocation: the object of Node's binding beneath a zlib stream, called directly.
 *
 * Node documents streams, which go through the thread pool (a hundred microseconds for each message), and functions
 * like `deflateRawSync`, which make and free a zlib state of some 250 KiB each time. Both stand on
 * `_handle.writeSync`, which is not documented. So it is used in this file alone, each part is looked for, and a
 * trial run decides once per process whether it behaves. Where it does not, callers use the documented functions.
 */
import { constants, createDeflateRaw, createInflateRaw } from "node:zlib";

/** What is used of a stream's inside. */
interface ZlibStream {
  readonly _handle: {
    /** Calls `onerror`, which the stream has set, where the data is invalid. */
    writeSync(
      flush: number,
      input: Uint8Array,
      inputOffset: number,
      inputLength: number,
      output: Uint8Array,
      outputOffset: number,
      outputLength: number,
    ): void;
    reset(): void;
    close(): void;
  };
  /** After a call: the output bytes that are left, and the input bytes that are left. */
  readonly _writeState: Uint32Array;
}

/** The output buffer that a stream makes for itself, and that is not used here: as small as it may be. */
const chunkSize = 64;

/** A raw DEFLATE compressor or decompressor that works on the caller's buffers. */
export class SyncZlib {
  readonly #stream: ZlibStream;
  #failed = false;

  /** @throws TypeError where `stream` has not the inside that is expected. */
  constructor(stream: object) {
    if (!isZlibStream(stream)) throw new TypeError("zlib streams have another inside than expected");
    this.#stream = stream;
    const onerror = (): void => {
      this.#failed = true;
    };
    Object.assign(stream._handle, { onerror });
  }

  /** Input bytes that the last `write` left; output was full, or the DEFLATE stream has ended. */
  get inputLeft(): number {
    return this.#stream._writeState[1] ?? 0;
  }

  /** Output bytes that the last `write` left. When 0, there may be more to come. */
  get outputLeft(): number {
    return this.#stream._writeState[0] ?? 0;
  }

  /** Forgets everything, an error too. */
  reset(): void {
    this.#failed = false;
    this.#stream._handle.reset();
  }

  /**
   * Works on the `input` from `inputOffset` until it is used up or `output` is full, and flushes to a byte boundary.
   * Returns whether the data was valid; if not, only `reset` may follow.
   */
  write(input: Uint8Array, inputOffset: number, output: Uint8Array, outputOffset: number): boolean {
    this.#stream._handle.writeSync(
      constants.Z_SYNC_FLUSH,
      input,
      inputOffset,
      input.length - inputOffset,
      output,
      outputOffset,
      output.length - outputOffset,
    );
    return !this.#failed;
  }

  /** Frees zlib's state. Nothing may be called afterwards. */
  close(): void {
    this.#stream._handle.close();
  }
}

function isZlibStream(stream: object): stream is ZlibStream {
  const { _handle: handle, _writeState: state } = stream as Partial<ZlibStream>;
  const methods = ["writeSync", "reset", "close"] as const;
  return state instanceof Uint32Array && methods.every((method) => typeof handle?.[method] === "function");
}

let usable: boolean | undefined;

/** Makes compressors and decompressors. */
export interface SyncZlibFactory {
  /** A compressor. `level` 0 stores without compressing. */
  deflater(this: void, windowBits: number, level: number, memLevel: number): SyncZlib;
  /** A decompressor, with the largest window: it takes what was compressed with any. */
  inflater(this: void): SyncZlib;
}

export const syncZlib: SyncZlibFactory = {
  deflater: (windowBits, level, memLevel) =>
    new SyncZlib(createDeflateRaw({ windowBits, level, memLevel, chunkSize })),
  inflater: () => new SyncZlib(createInflateRaw({ windowBits: 15, chunkSize })),
};

/** Whether this Node has what `SyncZlib` needs; tried out at the first call. */
export function isSyncZlibUsable(): boolean {
  usable ??= tryOut(syncZlib);
  return usable;
}

/**
 * Whether compressors and decompressors of `kind` do what is expected of them, twice: a round trip through output that
 * is too small at first, a DEFLATE stream that ends before its input, invalid data, and a reset after each.
 */
export function tryOut(kind: SyncZlibFactory): boolean {
  const plain = new TextEncoder().encode("Waterspout, waterspout, waterspout ".repeat(20));
  const packed = new Uint8Array(plain.length);
  const again = new Uint8Array(plain.length + 1);
  const open: SyncZlib[] = [];
  try {
    const deflater = kind.deflater(15, 3, 8);
    open.push(deflater);
    const inflater = kind.inflater();
    open.push(inflater);
    for (let round = 0; round < 2; round++) {
      deflater.reset();
      const compressed = write(deflater, plain, packed);
      const length = packed.length - compressed.outputLeft;
      if (!compressed.valid || compressed.inputLeft !== 0 || length >= 100) return false;
      const input = packed.subarray(0, length);
      again.fill(0);
      inflater.reset();
      const first = write(inflater, input, again.subarray(0, 100));
      if (!first.valid || first.outputLeft !== 0) return false;
      const rest = write(inflater, input.subarray(length - first.inputLeft), again.subarray(100));
      if (!rest.valid || rest.inputLeft !== 0 || rest.outputLeft !== 1) return false;
      if (!plain.every((byte, index) => again[index] === byte)) return false;
      // A final block with nothing in it, and two bytes that do not belong to it.
      inflater.reset();
      const ended = write(inflater, Uint8Array.of(0x03, 0x00, 0x55, 0x55), again);
      if (!ended.valid || ended.inputLeft !== 2 || ended.outputLeft !== again.length) return false;
      // A block of the type that does not exist.
      inflater.reset();
      if (write(inflater, Uint8Array.of(0x07, 0x00), again).valid) return false;
    }
    return true;
  } catch {
    return false;
  } finally {
    for (const zlib of open) zlib.close();
  }
}

function write(
  zlib: SyncZlib,
  input: Uint8Array,
  output: Uint8Array,
): { readonly valid: boolean; readonly inputLeft: number; readonly outputLeft: number } {
  const valid = zlib.write(input, 0, output, 0);
  return { valid, inputLeft: zlib.inputLeft, outputLeft: zlib.outputLeft };
}
