/** Groups 12 and 13: permessage-deflate (RFC 7692), payloads and parameters. */
import type { Case, DeflateTerms, Step } from "../runner/case.ts";
import { gotBinary, gotText, receive, send } from "../runner/case.ts";
import { bitmapBytes, htmlText, jsonText, proseText, randomBytesOf } from "../runner/payloads.ts";

const section = "7692 §7.2";

/** A kind of payload, and how its messages are sent. */
interface Kind {
  readonly name: string;
  readonly opcode: 1 | 2;
  readonly make: (byteLength: number) => string | Uint8Array;
}

const json: Kind = { name: "JSON", opcode: 1, make: jsonText };

const kinds: readonly Kind[] = [
  json,
  { name: "a bitmap", opcode: 2, make: bitmapBytes },
  { name: "prose in many scripts", opcode: 1, make: proseText },
  { name: "HTML", opcode: 1, make: htmlText },
  { name: "random bytes", opcode: 2, make: randomBytesOf },
];

/** Ten sizes in one frame, then eight in fragments of so many compressed bytes. */
const shapes: readonly { readonly bytes: number; readonly fragmentBytes?: number }[] = [
  ...[16, 64, 256, 1024, 4096, 8192, 16_384, 32_768, 65_536, 131_072].map((bytes) => ({ bytes })),
  { bytes: 0, fragmentBytes: 1 },
  { bytes: 1024, fragmentBytes: 1 },
  { bytes: 8192, fragmentBytes: 64 },
  ...[16_384, 32_768].flatMap((bytes) => [256, 1024].map((fragmentBytes) => ({ bytes, fragmentBytes }))),
  { bytes: 65_536, fragmentBytes: 8192 },
];

/**
 * The well-known suite sends a thousand messages in each of these cases. Two are enough to see a context that is kept
 * or not: the second one is the same, and refers to the first one if it may.
 */
function messages(
  { opcode, make }: Kind,
  { bytes, fragmentBytes }: (typeof shapes)[number],
): readonly Step[] {
  const got = opcode === 1 ? gotText : gotBinary;
  const fragmenting = fragmentBytes === undefined ? {} : { fragmentBytes };
  const whole = make(bytes);
  const round: readonly Step[] = [send({ opcode, deflate: whole, ...fragmenting }), receive(got(whole))];
  return [...round, ...round];
}

function deflateCase(
  id: string,
  kind: Kind,
  shape: (typeof shapes)[number],
  deflate: readonly DeflateTerms[],
): Case {
  const { bytes, fragmentBytes } = shape;
  const fragmented = fragmentBytes === undefined ? "" : ` in fragments of ${fragmentBytes}`;
  return {
    id,
    title: `${kind.name}, ${bytes} bytes${fragmented}, ${JSON.stringify(deflate)}`,
    section,
    endpoint: "deflate",
    deflate,
    steps: () => messages(kind, shape),
    end: "clean",
  };
}

export const payloadCases: readonly Case[] = kinds.flatMap((kind, group) =>
  shapes.map((shape, index) => deflateCase(`12.${group + 1}.${index + 1}`, kind, shape, [{}])),
);

const noTakeover: DeflateTerms = { serverNoContextTakeover: true, clientNoContextTakeover: true };
const bits = (count: number): DeflateTerms => ({ serverMaxWindowBits: count, clientMaxWindowBits: count });

const offers: readonly (readonly DeflateTerms[])[] = [
  [{}],
  [noTakeover],
  [bits(9)],
  [bits(15)],
  [{ ...noTakeover, ...bits(9) }],
  [{ ...noTakeover, ...bits(15) }],
  [{ ...noTakeover, ...bits(9) }, noTakeover, {}],
];

const offerCases: readonly Case[] = offers.flatMap((deflate, group) =>
  shapes.map((shape, index) => deflateCase(`13.${group + 1}.${index + 1}`, json, shape, deflate)),
);

/** Every combination of the parameters, with the values at the edges of what these may be. */
function combinations(
  serverBits: readonly (number | undefined)[],
  clientBits: readonly (number | true | undefined)[],
): readonly DeflateTerms[] {
  return [false, true].flatMap((serverNoContextTakeover) =>
    [false, true].flatMap((clientNoContextTakeover) =>
      serverBits.flatMap((server) =>
        clientBits.map((client) => ({
          ...(serverNoContextTakeover ? { serverNoContextTakeover } : {}),
          ...(clientNoContextTakeover ? { clientNoContextTakeover } : {}),
          ...(server === undefined ? {} : { serverMaxWindowBits: server }),
          ...(client === undefined ? {} : { clientMaxWindowBits: client }),
        })),
      ),
    ),
  );
}

const combinationCases: readonly Case[] = combinations([undefined, 8, 9, 15], [undefined, true, 8, 15]).map(
  (terms, index) => {
    const item = deflateCase(`13.p.${index + 1}`, json, { bytes: 5000 }, [terms]);
    // zlib compresses with no window of 8 bits: a server may have to decline that.
    return terms.serverMaxWindowBits === 8 ? Object.assign(item, { mayDecline: true } as const) : item;
  },
);

/** The same with a testee that has wishes of its own, which an offer may not allow it. */
const leanCases: readonly Case[] = combinations([undefined, 8, 12], [undefined, true, 9]).map(
  (terms, index) =>
    Object.assign(deflateCase(`13.q.${index + 1}`, json, { bytes: 5000 }, [terms]), {
      endpoint: "deflate-lean",
      mayDecline: true,
    } as const),
);

export const parameterCases: readonly Case[] = [...offerCases, ...combinationCases, ...leanCases];
