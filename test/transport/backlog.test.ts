import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Backlog } from "../../src/transport/backlog.ts";
import { checkProperty } from "../support/property.ts";
import { toHex } from "../support/recording.ts";

const KiB = 1024;

test("small chunks are copied together, in order, and taking them leaves nothing", () => {
  const backlog = new Backlog();
  assert.deepEqual([backlog.byteLength, backlog.take()], [0, []]);
  const chunk = Buffer.from("one");
  backlog.add(chunk);
  // Its memory is somebody else's again: the next frames are written there.
  chunk.fill("x");
  backlog.add(Buffer.from("two"));
  assert.equal(backlog.byteLength, 6);
  assert.deepEqual(backlog.take().map(toHex), [toHex(Buffer.from("onetwo"))]);
  assert.deepEqual([backlog.byteLength, backlog.take()], [0, []]);
  backlog.add(Buffer.from("three"));
  assert.equal(backlog.byteLength, 5);
  assert.equal(Buffer.concat(backlog.take()).toString(), "three");
});

test("a block that a chunk does not fit into is complete, and one that it fills is full", () => {
  const backlog = new Backlog();
  for (const size of [8 * KiB, 8 * KiB, 1, 16 * KiB - 1, 1, 16 * KiB - 1]) {
    backlog.add(new Uint8Array(size).fill(size));
  }
  assert.deepEqual(backlog.take().map(({ length }) => length), [16 * KiB, 16 * KiB, 16 * KiB]); // prettier-ignore
  for (const size of [8 * KiB, 8 * KiB + 1]) backlog.add(new Uint8Array(size));
  assert.deepEqual(backlog.take().map(({ length }) => length), [8 * KiB, 8 * KiB + 1]); // prettier-ignore
});

test("a large chunk that is most of its memory is kept as it is, between what came before and after", () => {
  const backlog = new Backlog();
  const memory = new Uint8Array(40 * KiB);
  const half = memory.subarray(100, 100 + 20 * KiB);
  backlog.add(Buffer.from("before"));
  backlog.add(half);
  backlog.add(Buffer.from("after"));
  backlog.add(new Uint8Array(16 * KiB));
  const chunks = backlog.take();
  assert.deepEqual(chunks.map(({ length }) => length), [6, 20 * KiB, 5, 16 * KiB]); // prettier-ignore
  assert.equal(chunks[1], half);
});

test("a large chunk that is a small part of its memory is copied, so that the rest is not kept", () => {
  const backlog = new Backlog();
  const memory = new Uint8Array(40 * KiB + 1).fill(1);
  const part = memory.subarray(0, 20 * KiB);
  backlog.add(part);
  part.fill(2);
  const [copy] = backlog.take();
  assert.equal(copy?.buffer.byteLength, 20 * KiB);
  assert.ok(copy.every((byte) => byte === 1));
});

test("whatever is added comes out in order, and the memory held is about as large as what waits", (context) => {
  const size = fc.oneof(fc.nat(100), fc.integer({ min: 8000, max: 40_000 }));
  // How much memory there is besides the chunk's.
  const chunk = fc.tuple(size, fc.constantFrom(0, 100, 200_000));
  checkProperty(
    context,
    fc.property(fc.array(chunk, { maxLength: 30 }), (all) => {
      const backlog = new Backlog();
      const chunks = all.map(([length, rest], index) =>
        new Uint8Array(length + rest).fill(index).subarray(rest),
      );
      for (const each of chunks) backlog.add(each);
      const expected = Buffer.concat(chunks);
      assert.equal(backlog.byteLength, expected.length);
      const taken = backlog.take();
      assert.ok(Buffer.concat(taken).equals(expected));
      const memories = new Set(taken.map(({ buffer }) => buffer));
      const held = [...memories].reduce((sum, { byteLength }) => sum + byteLength, 0);
      assert.ok(held <= 3 * expected.length + 16 * KiB, `${held} bytes held for ${expected.length}`);
    }),
    100,
  );
});
