import assert from "node:assert/strict";
import { test } from "node:test";
import type { ErrorCode } from "../../../src/base/errors.ts";
import { errorTable } from "../../../src/base/errors.ts";
import type { AcceptedMessages } from "../../../src/protocol/websocket/message-assembler.ts";
import { Opcode } from "../../../src/protocol/websocket/opcode.ts";
import type { RawFrame } from "../../../src/testing/raw-frame.ts";
import {
  closePayload,
  everyChunking,
  fromHex,
  peerFrame,
  RecordedConnection,
  roles,
} from "../../support/recording.ts";

const { continuation, text, binary, close, ping, pong } = Opcode;

interface Violation {
  readonly what: string;
  readonly frames: readonly RawFrame[];
  readonly code: ErrorCode;
  readonly closeCode: number;
  /** What was received before the rule was broken. */
  readonly events?: readonly string[];
  readonly accepts?: AcceptedMessages;
}

const invalidText = (what: string, ...hex: readonly string[]): Violation => ({
  what,
  frames: hex.map((payload, index) => ({
    opcode: index === 0 ? text : continuation,
    payload: fromHex(payload),
    fin: index === hex.length - 1,
  })),
  code: "WS_TEXT_INVALID",
  closeCode: 1007,
});

const invalidClose = (what: string, payload: Uint8Array | string): Violation => ({
  what,
  frames: [{ opcode: close, payload }],
  code: "WS_CLOSE_INVALID",
  closeCode: 1002,
});

/** The limit of a message is 20 bytes here. */
const violations: readonly Violation[] = [
  { what: "a reserved bit", frames: [{ opcode: text, rsv: 4 }], code: "WS_RESERVED_BITS", closeCode: 1002 },
  { what: "an unknown opcode", frames: [{ opcode: 3 }], code: "WS_OPCODE_UNKNOWN", closeCode: 1002 },
  {
    what: "a length that is not in its shortest form",
    frames: [{ opcode: text, payload: "a", lengthBytes: 2 }],
    code: "WS_LENGTH_INVALID",
    closeCode: 1002,
  },
  {
    what: "a control frame of 126 bytes",
    frames: [{ opcode: ping, payload: "a".repeat(126) }],
    code: "WS_CONTROL_TOO_LONG",
    closeCode: 1002,
  },
  {
    what: "a control frame in fragments",
    frames: [{ opcode: close, fin: false }],
    code: "WS_CONTROL_FRAGMENTED",
    closeCode: 1002,
  },
  {
    what: "a continuation of nothing",
    frames: [{ opcode: continuation, payload: "a" }],
    code: "WS_CONTINUATION_UNEXPECTED",
    closeCode: 1002,
  },
  {
    what: "an empty continuation of nothing that is not the last",
    frames: [{ opcode: continuation, fin: false }],
    code: "WS_CONTINUATION_UNEXPECTED",
    closeCode: 1002,
  },
  {
    what: "a continuation of a message that was complete",
    frames: [{ opcode: text, payload: "a", fin: false }, { opcode: continuation }, { opcode: continuation }],
    code: "WS_CONTINUATION_UNEXPECTED",
    closeCode: 1002,
    events: ["text a"],
  },
  {
    what: "a continuation after a whole message",
    frames: [{ opcode: binary, payload: "a" }, { opcode: continuation }],
    code: "WS_CONTINUATION_UNEXPECTED",
    closeCode: 1002,
    events: ["binary 61"],
  },
  ...[text, binary].map((opcode) => ({
    what: `a message of opcode ${opcode} inside a fragmented one`,
    frames: [{ opcode: text, payload: "a", fin: false }, { opcode: pong }, { opcode }],
    code: "WS_CONTINUATION_EXPECTED" as const,
    closeCode: 1002,
    events: ["pong "],
  })),
  {
    what: "a message inside one whose first fragment is empty",
    frames: [{ opcode: binary, fin: false }, { opcode: binary }],
    code: "WS_CONTINUATION_EXPECTED",
    closeCode: 1002,
  },
  {
    what: "bytes where only text is accepted",
    frames: [{ opcode: text, payload: "a" }, { opcode: binary }],
    code: "WS_MESSAGE_TYPE_REFUSED",
    closeCode: 1003,
    events: ["text a"],
    accepts: "text",
  },
  {
    what: "text where only bytes are accepted",
    frames: [
      { opcode: binary, payload: "a", fin: false },
      { opcode: continuation },
      { opcode: text, fin: false },
    ],
    code: "WS_MESSAGE_TYPE_REFUSED",
    closeCode: 1003,
    events: ["binary 61"],
    accepts: "binary",
  },
  {
    what: "a message longer than the limit",
    frames: [{ opcode: binary, payload: "a".repeat(21) }],
    code: "WS_MESSAGE_TOO_BIG",
    closeCode: 1009,
  },
  {
    what: "fragments that are together longer than the limit",
    frames: [
      { opcode: text, payload: "a".repeat(12), fin: false },
      { opcode: ping, payload: "p".repeat(125) },
      { opcode: continuation, payload: "a".repeat(9) },
    ],
    code: "WS_MESSAGE_TOO_BIG",
    closeCode: 1009,
    events: [`ping ${"70".repeat(125)}`],
  },
  invalidText("a byte that is never in UTF-8", "ff"),
  invalidText("such a byte after valid text", "616263c0"),
  invalidText("a surrogate", "eda080"),
  invalidText("an overlong form", "c080"),
  invalidText("a code point past the last", "f4908080"),
  invalidText("text that ends inside a character", "61e9"),
  invalidText("fragments of which the first is invalid", "ff", "61"),
  invalidText("fragments of which a later one is invalid", "61", "ff", "61"),
  invalidText("fragments of which the last is invalid", "61", "ff"),
  invalidText("fragments with an invalid byte after empty ones", "", "ff"),
  invalidText("fragments that end inside a character", "61", "e9"),
  invalidText("an empty last fragment inside a character", "e9", ""),
  invalidText("a character that goes wrong in the next fragment", "e9", "61"),
  invalidClose("a close frame of one byte", fromHex("03")),
  // RFC 6455 §7.4.1 and §7.4.2: what is reserved, unassigned, or only reported.
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map((code) =>
    invalidClose(`close code ${code}`, closePayload(code)),
  ),
  { ...invalidClose("close code 1000 in the wrong byte order", fromHex("e803")) },
  {
    what: "a close reason that is not UTF-8",
    frames: [{ opcode: close, payload: closePayload(1000, fromHex("61ff")) }],
    code: "WS_TEXT_INVALID",
    closeCode: 1007,
  },
  {
    what: "a close reason that ends inside a character",
    frames: [{ opcode: close, payload: closePayload(1000, fromHex("e9")) }],
    code: "WS_TEXT_INVALID",
    closeCode: 1007,
  },
];

