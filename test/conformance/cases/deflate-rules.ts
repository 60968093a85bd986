/** What RFC 7692 asks of compressed messages besides their payloads: the RFC's examples, reserved bits, broken data. */
import { deflateRawSync } from "node:zlib";
import type { Case, Ending, Item, SentFrame, Step } from "../runner/case.ts";
import { binary, close, continuation, gotBinary, gotPong, gotText, hex, ping, pong, receive, refused, send, sendCut, smallBytes, text, toPayload } from "../runner/case.ts"; // prettier-ignore
import { jsonText, proseText, randomBytesOf } from "../runner/payloads.ts";

const deflate = [{}];

function rule(id: string, section: string, title: string, end: Ending, ...steps: readonly Step[]): Case {
  return { id, title, section: `7692 §${section}`, endpoint: "deflate", deflate, steps, end };
}

const hello = "f248cdc9c90700";
const compressed = (digits: string, more: Partial<SentFrame> = {}): SentFrame => text(hex(digits), { rsv: 4, ...more }); // prettier-ignore
const gotHello = receive(gotText("Hello"));

const examples: readonly Case[] = [
  rule("13.a.1", "7.2.3.1", "the example of one block", "clean", send(compressed(hello)), gotHello),
  rule(
    "13.a.2",
    "7.2.3.1",
    "the example in two fragments",
    "clean",
    send(compressed("f248cd", { fin: false }), continuation(hex("c9c90700"))),
    gotHello,
  ),
  rule(
    "13.a.3",
    "7.2.3.2",
    "the example that shares its window",
    "clean",
    send(compressed(hello), compressed("f200110000")),
    receive(gotText("Hello"), gotText("Hello")),
  ),
  rule("13.a.4", "7.2.3.3", "the example of a block without compression", "clean", send(compressed("000500faff48656c6c6f00")), gotHello), // prettier-ignore
  rule(
    "13.a.5",
    "7.2.3.4",
    "the example with BFINAL",
    "clean",
    send(compressed("f348cdc9c9070000")),
    gotHello,
  ),
  rule("13.a.6", "7.2.3.5", "the example of two blocks", "clean", send(compressed("f24805000000ffffcac9c90700")), gotHello), // prettier-ignore
  rule(
    "13.a.7",
    "7.2.3.6",
    "the example of an empty message",
    "clean",
    send(compressed("00")),
    receive(gotText("")),
  ),
  rule(
    "13.a.8",
    "7.2.3.1",
    "the example byte by byte",
    "clean",
    sendCut("bytes", compressed(hello)),
    gotHello,
  ),
  rule(
    "13.a.9",
    "7.2.3.4",
    "BFINAL, then messages without",
    "clean",
    send(
      compressed("f348cdc9c9070000"),
      compressed(hello),
      compressed("f348cdc9c9070000"),
      compressed(hello),
    ),
    gotHello,
    gotHello,
    gotHello,
    gotHello,
  ),
  {
    ...rule(
      "13.a.10",
      "7.2.3.4",
      "the window is kept after BFINAL",
      "clean",
      send(compressed("f348cdc9c9070000"), compressed("f200110000")),
      receive(gotText("Hello"), gotText("Hello")),
    ),
    open: "RFC 7692 §7.2.3.4 does not say what a final block does to the window, and zlib forgets it",
  },
  {
    ...rule(
      "13.a.11",
      "7.2.1",
      "a block behind one with BFINAL in the same message",
      "clean",
      send(compressed(`f348cdc9c90700${hello}`)),
      receive(gotText("HelloHello")),
    ),
    open: "RFC 7692 §7.2.1 lets senders use any blocks, and most receivers end at a final one",
  },
];

const prose = proseText(3000);
const noise = randomBytesOf(3000);
const alternating: readonly Case[] = [
  rule("13.b.1", "6", "messages without compression", "clean", send(text("plain"), binary("plain")), receive(gotText("plain"), gotBinary("plain"))), // prettier-ignore
  rule(
    "13.b.2",
    "6",
    "compressed and uncompressed messages by turns",
    "clean",
    ...[1, 2, 3].flatMap((): Step[] => [
      send({ opcode: 1, deflate: prose }, text("plain"), { opcode: 2, deflate: noise }, binary(noise)),
      receive(gotText(prose), gotText("plain"), gotBinary(noise), gotBinary(noise)),
    ]),
  ),
  rule(
    "13.b.3",
    "6.1",
    "control frames between compressed fragments",
    "clean",
    send(compressed("f248", { fin: false }), ping("p"), continuation(hex("cdc9c9"), { fin: false }), pong(), continuation(hex("0700"))), // prettier-ignore
    receive(gotPong("p"), gotText("Hello")),
  ),
  rule(
    "13.b.4",
    "6.1",
    "empty fragments of a compressed message",
    "clean",
    send(compressed("", { fin: false }), continuation("", { fin: false }), continuation(hex(hello), { fin: false }), continuation("")), // prettier-ignore
    gotHello,
  ),
  rule(
    "13.b.5",
    "7.2.3.6",
    "empty messages, compressed and not",
    "clean",
    send({ opcode: 1, deflate: "" }, text(""), { opcode: 2, deflate: "" }, { opcode: 1, deflate: prose }, { opcode: 1, deflate: "" }), // prettier-ignore
    receive(gotText(""), gotText(""), gotBinary(""), gotText(prose), gotText("")),
  ),
  rule(
    "13.b.6",
    "7.2",
    "two hundred small messages in one segment, answered in order",
    "clean",
    send(...Array.from({ length: 200 }, (_, index): Item => ({ opcode: 1, deflate: jsonText(index) }))),
    receive(...Array.from({ length: 200 }, (_, index) => gotText(jsonText(index)))),
  ),
  rule(
    "13.b.7",
    "7.2",
    "messages and pings in one segment: all answered",
    refused(1001),
    send({ opcode: 1, deflate: prose }, { opcode: 1, deflate: prose }),
    receive(gotText(prose), gotText(prose)),
    send(ping("p")),
    receive(gotPong("p")),
    send(close(1001)),
  ),
];

