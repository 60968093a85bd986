import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeAscii, decodeUtf8, encodeUtf8, textMethods } from "../../src/base/text-bytes.ts";

for (const [way, methods] of [
  ["Buffer's own methods", { decodeAscii, decodeUtf8, encodeUtf8 }],
  ["the documented ones", textMethods({})],
] as const) {
  test(`text becomes bytes and bytes text by ${way}`, () => {
    const memory = new Uint8Array(20);
    const part = memory.subarray(3, 18);
    assert.equal(methods.encodeUtf8(part, "é郑", 2), 5);
    assert.equal(Buffer.from(memory).toString("hex"), `0000000000c3a9e98391${"00".repeat(10)}`);
    assert.equal(methods.decodeUtf8(part, 2, 7), "é郑");
    assert.equal(methods.decodeUtf8(part, 3, 7), "\ufffd郑");
    assert.equal(methods.decodeUtf8(part, 2, 2), "");
    part.set(Buffer.from("plain"), 1);
    assert.equal(methods.decodeAscii(part, 1, 6), "plain");
    // Half a surrogate pair cannot be said in UTF-8.
    assert.equal(methods.encodeUtf8(part, "\ud83d", 0), 3);
    assert.equal(methods.decodeUtf8(part, 0, 3), "\ufffd");
  });
}
