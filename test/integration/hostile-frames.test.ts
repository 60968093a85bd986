import assert from "node:assert/strict";
import { test } from "node:test";
import type { ErrorCode } from "../../src/index.ts";
import { WebSocketHandler } from "../../src/index.ts";
import type { RawFrame } from "../../src/testing/index.ts";
import { encodeRawFrame } from "../../src/testing/index.ts";
import { Inbox } from "../../src/testing/inbox.ts";
import { closeOf, handshake } from "../support/raw-socket.ts";
import { runApplication } from "../support/run-application.ts";

/** Two bytes of a close code, and what follows. */
function closePayload(code: number, rest: Uint8Array = new Uint8Array(0)): Buffer {
  return Buffer.concat([Buffer.from([code >> 8, code & 0xff]), rest]);
}

const maxMessageBytes = 1000;

interface Row {
  readonly name: string;
  readonly frames: readonly RawFrame[];
  readonly closeCode: number;
  readonly code: ErrorCode;
}

const rows: readonly Row[] = [
  // RFC 6455 §5.2: reserved bits, without an extension that gives them a meaning.
  ...[1, 2, 4, 7].flatMap((rsv) =>
    [1, 2, 8, 9, 10].map((opcode): Row => ({
      name: `reserved bits ${rsv} on opcode ${opcode}`,
      frames: [{ opcode, rsv }],
      closeCode: 1002,
      code: "WS_RESERVED_BITS",
    })),
  ),
  {
    name: "a reserved bit inside a fragmented message",
    frames: [
      { opcode: 1, fin: false },
      { opcode: 0, rsv: 4 },
    ],
    closeCode: 1002,
    code: "WS_RESERVED_BITS",
  },
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode): Row => ({
    name: `reserved opcode ${opcode}`,
    frames: [{ opcode }],
    closeCode: 1002,
    code: "WS_OPCODE_UNKNOWN",
  })),
  // §5.1: a client masks every frame, empty ones too.
  ...[1, 2, 8, 9, 10].map((opcode): Row => ({
    name: `opcode ${opcode} without a mask`,
    frames: [{ opcode, mask: null }],
    closeCode: 1002,
    code: "WS_MASK_MISSING",
  })),
  {
    name: "a second fragment without a mask",
    frames: [
      { opcode: 1, fin: false, payload: "a" },
      { opcode: 0, payload: "b", mask: null },
    ],
    closeCode: 1002,
    code: "WS_MASK_MISSING",
  },
  // §5.2: the shortest form, and 63 bits at most.
  ...(
    [
      [0, 2],
      [125, 2],
      [0, 8],
      [126, 8],
      [65_535, 8],
    ] as const
  ).map(([length, lengthBytes]): Row => ({
    name: `a length of ${length} in ${lengthBytes} bytes`,
    frames: [{ opcode: 2, length, lengthBytes }],
    closeCode: 1002,
    code: "WS_LENGTH_INVALID",
  })),
  {
    name: "a length of 64 bits",
    frames: [{ opcode: 2, length: 2n ** 64n - 1n }],
    closeCode: 1002,
    code: "WS_LENGTH_INVALID",
  },
  {
    name: "the lowest length of 64 bits",
    frames: [{ opcode: 2, length: 2n ** 63n }],
    closeCode: 1002,
    code: "WS_LENGTH_INVALID",
  },
  // §5.5: control frames are short and whole.
  ...[8, 9, 10].flatMap((opcode): Row[] => [
    {
      name: `control opcode ${opcode} with 126 bytes`,
      frames: [{ opcode, payload: new Uint8Array(126) }],
      closeCode: 1002,
      code: "WS_CONTROL_TOO_LONG",
    },
    {
      name: `control opcode ${opcode} with a length of 64 bits`,
      frames: [{ opcode, length: 5, lengthBytes: 8 }],
      closeCode: 1002,
      code: "WS_CONTROL_TOO_LONG",
    },
    {
      name: `control opcode ${opcode} in fragments`,
      frames: [{ opcode, fin: false }],
      closeCode: 1002,
      code: "WS_CONTROL_FRAGMENTED",
    },
  ]),
  // §5.4: fragments of one message are not interleaved with another message.
  {
    name: "a continuation of nothing",
    frames: [{ opcode: 0, payload: "x" }],
    closeCode: 1002,
    code: "WS_CONTINUATION_UNEXPECTED",
  },
  {
    name: "a continuation of a message that is over",
    frames: [{ opcode: 1, fin: false }, { opcode: 0 }, { opcode: 0 }],
    closeCode: 1002,
    code: "WS_CONTINUATION_UNEXPECTED",
  },
  ...[1, 2].map((opcode): Row => ({
    name: `a new message (opcode ${opcode}) inside a fragmented one`,
    frames: [{ opcode: 1, fin: false, payload: "x" }, { opcode: 9 }, { opcode }],
    closeCode: 1002,
    code: "WS_CONTINUATION_EXPECTED",
  })),
  // §5.5.1 and §7.4: close frames.
  {
    name: "a close frame of one byte",
    frames: [{ opcode: 8, payload: Uint8Array.of(3) }],
    closeCode: 1002,
    code: "WS_CLOSE_INVALID",
  },
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map((code): Row => ({
    name: `close code ${code}`,
    frames: [{ opcode: 8, payload: closePayload(code) }],
    closeCode: 1002,
    code: "WS_CLOSE_INVALID",
  })),
  {
    name: "a close reason that is no UTF-8",
    frames: [{ opcode: 8, payload: closePayload(1000, Uint8Array.of(0xff)) }],
    closeCode: 1007,
    code: "WS_TEXT_INVALID",
  },
  {
    name: "a close reason cut inside a character",
    frames: [{ opcode: 8, payload: closePayload(1000, Uint8Array.of(0xe9, 0x83)) }],
    closeCode: 1007,
    code: "WS_TEXT_INVALID",
  },
  // §8.1: text is UTF-8; it is refused as soon as that is certain, before the message is whole.
  ...[
    ["a lone continuation byte", [0x80]],
    ["an overlong slash", [0xc0, 0xaf]],
    ["an overlong NUL of three bytes", [0xe0, 0x80, 0x80]],
    ["a surrogate", [0xed, 0xa0, 0x80]],
    ["a code point past the last", [0xf4, 0x90, 0x80, 0x80]],
    ["a byte that no text has", [0x41, 0xfe]],
    ["a character cut off by the end", [0x41, 0xf0, 0x9f, 0x8c]],
  ].map(([name, bytes]): Row => ({
    name: `text with ${String(name)}`,
    frames: [{ opcode: 1, payload: Uint8Array.from(bytes as number[]) }],
    closeCode: 1007,
    code: "WS_TEXT_INVALID",
  })),
  {
    name: "invalid text in a fragment, before the message is whole",
    frames: [{ opcode: 1, fin: false, payload: Uint8Array.of(0x41, 0xff) }],
    closeCode: 1007,
    code: "WS_TEXT_INVALID",
  },
  // §7.4.1: too big to process; judged by what is announced, before it comes.
  {
    name: "a message that announces more than the limit",
    frames: [{ opcode: 2, length: maxMessageBytes + 1 }],
    closeCode: 1009,
    code: "WS_MESSAGE_TOO_BIG",
  },
  {
    name: "a message that announces more than there is memory",
    frames: [{ opcode: 2, length: 2n ** 63n - 1n }],
    closeCode: 1009,
    code: "WS_MESSAGE_TOO_BIG",
  },
  {
    name: "fragments that exceed the limit together",
    frames: [
      { opcode: 1, fin: false, payload: "x".repeat(maxMessageBytes) },
      { opcode: 0, fin: false },
      { opcode: 0, length: 1 },
    ],
    closeCode: 1009,
    code: "WS_MESSAGE_TOO_BIG",
  },
];

