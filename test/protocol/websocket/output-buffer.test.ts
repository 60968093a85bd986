/**
 * The memory behind `OutputBuffer` is one for the whole process: what these tests rely on is only what they wrote
 * themselves, and where rooms lie towards each other.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { OutputBuffer, recycle } from "../../../src/protocol/websocket/output-buffer.ts";
import { checkProperty } from "../../support/property.ts";
import { toHex } from "../../support/recording.ts";

const slabBytes = 128 * 1024;

/** Reserves room for `count` bytes and fills it. */
function write(buffer: OutputBuffer, count: number, value: number): { memory: Buffer; at: number } {
  const at = buffer.reserve(count);
  const { memory } = buffer;
  memory.fill(value, at, at + count);
  return { memory, at };
}

/** A slab of which nothing is used: one writer fills the one there is but for a rest that is too small. */
function freshSlab(): void {
  const filler = new OutputBuffer();
  const { memory } = write(filler, 1, 0);
  while (write(filler, 60 * 1024, 0).memory === memory);
  recycle(filler.take().slice(-1));
}

test("a new buffer has nothing", () => {
  const buffer = new OutputBuffer();
  assert.equal(buffer.byteLength, 0);
  assert.deepEqual(buffer.take(), []);
});

test("what one writer writes in a turn is one range, and is forgotten when it is taken", () => {
  freshSlab();
  const buffer = new OutputBuffer();
  write(buffer, 3, 1);
  write(buffer, 2, 2);
  assert.equal(buffer.byteLength, 5);
  const chunks = buffer.take();
  assert.deepEqual(chunks.map(toHex), ["0101010202"]);
  assert.equal(buffer.byteLength, 0);
  assert.deepEqual(buffer.take(), []);
  // Not added to what was taken, which may still be on its way.
  write(buffer, 1, 3);
  assert.equal(buffer.byteLength, 1);
  assert.deepEqual(buffer.take().map(toHex), ["03"]);
  assert.deepEqual(chunks.map(toHex), ["0101010202"]);
});

test("writers that take turns do not write over each other", () => {
  freshSlab();
  const one = new OutputBuffer();
  const other = new OutputBuffer();
  write(one, 2, 1);
  write(other, 2, 0xa);
  write(one, 2, 2);
  write(one, 1, 3);
  write(other, 1, 0xb);
  assert.equal(one.byteLength, 5);
  assert.equal(other.byteLength, 3);
  assert.deepEqual(one.take().map(toHex), ["0101", "020203"]);
  assert.deepEqual(other.take().map(toHex), ["0a0a", "0b"]);
});

test("room that is given back is the next one's", () => {
  freshSlab();
  const one = new OutputBuffer();
  const other = new OutputBuffer();
  const { at } = write(one, 10, 1);
  one.giveBack(4);
  assert.equal(one.byteLength, 6);
  assert.equal(write(other, 3, 2).at, at + 6);
  assert.deepEqual(one.take().map(toHex), ["01".repeat(6)]);
  assert.deepEqual(other.take().map(toHex), ["020202"]);
  // All of it: nothing is left of the range.
  one.reserve(5);
  one.giveBack(5);
  assert.equal(one.byteLength, 0);
  assert.deepEqual(one.take(), []);
});

test("memory that was sent is used again, as long as nothing stands behind it", () => {
  freshSlab();
  const one = new OutputBuffer();
  const other = new OutputBuffer();
  const first = write(one, 10, 1);
  const second = write(other, 10, 2);
  assert.equal(second.at, first.at + 10);
  const firstChunks = one.take();
  const secondChunks = other.take();
  recycle(firstChunks);
  assert.equal(write(one, 1, 3).at, first.at + 20, "the second one stands behind the first");
  recycle(one.take());
  recycle(secondChunks);
  const again = write(other, 4, 4);
  assert.deepEqual([again.memory, again.at], [first.memory, second.at]);
  recycle([]);
  assert.equal(write(other, 1, 4).at, second.at + 4, "that nothing was sent means nothing");
});

test("of several ranges the last one's room is used again", () => {
  freshSlab();
  const one = new OutputBuffer();
  const other = new OutputBuffer();
  write(one, 4, 1);
  const { at } = write(other, 4, 2);
  write(one, 4, 3);
  recycle(one.take());
  assert.equal(write(other, 1, 2).at, at + 4);
  assert.deepEqual(other.take().map(toHex), ["0202020202"]);
});

