import assert from "node:assert/strict";
import { test } from "node:test";
import { Opcode } from "../../../src/protocol/websocket/opcode.ts";
import { fromHex, peerFrame, RecordedConnection, roles } from "../../support/recording.ts";

const { continuation, text, binary, ping, pong } = Opcode;

for (const role of roles) {
  test(`a ${role} judges a message by the length that is announced, before any of it comes`, () => {
    for (const length of [1001, 65_536, 2 ** 53, 2n ** 63n - 1n]) {
      const peer = new RecordedConnection(role).receive({ opcode: binary, length });
      assert.deepEqual(peer.takeEvents(), ["closing WS_MESSAGE_TOO_BIG"], `${length} bytes`);
    }
    const peer = new RecordedConnection(role);
    peer.receive({ opcode: text, payload: "a", fin: false }, { opcode: continuation, length: 1000 });
    assert.deepEqual(peer.takeEvents(), ["closing WS_MESSAGE_TOO_BIG"]);
  });

  test(`a ${role} takes a message that is exactly as long as the limit, whole and in fragments`, () => {
    const peer = new RecordedConnection(role, { maxMessageBytes: 3 });
    peer.receive({ opcode: text, payload: "abc" });
    peer.receive({ opcode: text, payload: "ab", fin: false }, { opcode: ping, payload: "long" });
    peer.receive({ opcode: continuation, payload: "c", fin: false }, { opcode: continuation });
    peer.receive({ opcode: binary, payload: "abc" });
    const events = ["text abc", "ping 6c6f6e67", "text abc", "binary 616263"];
    assert.deepEqual(peer.takeEvents(), events);
  });

  test(`a ${role} that takes no bytes at all still takes empty messages and control frames`, () => {
    const peer = new RecordedConnection(role, { maxMessageBytes: 0 });
    peer.receive({ opcode: text }, { opcode: ping, payload: "a" }, { opcode: binary, length: 1 });
    assert.deepEqual(peer.takeEvents(), ["text ", "ping 61", "closing WS_MESSAGE_TOO_BIG"]);
  });

  test(`a ${role} takes what it accepts, in fragments too`, () => {
    const texts = new RecordedConnection(role, { accepts: "text" });
    texts.receive({ opcode: text, fin: false }, { opcode: continuation, payload: "a" }, { opcode: ping });
    assert.deepEqual(texts.takeEvents(), ["text a", "ping "]);
    const bytes = new RecordedConnection(role, { accepts: "binary" });
    bytes.receive({ opcode: binary, fin: false }, { opcode: continuation, payload: "a" }, { opcode: pong });
    assert.deepEqual(bytes.takeEvents(), ["binary 61", "pong "]);
  });

  test(`a ${role} refuses invalid text at its first bad byte, although more is announced`, () => {
    for (const fin of [true, false]) {
      const peer = new RecordedConnection(role);
      const start = { opcode: text, payload: fromHex("6162e9"), length: 900, fin };
      peer.receive(start);
      assert.deepEqual(peer.takeEvents(), []);
      const bad = { opcode: text, payload: fromHex("6162e961"), length: 900, fin };
      peer.receive(peerFrame(role, bad).subarray(peerFrame(role, start).length));
      assert.deepEqual(peer.takeEvents(), ["closing WS_TEXT_INVALID"], `fin ${fin}`);
    }
  });
}
