import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Role } from "../../../src/protocol/websocket/frame-parser.ts";
import { FrameParser } from "../../../src/protocol/websocket/frame-parser.ts";
import { encodeRawFrame } from "../../../src/testing/raw-frame.ts";
import { checkProperty } from "../../support/property.ts";
import { chunksOf, everyChunking, FrameRecorder, fromHex, repeated, toHex } from "../../support/recording.ts";

function parse(role: Role, chunks: readonly Uint8Array[], allowsRsv1?: boolean): string[] {
  const recorder = new FrameRecorder();
  const parser = new FrameParser(role, recorder, allowsRsv1);
  for (const chunk of chunks) parser.receive(chunk);
  return recorder.events;
}

/** Parses the bytes whole, byte by byte, and cut in two everywhere: each must give the same. */
function assertParsed(
  role: Role,
  hex: string,
  events: readonly string[],
  message: string,
  allowsRsv1?: boolean,
): void {
  const bytes = fromHex(hex);
  for (const chunks of everyChunking(bytes)) {
    const cut = `${message}, cut in ${chunks.map((chunk) => chunk.length).join()}`;
    assert.deepEqual(parse(role, chunks, allowsRsv1), events, cut);
  }
}

const zeros = (count: number): string => "00".repeat(count);

test("the examples of RFC 6455 §5.7 are parsed", () => {
  const hello = "48656c6c6f";
  assertParsed("client", "8105 48656c6c6f", ["frame 1 fin 5", `payload ${hello}`], "unmasked text");
  assertParsed("server", "8185 37fa213d 7f9f4d5158", ["frame 1 fin 5", `payload ${hello}`], "masked text");
  const fragments = ["frame 1 more 3", "payload 48656c", "frame 0 fin 2", "payload 6c6f"];
  assertParsed("client", "0103 48656c 8002 6c6f", fragments, "fragmented text");
  assertParsed("client", "8905 48656c6c6f", ["frame 9 fin 5", `payload ${hello}`], "ping");
  assertParsed("server", "8a85 37fa213d 7f9f4d5158", ["frame 10 fin 5", `payload ${hello}`], "masked pong");
  const long = ["frame 2 fin 256", `payload ${zeros(256)}`];
  assertParsed("client", `827e 0100 ${zeros(256)}`, long, "256 bytes");
});

test("64 KiB in one frame are parsed, whole, and in pieces of a usual and of an unusual size", () => {
  const bytes = fromHex(`827f 0000000000010000 ${zeros(65_536)}`);
  const expected = ["frame 2 fin 65536", `payload ${zeros(65_536)}`];
  for (const size of [65_546, 16_384, 1449, 9]) {
    const chunks = chunksOf(bytes, repeated(size, bytes.length));
    assert.deepEqual(parse("client", chunks), expected, `pieces of ${size}`);
  }
});

test("frames of every kind follow one another", () => {
  const frames = "0101 61 8900 0000 8a01 62 8001 63 8200 8800";
  const events = [
    "frame 1 more 1",
    "payload 61",
    "frame 9 fin 0",
    "payload ",
    "frame 0 more 0",
    "payload ",
    "frame 10 fin 1",
    "payload 62",
    "frame 0 fin 1",
    "payload 63",
    "frame 2 fin 0",
    "payload ",
    "frame 8 fin 0",
    "payload ",
  ];
  assertParsed("client", frames, events, "without masks");
  const masked = "0181 01020304 60 8980 05060708 0080 00000000 8a81 ffffffff 9d 8081 01000000 62";
  assertParsed("server", masked, events.slice(0, 10), "with a mask of its own each");
});

test("the lengths at which the header changes are read, masked and not", () => {
  for (const length of [0, 1, 2, 3, 124, 125, 126, 127, 255, 256, 65_535, 65_536, 65_537]) {
    const payload = Uint8Array.from({ length }, (_, index) => index * 5);
    const events = [`frame 2 fin ${length}`, `payload ${toHex(payload)}`];
    assert.deepEqual(parse("client", [encodeRawFrame({ opcode: 2, payload, mask: null })]), events);
    assert.deepEqual(parse("server", [encodeRawFrame({ opcode: 2, payload })]), events);
  }
});

