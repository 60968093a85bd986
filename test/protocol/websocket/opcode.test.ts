import assert from "node:assert/strict";
import { test } from "node:test";
import {
  controlPayloadBytesMax,
  isControl,
  isKnownOpcode,
  Opcode,
} from "../../../src/protocol/websocket/opcode.ts";

const all = Array.from({ length: 16 }, (_, opcode) => opcode);

test("the frame types have the numbers of RFC 6455 §11.8", () => {
  assert.deepEqual(Opcode, { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 });
});

test("six of the sixteen opcodes are known", () => {
  assert.deepEqual(all.filter(isKnownOpcode), [0, 1, 2, 8, 9, 10]);
});

test("the upper half are control frames (RFC 6455 §5.5)", () => {
  assert.deepEqual(all.filter(isControl), [8, 9, 10, 11, 12, 13, 14, 15]);
});

test("a control frame carries what a length of one byte can say", () => {
  assert.equal(controlPayloadBytesMax, 125);
});
