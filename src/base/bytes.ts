/** Bytes as programs hand them over: any view, or a whole buffer. */
export type BytesLike = ArrayBufferView | ArrayBufferLike;

/** No bytes at all. */
export const noBytes: Uint8Array = new Uint8Array(0);

/** Whether `value` is something that holds bytes. */
export function isBytesLike(value: unknown): value is BytesLike {
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof SharedArrayBuffer;
}

/** The same memory as bytes, by byte length and not by element count; nothing is copied. */
export function toBytes(value: BytesLike): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return new Uint8Array(value);
}
