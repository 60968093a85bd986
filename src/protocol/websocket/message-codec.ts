/**
 * Compresses and decompresses the messages of one connection. The protocol core knows this interface only; what
 * stands behind it does its work at once, on the caller's thread.
 */
export interface MessageCodec {
  /** Messages shorter than this go uncompressed. */
  readonly thresholdBytes: number;
  /**
   * Codecs with the same key give the same bytes for the same message; undefined where the bytes depend on what was
   * sent before.
   */
  readonly sharedKey: object | undefined;
  /**
   * The compressed payload of a whole message without the final 00 00 ff ff (RFC 7692 §7.2.1). Borrowed: valid until
   * the next call of any codec's `compress`. With context takeover it has to be sent, and in the order of the calls,
   * since the next message may refer to it.
   */
  compress(payload: Uint8Array): Uint8Array;
  /**
   * The message again (RFC 7692 §7.2.2), if it has at most `maxBytes` bytes; no more than one byte past that is ever
   * inflated. Borrowed: valid until the next call of any codec's `decompress`. `payload` is not changed and not kept.
   */
  decompress(payload: Uint8Array, maxBytes: number): Uint8Array | "too big" | "invalid";
  /** Frees what belongs to this connection alone. Nothing may be called afterwards; a second call does nothing. */
  close(): void;
}
