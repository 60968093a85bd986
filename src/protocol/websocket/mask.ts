/**
 * Masks or unmasks `bytes` in place (RFC 6455 §5.3; the operation is its own inverse). `key` is the masking key as a
 * 32-bit number, first byte highest; `offset` says how many payload bytes came before these.
 */
export function applyMask(bytes: Uint8Array, key: number, offset: number): void {
  if (key === 0) return;
  for (let i = 0; i < bytes.length; i++) {
    bytes[i]! ^= key >>> (24 - (((offset + i) & 3) << 3));
  }
}
