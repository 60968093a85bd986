/** Compresses whole messages (RFC 7692 §7.2.1). */
import { Buffer } from "node:buffer";
import { constants, deflateRawSync } from "node:zlib";
import { SlidingWindow } from "./sliding-window.ts";
import type { SyncZlib } from "./sync-zlib.ts";

/** What a compressor is made for. */
export interface DeflaterOptions {
  /** 9 to 15. */
  readonly windowBits: number;
  /** 0 to 9; 0 stores without compressing. */
  readonly level: number;
  /** 1 to 9. */
  readonly memLevel: number;
}

/** Compresses messages one after the other, each for itself or with reference to those before. */
export interface MessageDeflater {
  /** The compressed message without the final 00 00 ff ff. Borrowed until the next call of any deflater. */
  deflate(payload: Uint8Array): Uint8Array;
  /** Frees what it holds. Nothing may be called afterwards. */
  close(): void;
}

/** The empty block at the end of flushed data, without the header bits before it; the receiver appends it again. */
const flushTailBytes = 4;

/** What is compressed to no more than this is written into memory that is kept, and shared by all deflaters. */
const keptBytesMax = 64 * 1024;
const keptOutput = new Uint8Array(keptBytesMax);

/** RFC 7692 §7.2.3.6: the header bits of an empty block. zlib would write nothing when flushed twice. */
function emptyMessage(): Uint8Array {
  keptOutput[0] = 0;
  return keptOutput.subarray(0, 1);
}

/** More than `length` bytes can become: what zlib cannot compress it stores, in blocks as small as `memLevel` wants. */
function compressedBytesMax(length: number): number {
  return length + (length >> 2) + 64;
}

/** A deflater with a zlib state that it keeps; `takeover`: messages may refer to those before. */
export function fastDeflater(zlib: SyncZlib, takeover: boolean): MessageDeflater {
  return {
    deflate(payload) {
      if (payload.length === 0) return emptyMessage();
      const size = compressedBytesMax(payload.length);
      const output = size > keptBytesMax ? new Uint8Array(Buffer.allocUnsafeSlow(size).buffer) : keptOutput;
      if (!takeover) zlib.reset();
      zlib.write(payload, 0, output, 0);
      return output.subarray(0, output.length - zlib.outputLeft - flushTailBytes);
    },
    close: () => zlib.close(),
  };
}

/** A deflater over what Node documents, which makes and frees a zlib state each time. */
export function documentedDeflater(options: DeflaterOptions, takeover: boolean): MessageDeflater {
  const window = new SlidingWindow(takeover ? 1 << options.windowBits : 0);
  return {
    deflate(payload) {
      if (payload.length === 0) return emptyMessage();
      const dictionary = window.bytes;
      const compressed = deflateRawSync(payload, {
        ...options,
        finishFlush: constants.Z_SYNC_FLUSH,
        ...(dictionary.length > 0 && { dictionary }),
      });
      window.append(payload);
      return compressed.subarray(0, compressed.length - flushTailBytes);
    },
    close() {},
  };
}
