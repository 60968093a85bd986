import assert from "node:assert/strict";
import { test } from "node:test";
import { FrameWriter } from "../../../src/protocol/websocket/frame-writer.ts";
import { Opcode } from "../../../src/protocol/websocket/opcode.ts";
import { OutputBuffer } from "../../../src/protocol/websocket/output-buffer.ts";
import { SharedMessage } from "../../../src/protocol/websocket/shared-message.ts";
import { FakeCodec } from "../../support/fake-codec.ts";
import { fromHex, toHex } from "../../support/recording.ts";

/** The memory in which small frames lie. */
function slabOf(): ArrayBufferLike {
  return new SharedMessage("").frame.buffer;
}

/** Makes the next frame of up to `count` bytes the first one of a slab of its own. */
function freshSlab(count: number): void {
  const before = slabOf();
  while (new SharedMessage("x".repeat(count)).frame.buffer === before);
}

test("a shared message is framed as a server frames it (RFC 6455 §5.2)", () => {
  for (const data of [
    "",
    "Hello",
    "é郑👍",
    "x".repeat(126),
    "x".repeat(70_000),
    fromHex(""),
    fromHex("00ff"),
    new Uint8Array(70_000),
  ]) {
    // prettier-ignore
    const message = new SharedMessage(data);
    const writer = new FrameWriter();
    if (typeof data === "string") writer.writeText(Opcode.text, data);
    else writer.writeBytes(Opcode.binary, data);
    const expected = Buffer.concat(writer.take());
    assert.equal(message.opcode, typeof data === "string" ? Opcode.text : Opcode.binary);
    assert.equal(message.byteLength, Buffer.from(data as string).length);
    assert.equal(message.mayCompress, true);
    assert.ok(expected.equals(message.frame));
    assert.equal(message.frame, message.frame, "it is made once");
  }
});

test("the payload of a text is its UTF-8, made once; of bytes it is those bytes", () => {
  const text = new SharedMessage("é");
  assert.equal(toHex(text.payload), "c3a9");
  assert.equal(text.payload, text.payload);
  const bytes = fromHex("0102");
  assert.equal(new SharedMessage(bytes, false).payload, bytes);
  assert.equal(new SharedMessage(bytes, false).mayCompress, false);
});

test("it is compressed once for each key, whoever asks", () => {
  const [key, otherKey] = [{}, {}];
  const codecs = [key, key, otherKey].map((sharedKey) => new FakeCodec({ sharedKey }));
  const message = new SharedMessage("aaaa");
  const [one, two, three] = codecs.map((codec) => message.compressedFrame(codec, codec.sharedKey ?? {}));
  assert.equal(toHex(one ?? fromHex("")), "c1026104");
  assert.equal(two, one);
  assert.notEqual(three, one);
  assert.equal(toHex(three ?? fromHex("")), "c1026104");
  assert.deepEqual(codecs.map((codec) => codec.calls), [["compress aaaa"], [], ["compress aaaa"]]); // prettier-ignore
  // What the codec lent is its own again.
  codecs[0]?.compress(fromHex("0102"));
  assert.equal(toHex(one ?? fromHex("")), "c1026104");
});

test("what compression does not make shorter goes as it is, and is not tried again", () => {
  const codec = new FakeCodec();
  for (const data of ["ab", "aa", ""]) {
    const message = new SharedMessage(data);
    const key = {};
    assert.equal(message.compressedFrame(codec, key), message.frame, data);
    message.compressedFrame(codec, key);
    assert.deepEqual(codec.takeCalls(), [`compress ${data}`]);
  }
  assert.equal(toHex(new SharedMessage(fromHex("070707")).compressedFrame(codec, {})), "c2020703");
});

test("frames that are made one after the other lie so, and are one chunk for each that takes them all", () => {
  freshSlab(1000);
  const codec = new FakeCodec();
  const messages = ["one", "two", "333"].map((text) => new SharedMessage(text));
  const subscribers = [new OutputBuffer(), new OutputBuffer()];
  for (const message of messages) for (const subscriber of subscribers) subscriber.append(message.frame);
  const compressed = new SharedMessage("aaaa").compressedFrame(codec, {});
  for (const subscriber of subscribers) subscriber.append(compressed);
  const [taken = [], takenByOther = []] = subscribers.map((subscriber) => subscriber.take());
  assert.deepEqual(taken.map(toHex), ["81036f6e65810374776f8103333333c1026104"]);
  assert.equal(takenByOther[0], taken[0], "not even the view is made twice");
});

test("a frame that does not fit any more begins another slab, and the others stay as they are", () => {
  freshSlab(1000);
  const first = new SharedMessage("first").frame;
  const slab = first.buffer;
  assert.equal(slab.byteLength, 65_536);
  const frames = [first];
  while (frames.at(-1)?.buffer === slab) frames.push(new SharedMessage("x".repeat(16_000)).frame);
  assert.equal(frames.at(-1)?.byteOffset, 0);
  assert.equal(frames.length, 6);
  assert.equal(Buffer.from(first).toString("latin1"), "\x81\x05first");
  for (const frame of frames.slice(1)) assert.ok(frame.subarray(4).every((byte) => byte === 0x78));
});

test("exactly what is left of a slab still fits", () => {
  freshSlab(1000);
  const used = new SharedMessage("").frame;
  const at = used.byteOffset + 2;
  let left = 65_536 - at;
  const slab = used.buffer;
  for (; left > 16_384; left -= 16_384) {
    assert.equal(new SharedMessage("x".repeat(16_380)).frame.buffer, slab);
  }
  assert.equal(new SharedMessage("x".repeat(left - 4)).frame.buffer, slab);
  assert.notEqual(slabOf(), slab);
});

test("a frame of more than a quarter of a slab has memory of its own", () => {
  const slab = slabOf();
  const large = new SharedMessage("x".repeat(16_381)).frame;
  assert.equal(large.buffer.byteLength, large.length);
  assert.equal(slabOf(), slab, "and leaves the slab alone");
  assert.notEqual(new SharedMessage("x".repeat(16_380)).frame.buffer.byteLength, 16_384);
});