test("a full slab is replaced, and what lies in it stays as it is", () => {
  freshSlab();
  const buffer = new OutputBuffer();
  const other = new OutputBuffer();
  const first = write(buffer, 60_000, 1);
  assert.equal(write(buffer, 60_000, 2).memory, first.memory);
  const second = write(buffer, 60_000, 3);
  assert.notEqual(second.memory, first.memory);
  assert.equal(second.at, 0);
  const chunks = buffer.take();
  assert.deepEqual(chunks.map(({ length }) => length), [120_000, 60_000]); // prettier-ignore
  assert.deepEqual(
    chunks.map((chunk) => [...new Set(chunk)]),
    [[1, 2], [3]], // prettier-ignore
  );
  // The slab that was replaced is nobody's concern any more.
  recycle(chunks.slice(0, 1));
  assert.equal(write(other, 1, 9).at, 60_000);
});

test("exactly what is left of a slab still fits", () => {
  freshSlab();
  const buffer = new OutputBuffer();
  const { memory, at } = write(buffer, slabBytes / 2 - 1, 1);
  assert.equal(write(buffer, slabBytes / 2 - 1, 2).memory, memory);
  assert.equal(write(buffer, 2 - at, 3).memory, memory);
  assert.notEqual(write(buffer, 1, 4).memory, memory);
});

test("half a slab or more gets memory of its own, which holds nothing else", () => {
  for (const count of [slabBytes / 2, slabBytes, slabBytes + 1]) {
    freshSlab();
    const buffer = new OutputBuffer();
    const before = write(buffer, 2, 1);
    const { memory, at } = write(buffer, count, 2);
    assert.deepEqual([at, memory.length, memory.buffer.byteLength], [0, count, count]);
    buffer.giveBack(10);
    assert.equal(buffer.byteLength, 2 + count - 10);
    const behind = write(buffer, 1, 3);
    assert.ok(behind.memory === before.memory && behind.at === before.at + 2, "the slab is as it was");
    const chunks = buffer.take();
    assert.deepEqual(chunks.map(({ length }) => length), [2, count - 10, 1]); // prettier-ignore
    // That it was sent makes no room in the slab.
    recycle(chunks.slice(1, 2));
    assert.equal(write(buffer, 1, 4).at, before.at + 3);
  }
});

test("bytes are added where they lie, in order with what is written", () => {
  freshSlab();
  const buffer = new OutputBuffer();
  const bytes = Uint8Array.of(9, 1, 2, 9).subarray(1, 3);
  write(buffer, 1, 7);
  buffer.append(bytes);
  write(buffer, 1, 8);
  buffer.append(new Uint8Array(0));
  assert.equal(buffer.byteLength, 4);
  const chunks = buffer.take();
  assert.deepEqual(chunks.map(toHex), ["07", "0102", "08"]);
  assert.deepEqual([chunks[1]?.buffer, chunks[1]?.byteOffset], [bytes.buffer, 1]);
});

test("added bytes that follow each other in memory become one range; others do not", () => {
  const memory = Uint8Array.from({ length: 10 }, (_, index) => index);
  const buffer = new OutputBuffer();
  for (const [start, end] of [[0, 2], [2, 5], [6, 7], [7, 8], [1, 3]] as const) buffer.append(memory.subarray(start, end)); // prettier-ignore
  buffer.append(Uint8Array.of(3, 4, 5, 6, 7));
  assert.equal(buffer.byteLength, 14);
  assert.deepEqual(buffer.take().map(toHex), ["0001020304", "0607", "0102", "0304050607"]);
  // What comes behind something that was taken is a range of its own.
  buffer.append(memory.subarray(3, 4));
  assert.deepEqual(buffer.take().map(toHex), ["03"]);
});

