import { isUtf8 } from "node:buffer";

/** From so many bytes on, the platform's own validation of whole text is faster. */
const wholeBytesMin = 32;

/**
 * UTF-8 validation that can stop and go on at any byte (RFC 3629, Unicode table 3-7), so that invalid text is refused
 * as soon as it is certain, also when a character is cut by a fragment.
 *
 * The state between bytes is small: how many continuation bytes are still due, and the range that the next one must be
 * in. The range is what excludes overlong forms (after E0 and F0), surrogates (after ED) and code points past
 * U+10FFFF (after F4); after the first continuation byte it is always 80..BF.
 */
export class Utf8Validator {
  #due = 0;
  #lower = 0x80;
  #upper = 0xbf;

  /**
   * Takes the next bytes of the text, `bytes` from `start` to before `end`; false as soon as no continuation could make
   * it valid. `isAscii` says that they are known to be ASCII.
   */
  receive(bytes: Uint8Array, start = 0, end: number = bytes.length, isAscii = false): boolean {
    if (isAscii) return this.#due === 0 || start === end;
    let at = start;
    while (at < end && this.#due > 0) if (!this.#step(bytes[at++]!)) return false;
    if (end - at >= wholeBytesMin) {
      const whole = endOfWholeCharacters(bytes, end);
      if (!isUtf8(bytes.subarray(at, whole))) return false;
      at = whole;
    }
    while (at < end) if (!this.#step(bytes[at++]!)) return false;
    return true;
  }

  /** Whether the text may end here, that is, not inside a character. Makes the validator ready for the next text. */
  end(): boolean {
    const complete = this.#due === 0;
    this.#due = 0;
    this.#lower = 0x80;
    this.#upper = 0xbf;
    return complete;
  }

  #step(byte: number): boolean {
    if (this.#due === 0) return byte < 0x80 || this.#lead(byte);
    if (byte < this.#lower || byte > this.#upper) return false;
    this.#due--;
    this.#lower = 0x80;
    this.#upper = 0xbf;
    return true;
  }

  #lead(byte: number): boolean {
    if (byte < 0xc2 || byte > 0xf4) return false;
    this.#due = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    if (byte === 0xe0) this.#lower = 0xa0;
    else if (byte === 0xed) this.#upper = 0x9f;
    else if (byte === 0xf0) this.#lower = 0x90;
    else if (byte === 0xf4) this.#upper = 0x8f;
    return true;
  }
}

/** Where the character begins that the end of these bytes cuts, if it cuts one; else the end. There are 4 bytes at least. */
function endOfWholeCharacters(bytes: Uint8Array, end: number): number {
  for (let at = end - 1; at >= end - 3; at--) {
    const byte = bytes[at]!;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    return at + length > end ? at : end;
  }
  return end;
}
