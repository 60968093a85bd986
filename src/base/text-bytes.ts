import { Buffer } from "node:buffer";

/** The methods behind `Buffer.toString` and `Buffer.write`. */
interface EncodingMethods {
  latin1Slice(this: Uint8Array, start: number, end: number): string;
  utf8Slice(this: Uint8Array, start: number, end: number): string;
  utf8Write(this: Uint8Array, text: string, at: number): number;
}

/** Text from bytes and back. */
export interface TextMethods {
  /** The text that bytes are which are known to be ASCII, from `start` to before `end`. */
  readonly decodeAscii: (bytes: Uint8Array, start: number, end: number) => string;
  /** The same for UTF-8; what is not valid becomes U+FFFD. */
  readonly decodeUtf8: (bytes: Uint8Array, start: number, end: number) => string;
  /** Writes text as UTF-8 from `at` on, where there MUST be room; returns how many bytes it took. */
  readonly encodeUtf8: (bytes: Uint8Array, text: string, at: number) => number;
}

/**
 * `Buffer.toString` and `Buffer.write` look at their arguments and choose among methods that Node's Buffers have had since
 * its first versions, and does not document. For short messages that takes as long as the work itself (docs/performance.md),
 * so they are called directly where they are there.
 */
export function textMethods(of: Partial<EncodingMethods>): TextMethods {
  const { latin1Slice, utf8Slice, utf8Write } = of;
  if (latin1Slice === undefined || utf8Slice === undefined || utf8Write === undefined) {
    const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    return {
      decodeAscii: (bytes, start, end) => bufferOf(bytes).toString("latin1", start, end),
      decodeUtf8: (bytes, start, end) => bufferOf(bytes).toString("utf8", start, end),
      encodeUtf8: (bytes, text, at) => bufferOf(bytes).write(text, at),
    };
  }
  return {
    decodeAscii: (bytes, start, end) => latin1Slice.call(bytes, start, end),
    decodeUtf8: (bytes, start, end) => utf8Slice.call(bytes, start, end),
    encodeUtf8: (bytes, text, at) => utf8Write.call(bytes, text, at),
  };
}

const methods = textMethods(Buffer.prototype as Partial<EncodingMethods>);

export const decodeAscii: TextMethods["decodeAscii"] = methods.decodeAscii;
export const decodeUtf8: TextMethods["decodeUtf8"] = methods.decodeUtf8;
export const encodeUtf8: TextMethods["encodeUtf8"] = methods.encodeUtf8;