const broken: readonly (readonly [what: string, role: Role | "both", hex: string, code: string])[] = [
  ["the first reserved bit", "both", "c1", "WS_RESERVED_BITS"],
  ["the second reserved bit", "both", "a1", "WS_RESERVED_BITS"],
  ["the third reserved bit", "both", "91", "WS_RESERVED_BITS"],
  ["a reserved bit of a control frame", "both", "c9", "WS_RESERVED_BITS"],
  ...["83", "84", "85", "86", "87", "8b", "8c", "8d", "8e", "8f", "03", "0b"].map(
    (first) => [`the reserved opcode in ${first}`, "both", first, "WS_OPCODE_UNKNOWN"] as const,
  ),
  ["no mask on a client's text", "server", "8105", "WS_MASK_MISSING"],
  ["no mask on a client's empty frame", "server", "8000", "WS_MASK_MISSING"],
  ["no mask on a client's close", "server", "8800", "WS_MASK_MISSING"],
  ["a mask on a server's text", "client", "8185", "WS_MASK_UNEXPECTED"],
  ["a mask on a server's ping", "client", "8980", "WS_MASK_UNEXPECTED"],
  ["a ping of 126 bytes", "server", "89fe 007e", "WS_CONTROL_TOO_LONG"],
  ["a close of 126 bytes", "client", "887e 007e", "WS_CONTROL_TOO_LONG"],
  ["a pong with a length of 64 bits", "client", "8a7f 0000000000010000", "WS_CONTROL_TOO_LONG"],
  ["a ping that is not the last fragment", "server", "0985", "WS_CONTROL_FRAGMENTED"],
  ["a close that is not the last fragment", "client", "0800", "WS_CONTROL_FRAGMENTED"],
  ["a pong that is not the last fragment", "client", "0a7d", "WS_CONTROL_FRAGMENTED"],
];

test("what breaks a rule in its first two bytes is refused at these, whatever follows", () => {
  for (const [what, side, hex, code] of broken) {
    for (const role of side === "both" ? (["server", "client"] as const) : [side]) {
      const mask = role === "server" ? "85" : "05";
      const start = hex.length === 2 ? hex + mask : hex;
      const events = [`error ${code}`];
      assert.deepEqual(parse(role, [fromHex(start.slice(0, 4))]), events, `${what}, to a ${role}`);
      assertParsed(role, start + zeros(20), events, `${what}, to a ${role}`);
      // Behind another frame, since then it does not begin where a read begins.
      const before = role === "server" ? "818001020304" : "8100";
      const after = ["frame 1 fin 0", "payload ", ...events];
      assertParsed(role, before + start + zeros(20), after, `${what}, later, to a ${role}`);
    }
  }
});

test("a length must be in its shortest form and have at most 63 bits (RFC 6455 §5.2)", () => {
  const wrong = [
    "7e 0000",
    "7e 007d",
    "7f 0000000000000000",
    "7f 000000000000007e",
    "7f 000000000000ffff",
    "7f 8000000000000000",
    "7f ffffffffffffffff",
    "7f 8000000000010000",
  ];
  for (const length of wrong) {
    const events = ["error WS_LENGTH_INVALID"];
    assertParsed("client", `82 ${length} ${zeros(20)}`, events, length);
    const masked = length.replace("7e", "fe").replace("7f", "ff");
    assertParsed("server", `82 ${masked} 01020304 ${zeros(20)}`, events, masked);
  }
});

test("a long length in its shortest form is announced, however long", () => {
  const right: readonly (readonly [hex: string, length: number])[] = [
    ["7e 007e", 126],
    ["7e ffff", 65_535],
    ["7f 0000000000010000", 65_536],
    ["7f 0000000100000002", 2 ** 32 + 2],
    ["7f 00000000ffffffff", 2 ** 32 - 1],
    ["7f 001fffffffffffff", Number.MAX_SAFE_INTEGER],
    ["7f 4000000000000000", 2 ** 62],
    // The highest length that RFC 6455 §5.2 allows; as a double it is 2 ** 63.
    ["7f 7fffffffffffffff", 2 ** 63],
  ];
  for (const [hex, length] of right) {
    assertParsed("client", `82 ${hex}`, [`frame 2 fin ${length}`], hex);
  }
});

