/** Group 6: text is UTF-8, and refused as soon as it cannot be any more (RFC 6455 §5.6, §8.1). */
import { isUtf8 } from "node:buffer";
import type { Case, Ending, Item, Step } from "../runner/case.ts";
import { binary, continuation, first, fragments, gotBinary, gotText, hex, pieces, receive, refused, rest, send, sendCut, text, toPayload } from "../runner/case.ts"; // prettier-ignore
import { sequences } from "./utf8-sequences.ts";

const section = "6455 §8.1";

function utf8(id: string, title: string, end: Ending, ...steps: readonly Step[]): Case {
  return { id, title, section, steps, end };
}

/** Refused with 1007 before `later` is sent. */
function refusedBefore(...later: readonly Item[]): Ending {
  return { codes: [1007], rest: later };
}

const greeting = toPayload("Hello-µ@ßöäüàá-UTF-8!!");
/** κόσμε, its ό being the one of three bytes. */
const kosme = hex("cebae1bdb9cf83cebcceb5");
const invalid = hex("cebae1bdb9cf83cebcceb5 eda080 656469746564");
/** A text that is wrong in its middle: at the second byte of the part in the middle, or already at its second byte. */
const before = kosme;
const after = toPayload("edited");
const tooHigh = Buffer.concat([before, hex("f4908080"), after]);
const tooHighStart = before.length + 2;

const general: readonly Case[] = [
  utf8("6.1.1", "empty text", "clean", send(text("")), receive(gotText(""))),
  utf8("6.1.2", "text of three empty fragments", "clean", send(...fragments(1, ["", "", ""])), receive(gotText(""))), // prettier-ignore
  utf8(
    "6.1.3",
    "text of three fragments, of which two are empty",
    "clean",
    send(...fragments(1, ["", "middle frame", ""])),
    receive(gotText("middle frame")),
  ),
  utf8("6.2.1", "text in one frame", "clean", send(text(greeting)), receive(gotText(greeting))),
  utf8(
    "6.2.2",
    "text in two fragments, cut between characters",
    "clean",
    send(...fragments(1, ["Hello-µ@ßöä", "üàá-UTF-8!!"])),
    receive(gotText(greeting)),
  ),
  ...[greeting, kosme].map((payload, index) =>
    utf8(
      `6.2.${index + 3}`,
      "text in fragments of one byte",
      "clean",
      send(...fragments(1, pieces(payload, 1))),
      receive(gotText(payload)),
    ),
  ),
  utf8("6.3.1", "text with a surrogate in one frame", refused(1007), send(text(invalid))),
  utf8(
    "6.3.2",
    "the same in fragments of one byte",
    refused(1007),
    send(...fragments(1, pieces(invalid, 1))),
  ),
  utf8(
    "6.4.1",
    "three fragments: the second is wrong, the third is not sent",
    refusedBefore(continuation(after)),
    sendCut("frames", text(before, { fin: false }), continuation(hex("f4908080"), { fin: false })),
  ),
  utf8(
    "6.4.2",
    "three fragments: the second is wrong at its end, the third is not sent",
    refusedBefore(continuation(hex("8080656469746564"))),
    sendCut("frames", text(before, { fin: false }), continuation(hex("f490"), { fin: false })),
  ),
  utf8(
    "6.4.3",
    "one frame in segments: the second is wrong, the third is not sent",
    refusedBefore(rest(tooHighStart + 2, text(tooHigh))),
    sendCut({ at: 6 + before.length }, first(tooHighStart + 2, text(tooHigh))),
  ),
  utf8(
    "6.4.4",
    "one frame in segments: the second is wrong at its end, the third is not sent",
    refusedBefore(rest(tooHighStart, text(tooHigh))),
    sendCut({ at: 6 + before.length }, first(tooHighStart, text(tooHigh))),
  ),
];

const inOneFrame = sequences.map(({ id, title, bytes, isValid }) =>
  isValid
    ? utf8(id, title, "clean", send(text(bytes)), receive(gotText(bytes)))
    : utf8(id, title, refused(1007), send(text(bytes))),
);

/** What could follow the first bytes of any character. */
const continuations = ["", "80", "8080", "808080", "a080", "908080"].map(hex);

/** How many of the bytes are certain to be no text, whatever followed; undefined where an end must come first. */
function certainAfter(bytes: Uint8Array): number | undefined {
  for (let length = 1; length <= bytes.length; length++) {
    const start = bytes.subarray(0, length);
    if (!continuations.some((end) => isUtf8(Buffer.concat([start, end])))) return length;
  }
  return undefined;
}

/** What is behind the sequence in its message; it is never sent. */
const more = toPayload("x".repeat(200));

/** The valid sequences of each kind, byte by byte and in fragments of one byte, on one connection. */
const validInPieces: readonly Case[] = [...new Set(sequences.map(({ id }) => groupOf(id)))].flatMap(
  (group): Case[] => {
    const valid = sequences.filter(({ id, isValid }) => isValid && groupOf(id) === group);
    const [start] = valid;
    if (start === undefined) return [];
    const pairs = (chop: "bytes" | "fragments"): Step[] =>
      valid.flatMap(({ bytes }) => [
        chop === "bytes" ? sendCut("bytes", text(bytes)) : send(...fragments(1, pieces(bytes, 1))),
        receive(gotText(bytes)),
      ]);
    return [
      utf8(`6.b.${group}`, `${start.title} and its like, byte by byte`, "clean", ...pairs("bytes")),
      utf8(`6.c.${group}`, `${start.title} and its like, in fragments of one byte`, "clean", ...pairs("fragments")), // prettier-ignore
    ];
  },
);

