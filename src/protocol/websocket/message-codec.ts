/**
 * What an extension does to the payload of messages: permessage-deflate, behind an interface, since a connection
 * does no work of its own on bytes but framing, and zlib belongs to the transport.
 */
export interface MessageCodec {
  /** Messages shorter than this go uncompressed. */
  readonly thresholdBytes: number;
  /** Codecs with the same key give the same bytes for the same message; undefined where the bytes depend on what was sent before. */
  readonly sharedKey: object | undefined;
  /** The compressed payload of a whole message without the final 00 00 ff ff (RFC 7692 §7.2.1). Borrowed: valid until the next call of any codec. */
  compress(payload: Uint8Array): Uint8Array;
  /** The message again (§7.2.2). Stops at maxBytes: no bomb is ever inflated whole. A borrowed view if small, see `compress`. */
  decompress(payload: Uint8Array, maxBytes: number): Uint8Array | "too big" | "invalid";
  /** Frees what belongs to this connection alone. Nothing may be called afterwards; a second call does nothing. */
  close(): void;
}
