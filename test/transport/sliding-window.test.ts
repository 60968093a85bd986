import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SlidingWindow } from "../../src/transport/sliding-window.ts";
import { checkProperty } from "../support/property.ts";

test("a window has the last bytes of everything, however it came", (context) => {
  const messages = fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 12 });
  const property = fc.property(fc.constantFrom(0, 1, 256, 512, 2048), messages, (bytesMax, parts) => {
    const window = new SlidingWindow(bytesMax);
    let all = Buffer.alloc(0);
    for (const part of parts) {
      window.append(part);
      all = Buffer.concat([all, part]);
      assert.deepEqual(Buffer.from(window.bytes), bytesMax === 0 ? Buffer.alloc(0) : all.subarray(-bytesMax));
    }
  });
  checkProperty(context, property);
});

test("a window takes memory as it needs it, and never more than it may refer to", () => {
  const window = new SlidingWindow(4096);
  assert.equal(window.bytes.buffer.byteLength, 0);
  window.append(new Uint8Array(100));
  assert.equal(window.bytes.buffer.byteLength, 512);
  for (let count = 0; count < 1000; count++) window.append(new Uint8Array(100));
  assert.equal(window.bytes.buffer.byteLength, 4096);
  window.append(new Uint8Array(1_000_000));
  assert.equal(window.bytes.buffer.byteLength, 4096);
});
