/** Group 9: sizes up to 16 MiB, and limits (RFC 6455 §10.4). */
import type { Case, Expected, Item, Step } from "../runner/case.ts";
import { binary, first, fragments, gotBinary, gotText, pieces, ping, pong, receive, send, sendCut, smallBytes, text } from "../runner/case.ts"; // prettier-ignore
import { bitmapBytes, proseText } from "../runner/payloads.ts";

const KiB = 1024;
const MiB = 1024 * KiB;
const section = "6455 §5.2";

/** Made once, since making them takes longer than sending them; every case cuts what it needs. */
let bytesMade: Uint8Array | undefined;
let textMade: Uint8Array | undefined;

function bytesOf(length: number): Uint8Array {
  if (bytesMade === undefined) {
    const block = bitmapBytes(256 * KiB - 7);
    bytesMade = Buffer.alloc(16 * MiB, block);
  }
  return bytesMade.subarray(0, length);
}

function textOf(length: number): Uint8Array {
  if (textMade === undefined) {
    const block = Buffer.from(proseText(256 * KiB));
    textMade = Buffer.alloc(16 * MiB, block);
  }
  // Cut where a character ends, which may be up to three bytes before.
  let end = length;
  while (end > 0 && (textMade[end]! & 0xc0) === 0x80) end--;
  return textMade.subarray(0, end);
}

/** Both kinds of a case: the first group is text, the second binary. */
function both(
  groups: readonly [text: string, binary: string],
  index: number,
  title: string,
  steps: (opcode: 1 | 2, payload: (length: number) => Uint8Array, got: (payload: Uint8Array) => Expected) => readonly Step[], // prettier-ignore
): Case[] {
  const id = (group: string): string => `${group}.${index + 1}`;
  return [
    {
      id: id(groups[0]),
      title: `text: ${title}`,
      section,
      steps: () => steps(1, textOf, gotText),
      end: "clean",
    },
    { id: id(groups[1]), title: `binary: ${title}`, section, steps: () => steps(2, bytesOf, gotBinary), end: "clean" }, // prettier-ignore
  ];
}

const sizes = [64 * KiB, 256 * KiB, MiB, 2 * MiB, 4 * MiB, 16 * MiB];
const fragmentSizes = [64, 128, 256, KiB, 4 * KiB, 16 * KiB, 64 * KiB, 128 * KiB, 256 * KiB];
const chopSizes = [64, 128, 256, 512, KiB, 2 * KiB];
const manySizes = [0, 16, 64, 256, KiB, 4 * KiB];

/** The well-known suite fragments 4 MiB, chops 1 MiB and sends 1000 messages; these show the same in less time. */
const fragmentedBytes = 256 * KiB;
const choppedBytes = 256 * KiB;
const manyMessages = 50;

const sizeCases = sizes.flatMap((size, index) =>
  both(["9.1", "9.2"], index, `${size} bytes in one frame`, (opcode, payload, got) => {
    const bytes = payload(size);
    return [send({ opcode, payload: bytes }), receive(got(bytes))];
  }),
);

const fragmentCases = fragmentSizes.flatMap((size, index) =>
  both(["9.3", "9.4"], index, `fragments of ${size} bytes`, (opcode, payload, got) => {
    const bytes = payload(fragmentedBytes);
    return [send(...fragments(opcode, pieces(bytes, size))), receive(got(bytes))];
  }),
);

const chopCases = chopSizes.flatMap((size, index) =>
  both(["9.5", "9.6"], index, `one frame in segments of ${size} bytes`, (opcode, payload, got) => {
    const bytes = payload(choppedBytes);
    return [sendCut({ every: size }, { opcode, payload: bytes }), receive(got(bytes))];
  }),
);

const manyCases = manySizes.flatMap((size, index) =>
  both(
    ["9.7", "9.8"],
    index,
    `${manyMessages} messages of ${size} bytes, each answered before the next`,
    (opcode, payload, got) => {
      const bytes = payload(size);
      const round: readonly Step[] = [send({ opcode, payload: bytes }), receive(got(bytes))];
      return Array.from({ length: manyMessages }, () => round).flat();
    },
  ),
);

function limit(id: string, title: string, end: Case["end"], ...steps: readonly Step[]): Case {
  return { id, title, section: "6455 §7.4.1, §10.4", endpoint: "small", steps, end };
}

const most = new Uint8Array(smallBytes).fill(0x61);
const tooMuch = new Uint8Array(smallBytes + 1).fill(0x61);
const tooBig = (...rest: readonly Item[]): Case["end"] => ({ codes: [1009], rest });

const boundCases: readonly Case[] = [
  limit("9.a.1", "text of the limit", "clean", send(text(most)), receive(gotText(most))),
  limit("9.a.2", "binary of the limit", "clean", send(binary(most)), receive(gotBinary(most))),
  limit("9.a.3", "text of the limit in fragments", "clean", send(...fragments(1, pieces(most, 100))), receive(gotText(most))), // prettier-ignore
  limit("9.a.4", "a byte more, refused on the header", tooBig(), send(first(0, text(tooMuch)))),
  limit("9.a.5", "a byte more in fragments, refused on the last one's header", tooBig(), send(text(most, { fin: false }), first(0, { opcode: 0, payload: "a" }))), // prettier-ignore
  limit("9.a.6", "a length of 2^62 is refused on the header", tooBig(), send({ opcode: 2, lengthBytes: 8, length: 2n ** 62n })), // prettier-ignore
  limit("9.a.7", "the limit counts anew for each message", "clean", send(text(most), binary(most)), receive(gotText(most), gotBinary(most))), // prettier-ignore
  limit("9.a.8", "control frames between fragments do not count", "clean", send(text(most, { fin: false }), ping(new Uint8Array(125)), { opcode: 0 }), receive({ kind: "pong", payload: new Uint8Array(125) }, gotText(most))), // prettier-ignore
  limit(
    "9.a.9",
    "three thousand empty fragments are one empty message",
    "clean",
    send(
      ...fragments(
        2,
        Array.from({ length: 3000 }, () => ""),
      ),
    ),
    receive(gotBinary("")),
  ),
];

/** Group 10 is about what a sender fragments by itself. */
export const otherCases: readonly Case[] = [
  {
    id: "10.1.1",
    title: "64 KiB of text in fragments of 1300 bytes",
    section: "6455 §5.4",
    steps: () => [send(...fragments(1, pieces(textOf(64 * KiB - 7), 1300))), receive(gotText(textOf(64 * KiB - 7)))], // prettier-ignore
    end: "clean",
  },
  {
    id: "10.a.1",
    title: "a thousand messages in one segment are answered in order",
    section: "6455 §5.4",
    steps: () => {
      const all = Array.from({ length: 1000 }, (_, index) => `message ${index}`);
      return [send(...all.map((each) => text(each))), receive(...all.map((each) => gotText(each)))];
    },
    end: "clean",
  },
  {
    id: "10.a.2",
    title: "a thousand pongs, and a thousand empty messages of both kinds",
    section: "6455 §5.5.3",
    steps: () => {
      const all = Array.from({ length: 1000 }, () => [pong("x"), text(""), binary("")]).flat();
      return [
        send(...all),
        receive(...Array.from({ length: 1000 }, () => [gotText(""), gotBinary("")]).flat()),
      ];
    },
    end: "clean",
  },
];

export const limitCases: readonly Case[] = [
  ...sizeCases,
  ...fragmentCases,
  ...chopCases,
  ...manyCases,
  ...boundCases,
];
