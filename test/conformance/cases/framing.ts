/** Group 1: frames of every length (RFC 6455 §5.2), masks (§5.3), and headers in several segments. */
import type { Case, Chop, SentFrame } from "../runner/case.ts";
import {
  binary,
  close,
  first,
  fragments,
  gotBinary,
  gotPong,
  gotText,
  hex,
  ping,
  receive,
  refused,
  send,
  sendCut,
  text,
} from "../runner/case.ts";
import { randomBytesOf } from "../runner/payloads.ts";

/** Payloads at the edges of the three forms of a length; the last is sent in odd pieces. */
const lengths: readonly { readonly bytes: number; readonly chop: Chop }[] = [
  ...[0, 125, 126, 127, 128, 65_535, 65_536].map((bytes) => ({ bytes, chop: "whole" as const })),
  { bytes: 65_536, chop: { every: 997 } },
];

const lengthCases: readonly Case[] = lengths.flatMap(({ bytes, chop }, index) => {
  const title = `${bytes} bytes${chop === "whole" ? "" : " in pieces of 997"}`;
  const letters = "*".repeat(bytes);
  const noise = randomBytesOf(bytes);
  return [
    {
      id: `1.1.${index + 1}`,
      title: `text of ${title}`,
      section: "6455 §5.2",
      steps: [sendCut(chop, text(letters)), receive(gotText(letters))],
      end: "clean",
    },
    {
      id: `1.2.${index + 1}`,
      title: `binary of ${title}`,
      section: "6455 §5.2",
      steps: [sendCut(chop, binary(noise)), receive(gotBinary(noise))],
      end: "clean",
    },
  ] satisfies readonly Case[];
});

/** Frames whose header is in one of the forms there are, with what comes back. */
const headerForms: readonly {
  readonly name: string;
  readonly frame: SentFrame;
  readonly headerBytes: number;
}[] = [
  { name: "text, 7 bits of length", frame: text("cut"), headerBytes: 6 },
  { name: "empty text", frame: text(""), headerBytes: 6 },
  { name: "binary, 16 bits of length", frame: binary(randomBytesOf(300)), headerBytes: 8 },
  { name: "binary, 64 bits of length", frame: binary(randomBytesOf(65_536)), headerBytes: 14 },
  { name: "ping", frame: ping("cut"), headerBytes: 6 },
  { name: "ping of 125 bytes", frame: ping(randomBytesOf(125)), headerBytes: 6 },
];

function echoOf(frame: SentFrame) {
  const payload = frame.payload ?? "";
  if (frame.opcode === 1) return gotText(payload);
  return frame.opcode === 2 ? gotBinary(payload) : gotPong(payload);
}

/** Cuts behind every byte of the header, and one behind the first byte of the payload; then every byte by itself. */
function splitsOf({ name, frame, headerBytes }: (typeof headerForms)[number], form: number): readonly Case[] {
  const cuts = Array.from({ length: headerBytes + 1 }, (_, index): Case => ({
    id: `1.s.${form + 1}.${index + 1}`,
    title: `${name}, cut behind byte ${index + 1}`,
    section: "6455 §5.2",
    // Twice, since a parser may remember the first cut.
    steps: [0, 1].flatMap(() => [sendCut({ at: index + 1 }, frame), receive(echoOf(frame))]),
    end: "clean",
  }));
  const isLong = headerBytes === 14;
  const bytewise: Case = {
    id: `1.s.${form + 1}.0`,
    title: `${name}, its header byte by byte, behind another frame`,
    section: "6455 §5.2",
    steps: [
      ...(isLong
        ? [sendCut("bytes", first(1, frame)), send({ frame, part: "rest", payloadBytes: 1 })]
        : [sendCut("bytes", text("before"), frame)]),
      ...(isLong ? [] : [receive(gotText("before"))]),
      receive(echoOf(frame)),
    ],
    end: "clean",
  };
  return [bytewise, ...cuts];
}

const closeSplits: readonly Case[] = Array.from({ length: 8 }, (_, index) => ({
  id: `1.s.7.${index + 1}`,
  title: `close, cut behind byte ${index + 1}`,
  section: "6455 §5.5.1",
  steps: [sendCut({ at: index + 1 }, close(1000, "cut"))],
  end: refused(1000),
}));

/** Two fragments: the cut goes through both headers. */
const fragmentSplits: readonly Case[] = Array.from({ length: 15 }, (_, index) => ({
  id: `1.s.8.${index + 1}`,
  title: `two fragments, cut behind byte ${index + 1}`,
  section: "6455 §5.4",
  steps: [sendCut({ at: index + 1 }, ...fragments(2, ["cu", "t"])), receive(gotBinary("cut"))],
  end: "clean",
}));

