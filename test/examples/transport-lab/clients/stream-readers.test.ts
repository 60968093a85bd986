import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { StreamEvent } from "../../../../examples/transport-lab/clients/event-stream-reader.ts";
import { EventStreamReader } from "../../../../examples/transport-lab/clients/event-stream-reader.ts";
import {
  ServerFrameReader,
  clientFrame,
  opcodes,
} from "../../../../examples/transport-lab/clients/websocket-frames.ts";

test("server-sent events are read, wherever they are cut", () => {
  const stream = "retry: 5\nevent: session\ndata: {}\n\n:\n\nid: 7\ndata: two\ndata:lines\n\n: x\n\ndata\n\n";
  const expected: readonly StreamEvent[] = [
    { type: "session", id: "", data: "{}" },
    { type: "message", id: "7", data: "two\nlines" },
  ];
  for (let size = 1; size <= stream.length; size++) {
    const events: StreamEvent[] = [];
    const reader = new EventStreamReader((event) => events.push(event));
    for (let at = 0; at < stream.length; at += size) reader.receive(stream.slice(at, at + size));
    assert.deepEqual(events, expected, `in pieces of ${size}`);
  }
});

suite("frames", () => {
  test("of a server are read, wherever they are cut", () => {
    const payloads = ["", "hi", "x".repeat(125), "y".repeat(126), "z".repeat(65_536)];
    const bytes = Buffer.concat(payloads.map(serverFrame));
    for (const size of [7, 1000, bytes.length]) {
      const read: string[] = [];
      const reader = new ServerFrameReader((opcode, payload) => read.push(`${opcode} ${payload.toString()}`));
      for (let at = 0; at < bytes.length; at += size) reader.receive(bytes.subarray(at, at + size));
      assert.deepEqual(
        read,
        payloads.map((payload) => `1 ${payload}`),
      );
    }
  });

  test("of a client are final and masked", () => {
    const frame = clientFrame(opcodes.pong, Buffer.from("hello"));
    assert.deepEqual([...frame.subarray(0, 2)], [0x8a, 0x85]);
    const key = frame.subarray(2, 6);
    assert.equal(
      Buffer.from(frame.subarray(6).map((byte, index) => byte ^ key[index % 4]!)).toString(),
      "hello",
    );
  });
});

function serverFrame(payload: string): Buffer {
  const { length } = payload;
  const header = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  header[0] = 0x81;
  header[1] = length < 126 ? length : length < 65_536 ? 126 : 127;
  if (header.length === 4) header.writeUInt16BE(length, 2);
  if (header.length === 10) header.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([header, Buffer.from(payload)]);
}
