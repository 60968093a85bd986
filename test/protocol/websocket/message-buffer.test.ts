import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { test } from "node:test";
import fc from "fast-check";
import { MessageBuffer } from "../../../src/protocol/websocket/message-buffer.ts";
import { checkProperty } from "../../support/property.ts";
import { chunksOf, fromHex } from "../../support/recording.ts";

/** The sizes of the blocks of memory that are asked for from now on. */
function watchAllocations(context: TestContext): () => number[] {
  const { mock } = context.mock.method(Buffer, "allocUnsafeSlow");
  return () => mock.calls.map((call) => call.arguments[0]);
}

function append(buffer: MessageBuffer, piece: Uint8Array, bytesToCome: number): void {
  buffer.append(piece, 0, piece.length, bytesToCome, false);
}

const mebibyte = 1024 * 1024;

test("pieces are put together, and taking them leaves nothing", () => {
  const buffer = new MessageBuffer();
  assert.equal(buffer.length, 0);
  assert.equal(buffer.take().length, 0);
  append(buffer, fromHex("0102"), 0);
  append(buffer, fromHex(""), 0);
  append(buffer, fromHex("030405"), 0);
  assert.equal(buffer.length, 5);
  assert.deepEqual(buffer.take(), fromHex("0102030405"));
  assert.equal(buffer.length, 0);
  assert.deepEqual(buffer.take(), fromHex(""));
  append(buffer, fromHex("06"), 3);
  append(buffer, fromHex("070809"), 0);
  assert.deepEqual(buffer.take(), fromHex("06070809"));
});

test("a piece is copied: its memory may be used again", () => {
  const buffer = new MessageBuffer();
  const piece = fromHex("0102");
  append(buffer, piece, 1);
  piece.fill(9);
  assert.deepEqual(buffer.take(), fromHex("0102"));
});

test("a part of somebody's memory is copied, and text is decoded by what its pieces are", () => {
  const buffer = new MessageBuffer();
  const memory = new Uint8Array(Buffer.from("xécx"));
  buffer.append(memory, 1, 3, 1, false);
  buffer.append(memory, 3, 4, 0, true);
  assert.equal(buffer.takeText(), "éc");
  buffer.append(memory, 0, 1, 0, true);
  // That it is ASCII is believed: the faster way gives two characters for two bytes.
  buffer.append(memory, 1, 3, 0, true);
  assert.equal(buffer.takeText(), "x\u00c3\u00a9");
  assert.equal(buffer.takeText(), "");
});

test("what is taken belongs to the taker: exactly its bytes, and not written to again", () => {
  const cases: readonly (readonly [what: string, pieces: readonly string[], bytesToCome: number])[] = [
    ["one piece", ["010203"], 0],
    ["a block that doubling made too large", ["010203", "04"], 0],
    ["room that was announced and not used", ["010203"], 500],
  ];
  for (const [what, pieces, bytesToCome] of cases) {
    const buffer = new MessageBuffer();
    for (const piece of pieces) append(buffer, fromHex(piece), bytesToCome);
    const taken = buffer.take();
    const copy = taken.slice();
    assert.equal(taken.buffer.byteLength, taken.length, what);
    append(buffer, fromHex("ffffffffff"), bytesToCome);
    assert.deepEqual(taken, copy, what);
  }
});

test("one piece that is the whole, or announced as a whole, needs one block and no copy of it", (context) => {
  const { mock } = context.mock.method(Buffer, "allocUnsafeSlow");
  const buffer = new MessageBuffer();
  append(buffer, new Uint8Array(700), 0);
  const whole = buffer.take();
  for (let toCome = 900; toCome >= 0; toCome -= 100) append(buffer, new Uint8Array(100), toCome);
  const announced = buffer.take();
  assert.deepEqual([whole.length, announced.length], [700, 1000]);
  assert.equal(mock.callCount(), 2);
  assert.equal(mock.calls[0]?.result?.buffer, whole.buffer);
  assert.equal(mock.calls[1]?.result?.buffer, announced.buffer);
});

test("an announced length is believed up to 1 MiB and no further", (context) => {
  const allocations = watchAllocations(context);
  const buffer = new MessageBuffer();
  append(buffer, new Uint8Array(1), mebibyte);
  buffer.take();
  append(buffer, new Uint8Array(1), 2 ** 50);
  assert.deepEqual(allocations(), [mebibyte + 1, mebibyte + 1]);
});

test("memory grows with the bytes that came: to twice them or the announced 1 MiB, and in few steps", (context) => {
  const piece = new Uint8Array(16_384);
  const total = 4 * mebibyte;
  for (const before of [0, 5, 700_000]) {
    const allocations = watchAllocations(context);
    const buffer = new MessageBuffer();
    append(buffer, new Uint8Array(before), 0);
    for (let come = piece.length; come <= total; come += piece.length) {
      const count = allocations().length;
      append(buffer, piece, total - come);
      const length = before + come;
      for (const size of allocations().slice(count))
        assert.ok(size <= Math.max(2 * length, length + mebibyte));
    }
    assert.equal(buffer.take().length, before + total);
    // Not a new block, and a copy of all that came, for every piece.
    assert.ok(allocations().length <= 6, `${allocations().length} blocks`);
    context.mock.restoreAll();
  }
});

test("an announced frame whose first piece still fits costs at most one more block", (context) => {
  const allocations = watchAllocations(context);
  const buffer = new MessageBuffer();
  append(buffer, new Uint8Array(300), 0);
  append(buffer, new Uint8Array(10), 0);
  for (let toCome = 900; toCome >= 0; toCome -= 10) append(buffer, new Uint8Array(10), toCome);
  assert.deepEqual(allocations().slice(0, 2), [300, 600]);
  assert.equal(allocations().length, 3);
  assert.equal(buffer.take().length, 1220);
});

test("a hundred thousand pieces of one byte are copied a few times, not each time", (context) => {
  const allocations = watchAllocations(context);
  const buffer = new MessageBuffer();
  for (let index = 0; index < 100_000; index++) append(buffer, Uint8Array.of(index), 0);
  assert.equal(buffer.length, 100_000);
  assert.deepEqual(
    allocations(),
    Array.from({ length: 18 }, (_, power) => 2 ** power),
  );
  const taken = buffer.take();
  for (let index = 0; index < 100_000; index += 997) assert.equal(taken[index], index & 0xff);
  assert.equal(taken.buffer.byteLength, 100_000);
});

test("however bytes are cut and announced, they come out as they went in", (context) => {
  const inputs = [fc.uint8Array({ maxLength: 500, size: "max" }), fc.array(fc.tuple(fc.nat(60), fc.nat(200)))] as const; // prettier-ignore
  checkProperty(
    context,
    fc.property(...inputs, (bytes, cuts) => {
      const buffer = new MessageBuffer();
      const pieces = chunksOf(bytes, cuts.map(([size]) => size)); // prettier-ignore
      for (const [index, piece] of pieces.entries()) append(buffer, piece, cuts[index]?.[1] ?? 0);
      assert.equal(buffer.length, bytes.length);
      assert.deepEqual(buffer.take(), bytes);
    }),
  );
});

test("nothing is nobody's: its buffer may be given away", () => {
  const buffer = new MessageBuffer();
  append(buffer, fromHex(""), 0);
  structuredClone(buffer.take(), { transfer: [] });
  const given = buffer.take();
  structuredClone(given, { transfer: [given.buffer as ArrayBuffer] });
  assert.equal(buffer.take().buffer.byteLength, 0);
  append(buffer, fromHex("01"), 0);
  assert.deepEqual(buffer.take(), fromHex("01"));
});
