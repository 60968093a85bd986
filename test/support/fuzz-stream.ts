/** Streams as peers send them and as they must not: frames that are mostly right, and what happens to bytes on the way. */
import fc from "fast-check";
import type { CompressionOptions } from "../../src/protocol/websocket/compression-options.ts";
import { resolveCompression } from "../../src/protocol/websocket/compression-options.ts";
import type { Role } from "../../src/protocol/websocket/frame-parser.ts";
import type { MessageCodec } from "../../src/protocol/websocket/message-codec.ts";
import { Opcode } from "../../src/protocol/websocket/opcode.ts";
import type { RawFrame } from "../../src/testing/raw-frame.ts";
import { createMessageCodec } from "../../src/transport/deflate-codec.ts";
import { closePayload, copyOf, peerFrame } from "./recording.ts";

/** What a peer says in one go: a message with its fragments, or a single frame, right or wrong. */
export type Saying =
  | {
      readonly kind: "message";
      readonly opcode: 1 | 2;
      readonly payload: string | Uint8Array;
      readonly isCompressed: boolean;
      /** Sizes of the fragments but for the last. */
      readonly cuts: readonly number[];
      /** Sent behind the first fragment. */
      readonly between: RawFrame | undefined;
    }
  | { readonly kind: "frame"; readonly frame: RawFrame };

/** What happens to a stream on its way; places and lengths are fractions of it. */
export interface Mutation {
  readonly kind: "flip" | "truncate" | "duplicate" | "delete" | "splice" | "insert";
  readonly at: number;
  readonly length: number;
  readonly to: number;
  readonly bytes: Uint8Array;
}

/** What was agreed on for compression; undefined for none. */
export type Agreement = CompressionOptions | undefined;

/** No compression, and all four ways of remembering messages, with windows small and large. */
export const agreement: fc.Arbitrary<Agreement> = fc.option(
  fc.record({
    serverNoContextTakeover: fc.boolean(),
    clientNoContextTakeover: fc.boolean(),
    serverMaxWindowBits: fc.constantFrom(9, 12, 15),
    clientMaxWindowBits: fc.constantFrom(9, 12, 15),
    thresholdBytes: fc.constantFrom(0, 0, 20),
  }),
  { nil: undefined },
);

/** The codec of one end; each end of a connection needs one of its own. */
export function codecOf(role: Role, agreed: Agreement): MessageCodec | undefined {
  if (agreed === undefined) return undefined;
  const options = resolveCompression(agreed, role, "compression");
  return createMessageCodec(role, options, options);
}

const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 40 }),
  // What compresses well, and refers to what was sent before.
  fc
    .tuple(fc.constantFrom("abc", "é ", '{"id":1}', "𝄞"), fc.nat(60))
    .map(([unit, count]) => unit.repeat(count)),
);
const bytes = fc.uint8Array({ maxLength: 150, size: "max" });

const control: fc.Arbitrary<RawFrame> = fc.record({
  opcode: fc.constantFrom(Opcode.ping, Opcode.pong),
  payload: fc.uint8Array({ maxLength: 125, size: "max" }),
});

const message: fc.Arbitrary<Saying> = fc.record({
  kind: fc.constant("message" as const),
  opcode: fc.constantFrom(1, 1, 2),
  payload: fc.oneof({ weight: 4, arbitrary: text }, { weight: 1, arbitrary: bytes }),
  isCompressed: fc.boolean(),
  cuts: fc.oneof(fc.constant([]), fc.array(fc.nat(40), { maxLength: 4 })),
  between: fc.option(control, { nil: undefined }),
});

const wrongFrame: fc.Arbitrary<RawFrame> = fc.record(
  {
    opcode: fc.nat(15),
    fin: fc.boolean(),
    rsv: fc.nat(7),
    payload: fc.uint8Array({ maxLength: 130, size: "max" }),
    mask: fc.constantFrom(null, 0, 0xff_00_aa_55),
    length: fc.oneof(fc.nat(70_000), fc.bigInt({ min: 65_536n, max: 2n ** 64n - 1n })),
    lengthBytes: fc.constant(8 as const),
  },
  { requiredKeys: ["opcode"] },
);