for (const { name, frames, closeCode, code } of rows) {
  test(`${closeCode} ${code}: ${name}`, async (context) => {
    const calls = new Inbox<string>();
    class Recorder extends WebSocketHandler {
      override onMessage() {
        calls.add("message");
      }
      override onClose(received: number, reason: string) {
        calls.add(`close ${received} ${reason}`);
      }
    }
    const { log, connectRaw } = await runApplication(context, [["/ws", Recorder]], {
      websocket: { maxMessageBytes },
    });
    const raw = await connectRaw();
    raw.write(handshake());
    assert.equal((await raw.response()).status, 101);
    // What comes after the violation does not count, however right it is, and must not turn the end into a reset.
    const after = [
      encodeRawFrame({ opcode: 1, payload: "x" }),
      encodeRawFrame({ opcode: 9 }),
      new Uint8Array(200_000),
    ];
    raw.write(Buffer.concat([...frames.map(encodeRawFrame), ...after]));
    let frame = await raw.frame();
    // A ping before the violation is answered.
    if (frame.opcode === 10) frame = await raw.frame();
    assert.equal(frame.opcode, 8);
    assert.deepEqual(closeOf(frame), { code: closeCode, reason: code });
    assert.deepEqual([await raw.rest(), await raw.ended()], [Buffer.alloc(0), "end"]);
    raw.end();
    const expected = code === "WS_CONTINUATION_UNEXPECTED" && frames.length === 3 ? ["message"] : [];
    for (const call of [...expected, `close ${closeCode} ${code}`]) assert.equal(await calls.next(), call);
    const line = await log.expect(new RegExp(`^${closeCode} GET /ws .* ${code}: `));
    assert.equal(line.level, "warn");
    // One line at the opening and one at the close, whatever came.
    await log.expect(/^101 GET \/ws/);
    assert.deepEqual(log.lines, []);
  });
}

test("what is just allowed is allowed", async (context) => {
  const received = new Inbox<number>();
  class Sizes extends WebSocketHandler {
    override onMessage(message: string | Uint8Array) {
      received.add(message.length);
    }
  }
  const { connectRaw } = await runApplication(context, [["/ws", Sizes]], { websocket: { maxMessageBytes } });
  const raw = await connectRaw();
  raw.write(handshake());
  await raw.response();
  const frames: readonly RawFrame[] = [
    { opcode: 1, payload: "x".repeat(maxMessageBytes) },
    { opcode: 2, fin: false, payload: new Uint8Array(maxMessageBytes - 1) },
    { opcode: 0, fin: false },
    { opcode: 9, payload: new Uint8Array(125) },
    { opcode: 0, payload: new Uint8Array(1) },
    // The highest code point, cut between fragments at every byte.
    { opcode: 1, fin: false, payload: Uint8Array.of(0xf4) },
    { opcode: 0, fin: false, payload: Uint8Array.of(0x8f) },
    { opcode: 0, fin: false, payload: Uint8Array.of(0xbf) },
    { opcode: 0, payload: Uint8Array.of(0xbf) },
    { opcode: 1, payload: "masked with zeros", mask: 0 },
  ];
  raw.write(Buffer.concat(frames.map(encodeRawFrame)));
  for (const length of [maxMessageBytes, maxMessageBytes, 2, 17]) assert.equal(await received.next(), length);
  assert.deepEqual(await raw.frame(), { opcode: 10, payload: Buffer.alloc(125) });
  raw.write(encodeRawFrame({ opcode: 8, payload: closePayload(4999, Buffer.alloc(123, "x")) }));
  assert.deepEqual(closeOf(await raw.frame()), { code: 4999, reason: "" });
});