/** Lengths that take more bytes than they need, or more bits than there are. */
const badLengths: readonly { readonly title: string; readonly frame: SentFrame }[] = [
  { title: "5 in 16 bits", frame: text("Hello", { lengthBytes: 2 }) },
  { title: "125 in 16 bits", frame: binary(new Uint8Array(125), { lengthBytes: 2 }) },
  { title: "0 in 64 bits", frame: binary("", { lengthBytes: 8 }) },
  { title: "126 in 64 bits", frame: binary(new Uint8Array(126), { lengthBytes: 8 }) },
  { title: "65535 in 64 bits", frame: binary(new Uint8Array(65_535), { lengthBytes: 8 }) },
  { title: "the highest bit is set", frame: binary("", { lengthBytes: 8, length: 2n ** 63n }) },
  { title: "all bits are set", frame: binary("", { lengthBytes: 8, length: 2n ** 64n - 1n }) },
];

const lengthRules: readonly Case[] = badLengths.map(({ title, frame }, index) => ({
  id: `1.a.${index + 1}`,
  title: `a length that is not allowed: ${title}`,
  section: "6455 §5.2",
  steps: [send(frame)],
  end: refused(1002),
}));

const maskCases: readonly Case[] = [
  ...[
    { id: "1.m.1", title: "text", frame: text("Hello") },
    { id: "1.m.2", title: "binary without payload", frame: binary("") },
    { id: "1.m.3", title: "ping", frame: ping() },
    { id: "1.m.4", title: "close", frame: close(1000) },
  ].map(({ id, title, frame }): Case => ({
    id,
    title: `${title} with a mask from a server, without one from a client`,
    section: "6455 §5.1",
    steps: [send({ ...frame, wrongMask: true })],
    end: refused(1002),
  })),
  {
    id: "1.m.5",
    title: "the right mask first, the wrong one later",
    section: "6455 §5.1",
    steps: [send(text("right")), receive(gotText("right")), send(text("wrong", { wrongMask: true }))],
    end: refused(1002),
  },
  {
    id: "1.m.6",
    title: "the masked frames of the RFC's examples",
    section: "6455 §5.7",
    roles: ["server"],
    steps: [
      send(hex("81 85 37fa213d 7f9f4d5158"), hex("89 85 37fa213d 7f9f4d5158")),
      receive(gotText("Hello"), gotPong("Hello")),
    ],
    end: "clean",
  },
  {
    id: "1.m.7",
    title: "the frames without a mask of the RFC's examples",
    section: "6455 §5.7",
    roles: ["client"],
    steps: [
      send(hex("81 05 48656c6c6f"), hex("01 03 48656c"), hex("80 02 6c6f")),
      receive(gotText("Hello"), gotText("Hello")),
    ],
    end: "clean",
  },
  ...[0, 1, 0x80, 0xff_00_00_00, 0x00_00_00_ff, 0xff_ff_ff_ff, 0x01_02_03_04].map((maskKey, index): Case => ({
    id: `1.m.${index + 8}`,
    title: `the masking key ${maskKey.toString(16).padStart(8, "0")}, payloads of every length modulo 8`,
    section: "6455 §5.3",
    roles: ["server"],
    steps: Array.from({ length: 18 }, (_, length) => randomBytesOf(length)).flatMap((payload) => [
      send(binary(payload, { maskKey })),
      receive(gotBinary(payload)),
    ]),
    end: "clean",
  })),
];

/** Payloads that begin at every place of a word and are longer than some words, several in one segment. */
const wordCases: readonly Case[] = [0x01_02_03_04, 0x80_00_00_7f, 0xff_00_ff_00].map((maskKey, index) => {
  const payloads = Array.from({ length: 70 }, (_, length) => randomBytesOf(length + 20));
  const letters = Array.from({ length: 70 }, (_, length) => "abcdefghijklmnopqrstuvwxyz".repeat(4).slice(0, length + 20)); // prettier-ignore
  return {
    id: `1.w.${index + 1}`,
    title: `seventy lengths in one segment, masking key ${maskKey.toString(16).padStart(8, "0")}`,
    section: "6455 §5.3",
    steps: [
      send(...payloads.map((payload) => binary(payload, { maskKey }))),
      receive(...payloads.map((payload) => gotBinary(payload))),
      send(...letters.map((payload) => text(payload, { maskKey }))),
      receive(...letters.map((payload) => gotText(payload))),
      // Cut where the first one is not over, so that the rest begins in the midst of its key.
      sendCut({ at: 41 }, binary(randomBytesOf(123), { maskKey }), text("x".repeat(50), { maskKey })),
      receive(gotBinary(randomBytesOf(123)), gotText("x".repeat(50))),
    ],
    end: "clean",
  };
});

export const framingCases: readonly Case[] = [
  ...lengthCases,
  ...headerForms.flatMap(splitsOf),
  ...closeSplits,
  ...fragmentSplits,
  ...lengthRules,
  ...maskCases,
  ...wordCases,
];
