import assert from "node:assert/strict";
import { test } from "node:test";
import { Opcode } from "../../../src/protocol/websocket/opcode.ts";
import type { RawFrame } from "../../../src/testing/raw-frame.ts";
import { everyChunking, fromHex, peerFrame, RecordedConnection, roles } from "../../support/recording.ts";

const { continuation, text, binary, ping, pong } = Opcode;

/** What is received is tested whole, byte by byte and cut in two everywhere, by a server and by a client. */
const received: readonly (readonly [
  what: string,
  frames: readonly RawFrame[],
  events: readonly string[],
  sent?: readonly string[],
])[] = [
  ["a text", [{ opcode: text, payload: "Hello" }], ["text Hello"]],
  ["a text of several scripts", [{ opcode: text, payload: "é 郑 👍" }], ["text é 郑 👍"]],
  ["an empty text", [{ opcode: text }], ["text "]],
  [
    "a text with a byte order mark, which is a character",
    [{ opcode: text, payload: "\ufeffa" }],
    ["text \ufeffa"],
  ],
  ["a text with a NUL", [{ opcode: text, payload: "a\0b" }], ["text a\0b"]],
  ["bytes", [{ opcode: binary, payload: fromHex("00ff80") }], ["binary 00ff80"]],
  ["no bytes", [{ opcode: binary }], ["binary "]],
  [
    "messages one after another",
    [
      { opcode: text, payload: "a" },
      { opcode: binary, payload: "a" },
      { opcode: text, payload: "b" },
    ],
    ["text a", "binary 61", "text b"],
  ],
  [
    "a text in fragments, one of them empty (RFC 6455 §5.4)",
    [
      { opcode: text, payload: "Hel", fin: false },
      { opcode: continuation, fin: false },
      { opcode: continuation, payload: "lo" },
    ],
    ["text Hello"],
  ],
  [
    "a text whose first and last fragments are empty",
    [
      { opcode: text, fin: false },
      { opcode: continuation, payload: "Hello", fin: false },
      { opcode: continuation },
    ],
    ["text Hello"],
  ],
  [
    "a text whose bytes are all in the last fragment",
    [
      { opcode: text, fin: false },
      { opcode: continuation, payload: "Hello" },
    ],
    ["text Hello"],
  ],
  ["a text of empty fragments", [{ opcode: text, fin: false }, { opcode: continuation }], ["text "]], // prettier-ignore
  [
    "a text whose fragments cut its characters",
    [
      { opcode: text, payload: fromHex("c3"), fin: false },
      { opcode: continuation, payload: fromHex("a9f09f"), fin: false },
      { opcode: continuation, payload: fromHex("918d") },
    ],
    ["text é👍"],
  ],
  [
    "bytes in fragments, which are not UTF-8",
    [
      { opcode: binary, payload: fromHex("ff"), fin: false },
      { opcode: continuation, payload: fromHex("c0fe") },
      { opcode: text, payload: "a" },
    ],
    ["binary ffc0fe", "text a"],
  ],
  [
    "two fragmented messages, of which the first says nothing about the second",
    [
      { opcode: text, payload: "a", fin: false },
      { opcode: continuation, payload: "b" },
      { opcode: text, payload: "c", fin: false },
      { opcode: continuation, payload: "d" },
      { opcode: binary, payload: "e", fin: false },
      { opcode: continuation, payload: "f" },
    ],
    ["text ab", "text cd", "binary 6566"],
  ],
  ["a ping, and answers it", [{ opcode: ping, payload: "abc" }], ["ping 616263"], ["pong 616263"]],
  ["an empty ping, and answers it", [{ opcode: ping }], ["ping "], ["pong"]],
  ["a pong that it did not ask for", [{ opcode: pong, payload: "abc" }], ["pong 616263"]],
  ["an empty pong", [{ opcode: pong }], ["pong "]],
  [
    "control frames between fragments (RFC 6455 §5.5)",
    [
      { opcode: text, payload: "a", fin: false },
      { opcode: ping, payload: "12" },
      { opcode: continuation, payload: "b", fin: false },
      { opcode: pong },
      { opcode: ping, payload: fromHex("ff") },
      { opcode: continuation, payload: "c" },
    ],
    ["ping 3132", "pong ", "ping ff", "text abc"],
    ["pong 3132", "pong ff"],
  ],
];

for (const role of roles) {
  for (const [what, frames, events, sent = []] of received) {
    test(`a ${role} receives ${what}`, () => {
      const bytes = new Uint8Array(Buffer.concat(frames.map((frame) => peerFrame(role, frame))));
      for (const chunks of everyChunking(bytes)) {
        const peer = new RecordedConnection(role).receive(...chunks);
        const cut = `cut in ${chunks.map((chunk) => chunk.length).join()}`;
        assert.deepEqual(peer.takeEvents(), events, cut);
        assert.deepEqual(peer.takeFrames(), sent, cut);
        assert.equal(peer.connection.state, "open", cut);
      }
    });
  }
}