test("payload is unmasked in place and lent, not copied", () => {
  const chunk = fromHex("8185 37fa213d 7f9f4d5158 8183 37fa213d 7f9f");
  const pieces: Uint8Array[] = [];
  const parser = new FrameParser("server", {
    receiveFrame: () => {},
    receivePayload: (bytes, start, end) => pieces.push(bytes.subarray(start, end)),
    receiveFrameError: ({ code }) => assert.fail(code),
  });
  parser.receive(chunk);
  assert.deepEqual(
    pieces.map((piece) => [piece.byteOffset, piece.length]),
    [
      [6, 5],
      [17, 2],
    ],
  );
  for (const piece of pieces) assert.equal(piece.buffer, chunk.buffer);
  assert.equal(toHex(chunk), "818537fa213d48656c6c6f818337fa213d4865");
});

test("a client's parser changes no bytes", () => {
  const chunk = fromHex("8105 48656c6c6f 8a00");
  const before = toHex(chunk);
  parse("client", [chunk]);
  assert.equal(toHex(chunk), before);
});

test("after an error nothing is looked at or changed any more", () => {
  const recorder = new FrameRecorder();
  const parser = new FrameParser("server", recorder);
  const rest = "8185 37fa213d 7f9f4d5158 c185";
  parser.receive(fromHex(`c185 ${rest}`));
  const more = fromHex(rest);
  parser.receive(more);
  assert.deepEqual(recorder.events, ["error WS_RESERVED_BITS"]);
  assert.equal(toHex(more), rest.replaceAll(" ", ""));
});

test("a sink that stops the parser in the middle of a read gets nothing more", () => {
  const stream = "8103 616263 8100 8101 61";
  for (const stopAt of ["frame 1 fin 3", "payload 616263", "frame 1 fin 0", "payload "]) {
    for (const chunks of everyChunking(fromHex(stream))) {
      const events: string[] = [];
      const recorder = new FrameRecorder();
      const record = (): void => {
        events.push(...recorder.events.splice(0));
        if (events.includes(stopAt)) parser.stop();
      };
      const parser = new FrameParser("client", {
        receiveFrame: (...frame) => {
          recorder.receiveFrame(...frame);
          record();
        },
        receivePayload: (bytes, start, end, bytesToCome) => {
          recorder.receivePayload(bytes, start, end, bytesToCome);
          record();
        },
        receiveFrameError: ({ code }) => assert.fail(code),
      });
      for (const chunk of chunks) parser.receive(chunk);
      assert.equal(events.at(-1), stopAt);
    }
  }
});

test("where a stream is cut makes no difference, to frames right and wrong", (context) => {
  const header = fc.record({
    opcode: fc.nat(15),
    fin: fc.boolean(),
    rsv: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 1),
    payload: fc.uint8Array({ maxLength: 300, size: "max" }),
    mask: fc.option(fc.nat(0xff_ff_ff_ff), { freq: 20 }),
  });
  const inputs = [fc.array(header, { maxLength: 8 }), fc.array(fc.integer({ min: 1, max: 50 }))] as const;
  checkProperty(
    context,
    fc.property(...inputs, (frames, sizes) => {
      const bytes = new Uint8Array(Buffer.concat(frames.map(encodeRawFrame)));
      for (const role of ["server", "client"] as const) {
        assert.deepEqual(parse(role, chunksOf(bytes, sizes)), parse(role, [bytes.slice()]));
      }
    }),
  );
});

test("where an extension was agreed on, RSV1 is reported of the first frame of a message (RFC 7692 §6)", () => {
  const events = [
    "frame 1 more 1 rsv1",
    "payload 61",
    "frame 9 fin 0",
    "payload ",
    "frame 0 fin 1",
    "payload 62",
    "frame 2 fin 0 rsv1",
    "payload ",
    "frame 1 fin 1",
    "payload 63",
  ];
  assertParsed("client", "410161 8900 800162 c200 810163", events, "without masks", true);
  const masked = "4181 01020304 60 8980 00000000 8081 01000000 63 c280 00000000 8181 00000000 63";
  assertParsed("server", masked, events, "with masks", true);
});