const closeFrame: fc.Arbitrary<RawFrame> = fc.record({
  opcode: fc.constant(Opcode.close),
  payload: fc.oneof(
    fc
      .tuple(fc.oneof(fc.integer({ min: 990, max: 1020 }), fc.nat(65_535)), fc.string({ maxLength: 20 }))
      .map(([code, reason]) => closePayload(code, reason)),
    fc.uint8Array({ maxLength: 3 }),
  ),
});

/** A frame by itself: mostly a control frame, seldom a close frame or a wrong one. */
export const frameSaying: fc.Arbitrary<Saying> = fc
  .oneof(
    { weight: 4, arbitrary: control },
    { weight: 1, arbitrary: closeFrame },
    { weight: 1, arbitrary: wrongFrame },
  )
  .map((frame) => ({ kind: "frame", frame }));

/** What a peer says: mostly messages. */
export const sayings: fc.Arbitrary<Saying[]> = fc.array(
  fc.oneof({ weight: 5, arbitrary: message }, { weight: 2, arbitrary: frameSaying }),
  { maxLength: 10 },
);

const fraction = fc.double({ min: 0, max: 1, noNaN: true });

export const mutations: fc.Arbitrary<Mutation[]> = fc.oneof(
  { weight: 2, arbitrary: fc.constant<Mutation[]>([]) },
  {
    weight: 3,
    arbitrary: fc.array(
      fc.record({
        kind: fc.constantFrom("flip", "flip", "truncate", "duplicate", "delete", "splice", "insert"),
        at: fraction,
        length: fraction,
        to: fraction,
        bytes: fc.uint8Array({ minLength: 1, maxLength: 20 }),
      }),
      { minLength: 1, maxLength: 3 },
    ),
  },
);

/** The bytes of what the peer of `role` says, masked and compressed as that peer must. */
export function encodeSayings(role: Role, said: readonly Saying[], agreed: Agreement): Uint8Array[] {
  const codec = codecOf(role === "server" ? "client" : "server", agreed);
  const frames = said.flatMap((saying) => {
    if (saying.kind === "frame") return [peerFrame(role, saying.frame)];
    return framesOf(saying, codec).map((frame) => peerFrame(role, frame));
  });
  codec?.close();
  return frames;
}

function framesOf(saying: Saying & { kind: "message" }, codec: MessageCodec | undefined): RawFrame[] {
  const plain = typeof saying.payload === "string" ? Buffer.from(saying.payload) : saying.payload;
  const compresses = saying.isCompressed && codec !== undefined;
  const payload = compresses ? copyOf(codec.compress(plain)) : plain;
  const frames: RawFrame[] = [];
  let at = 0;
  for (const cut of saying.cuts) {
    const end = Math.min(at + cut, payload.length);
    frames.push({ opcode: 0, fin: false, payload: payload.subarray(at, end) });
    at = end;
  }
  frames.push({ opcode: 0, payload: payload.subarray(at) });
  frames[0] = { ...frames[0], opcode: saying.opcode, rsv: compresses ? 4 : 0 };
  if (saying.between !== undefined) frames.splice(1, 0, saying.between);
  return frames;
}

/** The stream after all that happened to it. */
export function mutate(stream: Uint8Array, list: readonly Mutation[]): Uint8Array {
  let bytesNow = Buffer.from(stream);
  for (const mutation of list) bytesNow = mutateOnce(bytesNow, mutation);
  return new Uint8Array(bytesNow);
}

function mutateOnce(stream: Buffer, mutation: Mutation): Buffer<ArrayBuffer> {
  const at = Math.floor(mutation.at * stream.length);
  const end = Math.min(stream.length, at + 1 + Math.floor(mutation.length * 60));
  const to = Math.floor(mutation.to * stream.length);
  const flip = (): Buffer<ArrayBuffer> => {
    const flipped = Buffer.from(stream);
    if (at < flipped.length) flipped[at] = flipped[at]! ^ (1 << Math.floor(mutation.length * 7.99));
    return flipped;
  };
  const ways = {
    flip,
    truncate: () => Buffer.from(stream.subarray(0, at)),
    duplicate: () => Buffer.concat([stream.subarray(0, end), stream.subarray(at)]),
    delete: () => Buffer.concat([stream.subarray(0, at), stream.subarray(end)]),
    splice: () => Buffer.concat([stream.subarray(0, to), stream.subarray(at, end), stream.subarray(to)]),
    insert: () => Buffer.concat([stream.subarray(0, at), mutation.bytes, stream.subarray(at)]),
  };
  return ways[mutation.kind]();
}
