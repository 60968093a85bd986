import assert from "node:assert/strict";
import { test } from "node:test";
import { Opcode } from "../../../src/protocol/websocket/opcode.ts";
import {
  assertEnding,
  closePayload,
  everyChunking,
  fromHex,
  peerFrame,
  RecordedConnection,
  roles,
} from "../../support/recording.ts";

const { continuation, text, binary, close, ping, pong } = Opcode;

for (const role of roles) {
  test(`a ${role} answers a close frame with its code, keeps its reason, and is closed`, () => {
    const frame = { opcode: close, payload: closePayload(4000, "é bye") };
    for (const chunks of everyChunking(peerFrame(role, frame))) {
      const peer = new RecordedConnection(role).receive(...chunks);
      assert.deepEqual(peer.takeEvents(), ["closing"]);
      assert.equal(peer.problem, undefined);
      assert.deepEqual(peer.takeFrames(), ["close 4000"]);
      assertEnding(peer.connection, "closed", 4000, "é bye");
    }
  });

  test(`a ${role} answers each code that may be sent, and the longest reason`, () => {
    for (const code of [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999]) {
      const reason = "r".repeat(123);
      const peer = new RecordedConnection(role).receive({
        opcode: close,
        payload: closePayload(code, reason),
      });
      assert.deepEqual(peer.takeFrames(), [`close ${code}`]);
      assertEnding(peer.connection, "closed", code, reason);
    }
  });

  test(`a ${role} answers an empty close frame with an empty one, and reports 1005 (RFC 6455 §7.1.5)`, () => {
    const peer = new RecordedConnection(role).receive({ opcode: close });
    assert.deepEqual(peer.takeEvents(), ["closing"]);
    assert.deepEqual(peer.takeFrames(), ["close"]);
    assertEnding(peer.connection, "closed", 1005);
  });

  test(`a ${role} is closed by a close frame between the fragments of a message, which is dropped`, () => {
    const peer = new RecordedConnection(role).receive(
      { opcode: text, payload: "a", fin: false },
      { opcode: close, payload: closePayload(1000) },
      { opcode: continuation, payload: "b" },
    );
    assert.deepEqual(peer.takeEvents(), ["closing"]);
    assertEnding(peer.connection, "closed", 1000);
  });

  test(`a ${role} looks at nothing behind a close frame, in the same read or later`, () => {
    const peer = new RecordedConnection(role);
    const frames = [{ opcode: close }, { opcode: text, payload: "a" }, { opcode: ping }, { opcode: 15 }];
    const bytes = Buffer.concat(frames.map((frame) => peerFrame(role, frame)));
    peer.receive(new Uint8Array(bytes)).receive(...frames);
    assert.deepEqual(peer.takeEvents(), ["closing"]);
    assert.deepEqual(peer.takeFrames(), ["close"]);
    assertEnding(peer.connection, "closed", 1005);
  });

  test(`a ${role} that closes first waits for the peer's close frame`, () => {
    const peer = new RecordedConnection(role);
    peer.connection.close(4001, "é bye");
    assert.deepEqual(peer.takeFrames(), ["close 4001 é bye"]);
    assert.deepEqual(peer.takeEvents(), ["closing"]);
    assertEnding(peer.connection, "closing", 4001, "é bye");
    peer.receive({ opcode: close, payload: closePayload(1000, "other") });
    assert.deepEqual(peer.takeFrames(), []);
    assert.deepEqual(peer.takeEvents(), []);
    assertEnding(peer.connection, "closed", 4001, "é bye");
  });

  test(`a ${role} can close without a code, or without a reason`, () => {
    const without = new RecordedConnection(role);
    without.connection.close();
    assert.deepEqual(without.takeFrames(), ["close"]);
    assertEnding(without.connection, "closing", 1005);
    const code = new RecordedConnection(role);
    code.connection.close(1000);
    assert.deepEqual(code.takeFrames(), ["close 1000"]);
    assertEnding(code.connection, "closing", 1000);
  });

  test(`a ${role} sends nothing more once it is closing or closed`, () => {
    const closing = new RecordedConnection(role);
    closing.connection.close(1000);
    const closed = new RecordedConnection(role).receive({ opcode: close });
    for (const peer of [closing, closed]) {
      peer.takeFrames();
      const code = peer.connection.closeCode;
      assert.equal(peer.connection.sendText("a"), -1);
      assert.equal(peer.connection.sendBinary(fromHex("01")), -1);
      assert.equal(peer.connection.sendPing(fromHex("01")), false);
      peer.connection.close(4000, "again");
      assert.equal(peer.connection.output.byteLength, 0);
      assert.equal(peer.connection.closeCode, code);
      assert.equal(peer.connection.closeReason, "");
    }
    assert.equal(closing.connection.state, "closing");
    assert.equal(closed.connection.state, "closed");
  });

  test(`a ${role} that is closing passes nothing on, but still follows the frames`, () => {
    const peer = new RecordedConnection(role);
    peer.receive({ opcode: text, payload: "a", fin: false });
    peer.connection.close(1000);
    assert.deepEqual(peer.takeEvents(), ["closing"]);
    // The message that was coming in ends, others follow, and none of it is looked at.
    peer.receive({ opcode: continuation, payload: fromHex("ff"), fin: false }, { opcode: continuation });
    peer.receive({ opcode: text, payload: fromHex("ff") }, { opcode: pong, payload: "a" }, { opcode: ping });
    peer.receive({ opcode: binary, fin: false }, { opcode: continuation, payload: "b" });
    assert.equal(peer.connection.state, "closing");
    peer.receive({ opcode: close });
    assertEnding(peer.connection, "closed", 1000);
    assert.deepEqual(peer.takeEvents(), []);
  });

  test(`a ${role} that is closing forgets what it had of a message, and stores no more of it`, (context) => {
    const peer = new RecordedConnection(role);
    peer.receive({ opcode: binary, payload: "a".repeat(600), fin: false });
    peer.connection.close(1000);
    const { mock } = context.mock.method(Buffer, "allocUnsafeSlow");
    // With the 600 bytes from before this would be past the limit of 1000, and fail the connection.
    peer.receive({ opcode: continuation, payload: "b".repeat(900), fin: false });
    peer.receive({ opcode: continuation, payload: "c".repeat(900) });
    assert.equal(peer.connection.state, "closing");
    assert.equal(mock.callCount(), 0);
  });

  test(`a ${role} that is closing is closed by a broken rule, and keeps its own code`, () => {
    for (const frame of [{ opcode: 15 }, { opcode: close, payload: "a" }, { opcode: binary, length: 1001 }]) {
      const peer = new RecordedConnection(role);
      peer.connection.close(4000, "bye");
      peer.takeFrames();
      peer.takeEvents();
      peer.receive(frame, { opcode: text, payload: "a" });
      assert.deepEqual(peer.takeFrames(), []);
      assert.deepEqual(peer.takeEvents(), []);
      assertEnding(peer.connection, "closed", 4000, "bye");
    }
  });
}

test("the peer's own close frame is told apart from ours", () => {
  for (const role of roles) {
    const peer = new RecordedConnection(role);
    assert.equal(peer.connection.peerClose, undefined);
    peer.connection.close(4000, "ours");
    assert.equal(peer.connection.peerClose, undefined);
    peer.receive({ opcode: 8, payload: closePayload(4001, "theirs") });
    assert.deepEqual(peer.connection.peerClose, { code: 4001, reason: "theirs" });
    assertEnding(peer.connection, "closed", 4000, "ours");
    assert.deepEqual(new RecordedConnection(role).receive({ opcode: 8 }).connection.peerClose, {
      code: 1005,
      reason: "",
    });
  }
});