const bitRules: readonly Case[] = [
  rule("13.c.1", "6.1", "RSV1 on a continuation of a compressed message", refused(1002), send(compressed("f248", { fin: false }), continuation(hex("cdc9c90700"), { rsv: 4 }))), // prettier-ignore
  rule("13.c.2", "6.1", "RSV1 on a continuation of an uncompressed message", refused(1002), send(text("a", { fin: false }), continuation(hex(hello), { rsv: 4 }))), // prettier-ignore
  ...[ping("x"), pong("x"), close(1000)].map(
    (frame, index) =>
    rule(`13.c.${index + 3}`, "6.1", `RSV1 on the control frame ${frame.opcode}`, refused(1002), send({ ...frame, rsv: 4 })), // prettier-ignore
  ),
  ...[1, 2, 3, 5, 6, 7].map((rsv, index) =>
    rule(`13.c.${index + 6}`, "6", `RSV ${rsv} on a message`, refused(1002), send(text(hex(hello), { rsv }))),
  ),
];

const brokenData: readonly Case[] = [
  rule(
    "13.d.1",
    "7.2.2",
    "a block of a type that does not exist",
    refused(1007),
    send(compressed("ffffffff")),
  ),
  rule("13.d.2", "7.2.2", "a reference to before the start", refused(1007), send(compressed("f200110000"))),
  rule("13.d.3", "7.2.2", "a block without compression whose length is wrong", refused(1007), send(compressed("0005000000000000"))), // prettier-ignore
  rule("13.d.4", "7.2.2", "right data, then broken data in the next message", refused(1007), send(compressed(hello)), gotHello, send(compressed("ffffffff"))), // prettier-ignore
  rule("13.d.5", "7.2.2", "broken data in the second fragment", refused(1007), send(compressed("f248cd", { fin: false }), continuation(hex("ffffffffffff")))), // prettier-ignore
  rule("13.d.6", "7.2.2", "compressed text that is not UTF-8", refused(1007), send({ opcode: 1, deflate: hex("48656cffff6f") })), // prettier-ignore
  rule("13.d.7", "7.2.2", "compressed text that ends inside a character", refused(1007), send({ opcode: 1, deflate: hex("e282") })), // prettier-ignore
  rule("13.d.8", "7.2.2", "compressed binary need not be text", "clean", send({ opcode: 2, deflate: hex("48656cffff6f") }), receive(gotBinary(hex("48656cffff6f")))), // prettier-ignore
];

/** A message of so many zeros, compressed once. */
function bomb(byteLength: number): Uint8Array {
  return Buffer.concat([deflateRawSync(new Uint8Array(byteLength)), Uint8Array.of(0)]);
}

const megabytes = bomb(2 ** 20);
const most = toPayload(proseText(smallBytes));
const sizeLimits: readonly Case[] = [
  rule("13.e.1", "8", "a message of the limit after inflation", "clean", send({ opcode: 1, deflate: most }), receive(gotText(most))), // prettier-ignore
  rule(
    "13.e.2",
    "8",
    "a byte more",
    refused(1009),
    send({ opcode: 2, deflate: new Uint8Array(smallBytes + 1) }),
  ),
  rule(
    "13.e.3",
    "8",
    "a megabyte of zeros in a kilobyte",
    refused(1009),
    send(binary(megabytes, { rsv: 4 })),
  ),
  rule("13.e.4", "8", "the same in fragments of 16 bytes", refused(1009), sendFragments(megabytes)),
  rule("13.e.5", "8", "the limit counts anew for each message", "clean", send({ opcode: 1, deflate: most }, { opcode: 1, deflate: most }, { opcode: 1, deflate: most }), receive(gotText(most), gotText(most), gotText(most))), // prettier-ignore
  {
    ...rule("13.e.6", "8", "a message of the limit that is longer when compressed", "clean", send({ opcode: 2, deflate: randomBytesOf(smallBytes) }), receive(gotBinary(randomBytesOf(smallBytes)))), // prettier-ignore
    open: "what a limit counts is for the implementation to say",
  },
].map((item) => Object.assign(item, { endpoint: "deflate-small" } as const));

function sendFragments(payload: Uint8Array): Step {
  const count = Math.ceil(payload.length / 16);
  const parts = Array.from({ length: count }, (_, index): SentFrame => ({
    opcode: index === 0 ? 2 : 0,
    rsv: index === 0 ? 4 : 0,
    fin: index === count - 1,
    payload: payload.subarray(index * 16, index * 16 + 16),
  }));
  return send(...parts);
}

export const deflateRuleCases: readonly Case[] = [
  ...examples,
  ...alternating,
  ...bitRules,
  ...brokenData,
  ...sizeLimits,
];
