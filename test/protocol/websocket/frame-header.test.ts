import assert from "node:assert/strict";
import { test } from "node:test";
import { formatHeader, lengthOfHeader, maskBit } from "../../../src/protocol/websocket/frame-header.ts";
import { toHex } from "../../support/recording.ts";

/** The lengths at which the form of a header changes (RFC 6455 §5.2), and those that need each of its bytes. */
const headers: readonly (readonly [payloadLength: number, hex: string])[] = [
  [0, "8200"],
  [1, "8201"],
  [125, "827d"],
  [126, "827e007e"],
  [0x0102, "827e0102"],
  [65_535, "827effff"],
  [65_536, "827f0000000000010000"],
  [0x01_02_03_04, "827f0000000001020304"],
  [2 ** 32 - 1, "827f00000000ffffffff"],
  [2 ** 32, "827f0000000100000000"],
  [Number.MAX_SAFE_INTEGER, "827f001fffffffffffff"],
];

test("a header takes the fewest bytes, and no other byte is touched", () => {
  for (const [payloadLength, hex] of headers) {
    const length = lengthOfHeader(payloadLength);
    assert.equal(length, hex.length / 2, `${payloadLength} bytes`);
    const memory = Buffer.alloc(20, 0xee);
    formatHeader(memory, 3, 0x82, 0, payloadLength);
    assert.equal(toHex(memory), "ee".repeat(3) + hex + "ee".repeat(17 - length));
  }
});

test("the mask is announced in the byte that has the short length", () => {
  for (const [payloadLength, hex] of headers) {
    const memory = Buffer.alloc(hex.length / 2);
    formatHeader(memory, 0, 0x82, maskBit, payloadLength);
    const second = Number.parseInt(hex.slice(2, 4), 16) + 0x80;
    assert.equal(toHex(memory), hex.slice(0, 2) + second.toString(16) + hex.slice(4));
  }
});
