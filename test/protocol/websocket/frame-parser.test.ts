import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Role } from "../../../src/protocol/websocket/frame-parser.ts";
import { FrameParser } from "../../../src/protocol/websocket/frame-parser.ts";
import { encodeRawFrame } from "../../../src/testing/raw-frame.ts";
import { checkProperty } from "../../support/property.ts";
import { chunksOf, everyChunking, FrameRecorder, fromHex, repeated, toHex } from "../../support/recording.ts";

function parse(role: Role, chunks: readonly Uint8Array[]): string[] {
  const recorder = new FrameRecorder();
  const parser = new FrameParser(role, recorder);
  for (const chunk of chunks) parser.receive(chunk);
  return recorder.events;
}

/** Parses the bytes whole, byte by byte, and cut in two everywhere: each must give the same. */
function assertParsed(role: Role, hex: string, events: readonly string[], message: string): void {
  const bytes = fromHex(hex);
  for (const chunks of everyChunking(bytes)) {
    assert.deepEqual(parse(role, chunks), events, `${message}, cut in ${chunks.map((c) => c.length).join()}`);
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
