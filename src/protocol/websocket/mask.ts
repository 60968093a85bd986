/**
 * The masking of RFC 6455 §5.3, which every byte from a client goes through. Long runs are done in 32-bit words, which
 * are several times as fast as bytes (docs/performance.md); the pass also finds out whether all bytes are ASCII, which
 * costs next to nothing here and saves a look at each of them later.
 */

/** From so many bytes on, words are worth finding their boundaries. */
const wordsBytesMin = 32;

/** And so many where the memory was never seen before: to see it as words takes an object. */
const newWordsBytesMin = 256;

/**
 * The bytes that were masked last, where they begin in their memory, and that memory seen as words. Reads share one
 * buffer, so that these rarely change.
 */
let lastBytes: Uint8Array | undefined;
/** Bytes that came once, too few for words; if they come again, they are worth them. */
let unviewedBytes: Uint8Array | undefined;
let byteOffset = 0;
let words: Int32Array = new Int32Array(0);

const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/**
 * Masks or unmasks `bytes` from `start` to before `end`, in place; the operation is its own inverse. `key` is the
 * masking key as a 32-bit number, first byte highest; `offset` says how many payload bytes came before these.
 *
 * @returns whether all the resulting bytes are ASCII.
 */
export function applyMask(
  bytes: Uint8Array,
  start: number,
  end: number,
  key: number,
  offset: number,
): boolean {
  const turned = rotate(key, offset);
  const isNew = bytes !== lastBytes && bytes !== unviewedBytes;
  if (end - start < (isNew ? newWordsBytesMin : wordsBytesMin)) {
    unviewedBytes = bytes;
    return (applyBytes(bytes, start, end, turned) & 0x80) === 0;
  }
  if (bytes !== lastBytes) {
    lastBytes = bytes;
    byteOffset = bytes.byteOffset;
    words = new Int32Array(bytes.buffer, 0, bytes.buffer.byteLength >>> 2);
  }
  const unaligned = -(byteOffset + start) & 3;
  const first = (byteOffset + start + unaligned) >>> 2;
  const last = (byteOffset + end) >>> 2;
  const inner = rotate(turned, unaligned);
  const seenBytes =
    applyBytes(bytes, start, start + unaligned, turned) |
    applyBytes(bytes, (last << 2) - byteOffset, end, inner);
  const seenWords = applyWords(words, first, last, isLittleEndian ? reverse(inner) : inner);
  return ((seenBytes & 0x80) | (seenWords & 0x80_80_80_80)) === 0;
}

/** The key as it is `count` bytes later. */
function rotate(key: number, count: number): number {
  const bits = (count & 3) << 3;
  return bits === 0 ? key : (key << bits) | (key >>> (32 - bits));
}

/** Returns the resulting bytes, one OR the other. */
function applyBytes(bytes: Uint8Array, start: number, end: number, key: number): number {
  const key0 = key >>> 24;
  const key1 = (key >>> 16) & 0xff;
  const key2 = (key >>> 8) & 0xff;
  const key3 = key & 0xff;
  let seen = 0;
  let at = start;
  for (; at + 3 < end; at += 4) {
    seen |= bytes[at]! ^= key0;
    seen |= bytes[at + 1]! ^= key1;
    seen |= bytes[at + 2]! ^= key2;
    seen |= bytes[at + 3]! ^= key3;
  }
  if (at < end) seen |= bytes[at]! ^= key0;
  if (at + 1 < end) seen |= bytes[at + 1]! ^= key1;
  if (at + 2 < end) seen |= bytes[at + 2]! ^= key2;
  return seen;
}

/** Returns the resulting words, one OR the other. Four at a time are a quarter faster than one. */
function applyWords(memory: Int32Array, first: number, last: number, key: number): number {
  let seen = 0;
  let at = first;
  for (; at + 3 < last; at += 4) {
    seen |= memory[at]! ^= key;
    seen |= memory[at + 1]! ^= key;
    seen |= memory[at + 2]! ^= key;
    seen |= memory[at + 3]! ^= key;
  }
  for (; at < last; at++) seen |= memory[at]! ^= key;
  return seen;
}

function reverse(word: number): number {
  return (word >>> 24) | ((word >>> 8) & 0xff_00) | ((word << 8) & 0xff_00_00) | (word << 24);
}