for (const role of roles) {
  const masks: readonly Violation[] = [
    {
      what: role === "server" ? "a frame without a mask" : "a frame with a mask",
      frames: [{ opcode: text, payload: "Hello", mask: role === "server" ? null : 1 }],
      code: role === "server" ? "WS_MASK_MISSING" : "WS_MASK_UNEXPECTED",
      closeCode: 1002,
    },
  ];

  for (const { what, frames, code, closeCode, events = [], accepts = "any" } of [...violations, ...masks]) {
    test(`a ${role} fails with ${closeCode} at ${what}`, () => {
      assert.equal(errorTable[code].closeCode, closeCode);
      const later: RawFrame[] = [{ opcode: text, payload: "later" }, { opcode: ping }, { opcode: close }];
      const bytes = Buffer.concat([...frames, ...later].map((frame) => peerFrame(role, frame)));
      for (const chunks of everyChunking(bytes)) {
        const peer = new RecordedConnection(role, { maxMessageBytes: 20, accepts }).receive(...chunks);
        const cut = `cut in ${chunks.map((chunk) => chunk.length).join()}`;
        assert.deepEqual(peer.takeEvents(), [...events, `closing ${code}`], cut);
        const sent = peer.takeFrames().filter((frame) => !frame.startsWith("pong"));
        assert.deepEqual(sent, [`close ${closeCode} ${code}`], cut);
        const { state, closeCode: reported, closeReason } = peer.connection;
        assert.deepEqual([state, reported, closeReason], ["closed", closeCode, code], cut);
      }
    });
  }

  test(`a ${role} says in its problem what was wrong, without what was sent`, () => {
    const messages: readonly (readonly [frame: RawFrame, message: string])[] = [
      [{ opcode: 7 }, "a frame has the reserved opcode 7"],
      [{ opcode: close, payload: "a" }, "a close frame must be empty or begin with a code that may be sent, got one byte"], // prettier-ignore
      [{ opcode: close, payload: closePayload(1005) }, "a close frame must be empty or begin with a code that may be sent, got code 1005"], // prettier-ignore
      [{ opcode: binary }, "a binary message came, only text is accepted"],
      [{ opcode: text, length: 1001 }, "a message is longer than 1000 bytes"],
    ];
    for (const [frame, message] of messages) {
      assert.equal(
        new RecordedConnection(role, { accepts: "text" }).receive(frame).problem?.message,
        message,
      );
    }
    const { problem } = new RecordedConnection(role, { accepts: "binary" }).receive({ opcode: text });
    assert.equal(problem?.message, "a text message came, only binary is accepted");
  });
}