test("where an extension was agreed on, every other reserved bit is still refused", () => {
  const wrong: readonly (readonly [what: string, first: string])[] = [
    ["RSV2", "a1"],
    ["RSV3", "92"],
    ["RSV1 and RSV2", "e1"],
    ["RSV1 and RSV3", "d2"],
    ["RSV1 of a continuation", "c0"],
    ["RSV1 of a continuation that is not the last", "40"],
    ["RSV1 of a close", "c8"],
    ["RSV1 of a ping", "c9"],
    ["RSV1 of a pong", "ca"],
    ["RSV1 of a reserved control opcode", "cb"],
  ];
  for (const [what, first] of wrong) {
    assertParsed("server", `${first}85 ${zeros(20)}`, ["error WS_RESERVED_BITS"], what, true);
    assertParsed("client", `${first}05 ${zeros(20)}`, ["error WS_RESERVED_BITS"], what, true);
  }
  assertParsed("client", `c305 ${zeros(20)}`, ["error WS_OPCODE_UNKNOWN"], "an unknown opcode", true);
  assertParsed("server", `c105 ${zeros(20)}`, ["error WS_MASK_MISSING"], "no mask", true);
  assertParsed("client", `c185 ${zeros(20)}`, ["error WS_MASK_UNEXPECTED"], "a mask", true);
});

test("every form of header may be cut at every byte, in front of another frame and behind it", () => {
  for (const length of [0, 5, 125, 126, 300, 65_536]) {
    for (const [role, mask] of [
      ["server", 0x01_02_03_04],
      ["client", null],
    ] as const) {
      // prettier-ignore
      const payload = new Uint8Array(length).fill(0x61);
      const frame = encodeRawFrame({ opcode: 2, payload, mask });
      const around = encodeRawFrame({ opcode: 9, payload: "p", mask });
      const bytes = new Uint8Array(Buffer.concat([around, frame, around]));
      const ping = ["frame 9 fin 1", "payload 70"];
      const expected = [...ping, `frame 2 fin ${length}`, `payload ${toHex(payload)}`, ...ping];
      const headerEnd = bytes.length - length - around.length;
      for (let cut = around.length; cut <= headerEnd; cut++) {
        assert.deepEqual(parse(role, chunksOf(bytes, [cut])), expected, `${length} bytes, cut at ${cut}`);
        assert.deepEqual(
          parse(role, chunksOf(bytes, [cut, 1])),
          expected,
          `${length} bytes, cut behind ${cut}`,
        );
      }
    }
  }
});

test("of a chunk only what stands before its end is looked at or changed", () => {
  const chunk = fromHex("8185 37fa213d 7f9f4d5158 c185 7f9f4d5158");
  const recorder = new FrameRecorder();
  const parser = new FrameParser("server", recorder);
  parser.receive(chunk, 9);
  assert.equal(toHex(chunk), "818537fa213d48656c5158c1857f9f4d5158");
  // The next read is into the same memory.
  chunk.set(fromHex("5158 81"));
  parser.receive(chunk, 3);
  assert.deepEqual(recorder.events, ["frame 1 fin 5", "payload 48656c6c6f"]);
  chunk.set(fromHex("80 01020304 ff"));
  parser.receive(chunk, 5);
  assert.deepEqual(recorder.events.slice(2), ["frame 1 fin 0", "payload "]);
});

test("a server is told of each piece whether it is ASCII; a client looks at no byte", () => {
  const seen: boolean[] = [];
  const sink = { receiveFrame() {}, receivePayload: (...[, , , , isAscii]: [Uint8Array, number, number, number, boolean]) => seen.push(isAscii), receiveFrameError() {} }; // prettier-ignore
  const server = new FrameParser("server", sink);
  const bytes = encodeRawFrame({ opcode: 1, payload: `${"a".repeat(40)}é` });
  server.receive(bytes.slice(0, 46));
  server.receive(bytes.slice(46, 47));
  server.receive(bytes.slice(47));
  server.receive(encodeRawFrame({ opcode: 1 }));
  new FrameParser("client", sink).receive(fromHex("810161 8100"));
  assert.deepEqual(seen, [true, false, false, true, false, true]);
});

test("nothing is allocated for frames that lie in one read", (context) => {
  const bytes = Buffer.concat([fromHex("8105 48656c6c6f"), encodeRawFrame({ opcode: 2, payload: new Uint8Array(300), mask: null })]); // prettier-ignore
  const parser = new FrameParser("client", {
    receiveFrame() {},
    receivePayload() {},
    receiveFrameError() {},
  });
  const made = context.mock.method(globalThis, "Uint8Array");
  parser.receive(bytes);
  const inOneRead = made.mock.callCount();
  parser.receive(bytes, 1);
  const afterCut = made.mock.callCount();
  made.mock.restore();
  assert.deepEqual([inOneRead, afterCut], [0, 1]);
});