function groupOf(id: string): string {
  return id.slice(2, id.lastIndexOf("."));
}

/** The invalid sequences, of which no more is sent than makes certain that they are invalid. */
const refusedEarly: readonly Case[] = sequences.flatMap(({ id, title, bytes, isValid }): Case[] => {
  const number = id.slice(2);
  const certain = isValid ? undefined : certainAfter(bytes);
  if (certain === undefined) return [];
  const whole = text(Buffer.concat([bytes, more]));
  const parts = fragments(1, [...pieces(bytes.subarray(0, certain), 1), more]);
  return [
    utf8(`6.f.${number}`, `${title}, byte by byte, of which ${certain} are sent`, refusedBefore(rest(certain, whole)), sendCut("bytes", first(certain, whole))), // prettier-ignore
    utf8(`6.g.${number}`, `${title}, in fragments of one byte, of which ${certain} are sent`, refusedBefore(...parts.slice(-1)), sendCut("frames", ...parts.slice(0, -1))), // prettier-ignore
  ];
});

const elsewhere: readonly Case[] = [
  utf8("6.d.1", "binary need not be text", "clean", send(binary(invalid)), receive(gotBinary(invalid))),
  utf8(
    "6.d.2",
    "binary in fragments need not be text",
    "clean",
    send(...fragments(2, pieces(invalid, 1))),
    receive(gotBinary(invalid)),
  ),
  utf8("6.d.3", "a character that the end of the message cuts", refused(1007), send(...fragments(1, ["a", hex("e282")]))), // prettier-ignore
  utf8("6.d.4", "a cut character is not completed by the next message", refused(1007), send(text(hex("e2")), text(hex("82ac")))), // prettier-ignore
  utf8(
    "6.d.5",
    "valid text, then binary that is no text, then valid text",
    "clean",
    send(text("é"), binary(hex("c3")), text("é")),
    receive(gotText("é"), gotBinary(hex("c3")), gotText("é")),
  ),
  utf8(
    "6.d.6",
    "a byte order mark is part of the text",
    "clean",
    send(text(hex("efbbbf61"))),
    receive(gotText(hex("efbbbf61"))),
  ),
  {
    id: "6.d.7",
    title: "64 KiB of text with one wrong byte at its end",
    section,
    steps: () => [send(text(Buffer.concat([Buffer.from("é".repeat(32 * 1024)), hex("c3")])))],
    end: refused(1007),
  },
  {
    id: "6.d.8",
    title: "a wrong byte after 64 KiB, the end of the message is not sent",
    section,
    steps: () => [
      send(first(65_537, text(Buffer.concat([Buffer.from("é".repeat(32 * 1024)), hex("ff78")])))),
    ],
    end: refusedBefore(Uint8Array.of(0x78)),
  },
];

/** Letters of ASCII with something else among them: who looks for ASCII in words must find it in every place. */
const letters = toPayload("abcdefghijklmnopqrstuvwxyz".repeat(3));

function among(at: number, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([letters.subarray(0, at), bytes, letters.subarray(at)]);
}

const everyPlace = Array.from({ length: 78 }, (_, at) => at);
const withOne = everyPlace.map((at) => among(at, toPayload("é")));

const places: readonly Case[] = [
  utf8(
    "6.h.1",
    "one character that is not ASCII, in each place of a text",
    "clean",
    ...withOne.flatMap((payload) => [send(text(payload)), receive(gotText(payload))]),
  ),
  utf8(
    "6.h.2",
    "the same in one segment",
    "clean",
    send(...withOne.map((payload) => text(payload))),
    receive(...withOne.map((payload) => gotText(payload))),
  ),
  utf8(
    "6.h.3",
    "the same in fragments, of which some are ASCII",
    "clean",
    ...withOne.flatMap((payload) => [send(...fragments(1, pieces(payload, 20))), receive(gotText(payload))]),
  ),
  ...everyPlace.map(
    (at) =>
    utf8(`6.i.${at + 1}`, `a byte that is no text behind ${at} letters`, refused(1007), send(text("ASCII"), text(among(at, hex("ff")))), receive(gotText("ASCII"))), // prettier-ignore
  ),
  ...[0, 15, 40].map(
    (at, index) =>
    utf8(`6.j.${index + 1}`, `the replacement character and, behind ${at} letters, a byte that is no text`, refused(1007), send(text(Buffer.concat([toPayload("\ufffd"), among(at, hex("ff"))])))), // prettier-ignore
  ),
  utf8(
    "6.j.4",
    "the replacement character is a character",
    "clean",
    send(text(among(40, toPayload("\ufffd"))), ...fragments(1, pieces(among(9, toPayload("\ufffd")), 10))),
    receive(gotText(among(40, toPayload("\ufffd"))), gotText(among(9, toPayload("\ufffd")))),
  ),
];

export const utf8Cases: readonly Case[] = [
  ...general,
  ...inOneFrame,
  ...validInPieces,
  ...refusedEarly,
  ...elsewhere,
  ...places,
];
