import assert from "node:assert/strict";
import { test } from "node:test";
import { isBytesLike, noBytes, toBytes } from "../../src/base/bytes.ts";

test("views and buffers hold bytes, and nothing that only looks like them does", () => {
  const holders = [
    new Uint8Array(1),
    Buffer.from("a"),
    new Float64Array(1),
    new DataView(new ArrayBuffer(1)),
    new ArrayBuffer(1),
    new SharedArrayBuffer(1),
  ];
  for (const value of holders) assert.equal(isBytesLike(value), true, value.constructor.name);
  const others = [undefined, null, "bytes", 1, [1, 2], {}, { byteLength: 1, buffer: new ArrayBuffer(1) }];
  assert.deepEqual(others.filter(isBytesLike), []);
});

test("bytes stay where they are: the memory is shared, and exactly the view's part of it", () => {
  const memory = Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7).buffer;
  const cases: readonly (readonly [Uint8Array, readonly number[]])[] = [
    [toBytes(new Uint8Array(memory, 1, 3)), [1, 2, 3]],
    [toBytes(Buffer.from(memory, 2, 2)), [2, 3]],
    [toBytes(new Uint16Array(memory, 2, 2)), [2, 3, 4, 5]],
    [toBytes(new DataView(memory, 5, 2)), [5, 6]],
    [toBytes(memory), [0, 1, 2, 3, 4, 5, 6, 7]],
  ];
  for (const [bytes, expected] of cases) {
    assert.deepEqual([...bytes], expected);
    assert.equal(bytes.buffer, memory);
  }
});

test("a Uint8Array is passed through as it is", () => {
  const bytes = Buffer.from("abc");
  assert.equal(toBytes(bytes), bytes);
});

test("memory shared between threads is bytes, too", () => {
  const memory = new SharedArrayBuffer(2);
  toBytes(memory).set([1, 2]);
  assert.deepEqual([...new Uint8Array(memory)], [1, 2]);
});

test("no bytes are none", () => {
  assert.equal(noBytes.length, 0);
});