test("whoever sends the same range sends it by the same view, unless it is large", () => {
  const takeOf = (bytes: Uint8Array): Uint8Array | undefined => {
    const buffer = new OutputBuffer();
    buffer.append(bytes);
    return buffer.take()[0];
  };
  const memory = new Uint8Array(100_000);
  const small = memory.subarray(5, 10);
  const view = takeOf(small);
  assert.deepEqual([view?.buffer, view?.byteOffset, view?.length], [memory.buffer, 5, 5]);
  assert.equal(takeOf(memory.subarray(5, 10)), view);
  assert.notEqual(takeOf(memory.subarray(5, 9)), view);
  takeOf(small);
  assert.equal(takeOf(memory.subarray(4, 9))?.byteOffset, 4);
  takeOf(small);
  assert.equal(takeOf(new Uint8Array(10).subarray(5, 10))?.buffer.byteLength, 10);
  const large = new Uint8Array(300_000).subarray(0, 5);
  assert.notEqual(takeOf(large), takeOf(large), "large memory would be kept from being collected");
});

/** What happens to one of several writers. */
type Step =
  | { readonly kind: "write"; readonly writer: number; readonly count: number; readonly back: number }
  | { readonly kind: "append"; readonly writer: number; readonly count: number }
  | { readonly kind: "take"; readonly writer: number }
  | { readonly kind: "recycle"; readonly which: number };

const writer = fc.nat(3);
const count = fc.oneof(
  { weight: 12, arbitrary: fc.nat(40) },
  { weight: 4, arbitrary: fc.integer({ min: 10_000, max: 60_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: slabBytes / 2 - 2, max: slabBytes / 2 + 2 }) },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("write"), writer, count, back: fc.nat(50) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("append"), writer, count: fc.nat(9) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("take"), writer }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("recycle"), which: fc.nat(5) }) },
) as fc.Arbitrary<Step>;

/** Bytes that are all the same. */
type Run = readonly [value: number, count: number];

/** Several writers, and beside each what it must hold: runs of equal bytes, each different from its neighbours. */
class Model {
  readonly #writers = Array.from({ length: 4 }, () => ({ buffer: new OutputBuffer(), runs: [] as Run[] }));
  readonly #sent: { readonly chunks: readonly Uint8Array[]; readonly runs: readonly Run[] }[] = [];
  #value = 0;

  run(taken: Step): void {
    if (taken.kind === "recycle") {
      const [sent] = this.#sent.splice(taken.which % Math.max(1, this.#sent.length), 1);
      if (sent === undefined) return;
      assertRuns(sent.chunks, sent.runs);
      recycle(sent.chunks);
      return;
    }
    const { buffer, runs } = this.#writers[taken.writer] ?? assert.fail("there is no such writer");
    this.#value = (this.#value % 250) + 1;
    if (taken.kind === "write") {
      const back = Math.min(taken.back, taken.count);
      const at = buffer.reserve(taken.count);
      buffer.memory.fill(this.#value, at, at + taken.count);
      buffer.giveBack(back);
      runs.push([this.#value, taken.count - back]);
    } else if (taken.kind === "append") {
      buffer.append(new Uint8Array(taken.count).fill(this.#value));
      runs.push([this.#value, taken.count]);
    } else {
      const length = runs.reduce((sum, [, run]) => sum + run, 0);
      assert.equal(buffer.byteLength, length);
      const chunks = buffer.take();
      assert.ok(chunks.every((chunk) => chunk.length > 0));
      this.#sent.push({ chunks, runs: runs.splice(0) });
    }
  }

  /** Takes and looks at everything that is left: nothing that was on its way has been written over. */
  end(): void {
    for (let each = 0; each < 4; each++) this.run({ kind: "take", writer: each });
    for (const { chunks, runs } of this.#sent) assertRuns(chunks, runs);
  }
}

function assertRuns(chunks: readonly Uint8Array[], runs: readonly Run[]): void {
  const expected = Buffer.concat(runs.map(([value, run]) => Buffer.alloc(run, value)));
  assert.ok(Buffer.concat(chunks).equals(expected), "what was taken is what was written");
}

test("however writers take turns, each takes what it wrote, and nothing changes until it is sent", (context) => {
  checkProperty(
    context,
    fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
      const model = new Model();
      for (const each of steps) model.run(each);
      model.end();
    }),
    150,
  );
});

test("in the usual case, a write that is sent at once, nothing is ever allocated", (context) => {
  freshSlab();
  const { mock } = context.mock.method(Buffer, "allocUnsafeSlow");
  const buffers = Array.from({ length: 10 }, () => new OutputBuffer());
  for (let turn = 0; turn < 1000; turn++) {
    for (const buffer of buffers) {
      write(buffer, 1000, turn);
      recycle(buffer.take());
    }
  }
  assert.equal(mock.callCount(), 0);
});
