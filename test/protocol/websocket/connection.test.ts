import assert from "node:assert/strict";
import { test } from "node:test";
import type { ConnectionEvents } from "../../../src/protocol/websocket/connection.ts";
import { WebSocketConnection } from "../../../src/protocol/websocket/connection.ts";
import { Opcode } from "../../../src/protocol/websocket/opcode.ts";
import type { RawFrame } from "../../../src/testing/raw-frame.ts";
import { fromHex, peerFrame, RecordedConnection, roles, toHex } from "../../support/recording.ts";

const { continuation, text, binary, ping, pong } = Opcode;

for (const role of roles) {
  test(`a ${role} answers the longest ping with all of it`, () => {
    const payload = "p".repeat(125);
    const peer = new RecordedConnection(role).receive({ opcode: ping, payload });
    assert.deepEqual(peer.takeFrames(), [`pong ${Buffer.from(payload).toString("hex")}`]);
  });

  test(`a ${role} has answered a ping before it tells of it`, () => {
    const peer = new RecordedConnection(role);
    const pending: number[] = [];
    peer.receivePing = () => pending.push(peer.connection.output.byteLength);
    peer.receive({ opcode: ping });
    assert.deepEqual(pending, [role === "server" ? 2 : 6]);
  });

  test(`a ${role} gives its bytes away: nothing that is read or sent later changes them`, () => {
    const given: Uint8Array[] = [];
    const take = (bytes: Uint8Array): void => {
      given.push(bytes);
    };
    const events: ConnectionEvents = {
      receiveText: () => assert.fail("no text was sent"),
      receiveBinary: take,
      receivePing: take,
      receivePong: take,
      receiveClosing: () => assert.fail("nothing was wrong"),
    };
    const options = { role, maxMessageBytes: 1000, accepts: "any", createMaskKey: () => 7 } as const;
    const connection = new WebSocketConnection(options, events);
    const frames: readonly RawFrame[] = [
      { opcode: binary, payload: "abc" },
      { opcode: binary, payload: "ab", fin: false },
      { opcode: continuation, payload: "c" },
      { opcode: ping, payload: "abc" },
      { opcode: pong, payload: "abc" },
    ];
    const bytes = Buffer.concat(frames.map((frame) => peerFrame(role, frame)));
    for (const size of [bytes.length, 1]) {
      for (let at = 0; at < bytes.length; at += size) {
        // A Node Buffer, as sockets give, whose memory is used for the next read.
        const read = Buffer.from(bytes.subarray(at, at + size));
        connection.receive(read);
        read.fill(0xff);
      }
    }
    connection.output.take().forEach((chunk) => chunk.fill(0xff));
    assert.equal(given.length, 8);
    for (const item of given) {
      assert.equal(toHex(item), "616263");
      assert.equal(item.buffer.byteLength, 3, "the memory holds nothing else");
    }
  });

  test(`a ${role} sends messages and pings, and says how long they are`, () => {
    const { connection, takeFrames } = sender();
    assert.equal(connection.sendText("é郑"), 5);
    assert.equal(connection.sendText(""), 0);
    assert.equal(connection.sendBinary(fromHex("00ff")), 2);
    assert.equal(connection.sendBinary(new Uint8Array(70_000)), 70_000);
    assert.equal(connection.sendPing(fromHex("01")), true);
    const large = `binary ${"00".repeat(70_000)}`;
    assert.deepEqual(takeFrames(), ["text é郑", "text", "binary 00ff", large, "ping 01"]);
  });

  const sender = (): { connection: WebSocketConnection; takeFrames: () => string[] } => {
    const peer = new RecordedConnection(role);
    return {
      connection: peer.connection,
      takeFrames: () => peer.takeFrames().map((frame) => frame.trimEnd()),
    };
  };

  test(`a ${role} that has received nothing is open, without a close code`, () => {
    const { connection } = new RecordedConnection(role);
    assert.equal(connection.state, "open");
    assert.equal(connection.closeCode, undefined);
    assert.equal(connection.closeReason, "");
    assert.equal(connection.output.byteLength, 0);
  });
}

test("a client masks every frame with a key of its own, pongs and close frames too", () => {
  let key = 0;
  const peer = new RecordedConnection("client", { createMaskKey: () => ++key });
  peer.connection.sendText("a");
  peer.receive({ opcode: ping });
  peer.connection.close(1000);
  assert.equal(toHex(peer.takeBytes()), "81810000000161 8a8000000002 8882 00000003 03e8".replaceAll(" ", ""));
});

test("what comes in one read is copied once or not at all: nothing is gathered", (context) => {
  const { mock } = context.mock.method(Buffer, "allocUnsafeSlow");
  const peer = new RecordedConnection("server");
  // A ping that came in two reads leaves nothing behind that would gather the next one.
  const cut = peerFrame("server", { opcode: ping, payload: "abc" });
  peer.receive(cut.subarray(0, 7), cut.subarray(7));
  assert.equal(mock.callCount(), 1);
  peer.receive(
    { opcode: text, payload: "abc" },
    { opcode: binary, payload: "abc" },
    { opcode: ping, payload: "a" },
  );
  assert.deepEqual(peer.takeEvents(), ["ping 616263", "text abc", "binary 616263", "ping 61"]);
  assert.equal(mock.callCount(), 1);
});

test("what had to be gathered is given away without another copy", (context) => {
  const { mock } = context.mock.method(Buffer, "allocUnsafeSlow");
  const peer = new RecordedConnection("client");
  let given: Uint8Array | undefined;
  peer.receiveBinary = (bytes) => {
    given = bytes;
  };
  const frame = peerFrame("client", { opcode: binary, payload: "abc" });
  peer.receive(frame.subarray(0, 3), frame.subarray(3));
  assert.equal(toHex(given ?? new Uint8Array()), "616263");
  assert.equal(given?.buffer, mock.calls[0]?.result?.buffer);
});

test("a message in a million fragments of one byte holds no more memory than its bytes", (context) => {
  const { mock } = context.mock.method(Buffer, "allocUnsafeSlow");
  const peer = new RecordedConnection("client", { maxMessageBytes: 2 ** 20 });
  peer.receive({ opcode: text, payload: "a", fin: false });
  const fragments = Buffer.from("000161".repeat(1000), "hex");
  for (let count = 0; count < 1000; count++) peer.connection.receive(fragments);
  const sizes = mock.calls.map((call) => call.arguments[0]);
  assert.equal(Math.max(...sizes), 2 ** 20, "one block of at most twice the bytes is kept");
  assert.ok(sizes.length < 40, "and replaced a few times, not a million");
  peer.receive({ opcode: continuation, payload: "b" });
  assert.deepEqual(peer.takeEvents(), [`text ${"a".repeat(1_000_001)}b`]);
});
