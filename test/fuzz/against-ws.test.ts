/**
 * The same streams, right and wrong, compressed and not, through another implementation: the receiver of the package ws.
 * Both see the same messages, and both fail or none does, but for the differences that are listed here. Each stands in a
 * test of its own, so that the list stays true, and in the property below, which accepts no other.
 */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { inspect } from "node:util";
import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import fc from "fast-check";
import * as ws from "ws";
import type { ErrorCode } from "../../src/base/errors.ts";
import { errorTable } from "../../src/base/errors.ts";
import { resolveCompression } from "../../src/protocol/websocket/compression-options.ts";
import type { Role } from "../../src/protocol/websocket/frame-parser.ts";
import type { MessageCodec } from "../../src/protocol/websocket/message-codec.ts";
import type { RawFrame } from "../../src/testing/raw-frame.ts";
import type { Agreement } from "../support/fuzz-stream.ts";
import { agreement, codecOf, encodeSayings, mutate, mutations, sayings } from "../support/fuzz-stream.ts";
import { checkAsyncProperty } from "../support/property.ts";
import { peerFrame, RecordedConnection, roles, toHex } from "../support/recording.ts";

type Done = (error?: object | null) => void;

/** What is used of ws' receiver and extension, which its types leave out. */
interface Receiver {
  on(event: "message", listener: (data: Uint8Array, isBinary: boolean) => void): this;
  on(event: "ping" | "pong", listener: (data: Uint8Array) => void): this;
  on(event: "conclude", listener: (code: number, reason: Uint8Array) => void): this;
  _write(chunk: Uint8Array, encoding: "buffer", callback: Done): void;
}

interface PerMessageDeflate {
  readonly params: unknown;
  accept(configurations: readonly object[]): object;
  cleanup(): void;
}

const { Receiver, PerMessageDeflate } = ws as unknown as {
  Receiver: new (options: object) => Receiver;
  PerMessageDeflate: new (options: object) => PerMessageDeflate;
};

const maxMessageBytes = 300;

/** What came of a stream. */
interface Outcome {
  /** Messages, pings and pongs in order. */
  readonly events: readonly string[];
  /** The close code of a broken rule; undefined where none was broken. */
  readonly failure: number | undefined;
  /** The peer's close frame, if it was reached. */
  readonly close: string | undefined;
}

interface OurOutcome extends Outcome {
  readonly problem: ErrorCode | undefined;
  /** Whether a compressed message had a block that says that it is the last (RFC 1951 §3.2.3, BFINAL). */
  readonly hasFinalBlock: boolean;
}

/** What the handshake would have agreed on, as ws keeps it. */
function extensionOf(role: Role, agreed: Agreement): PerMessageDeflate | undefined {
  if (agreed === undefined) return undefined;
  const options = resolveCompression(agreed, role, "compression");
  const isServer = role === "server";
  const extension = new PerMessageDeflate({ isServer, maxPayload: maxMessageBytes });
  const parameters = {
    ...(options.serverNoContextTakeover && { server_no_context_takeover: [true] }),
    ...(options.clientNoContextTakeover && { client_no_context_takeover: [true] }),
    server_max_window_bits: [String(options.serverMaxWindowBits)],
    client_max_window_bits: [String(options.clientMaxWindowBits)],
  };
  extension.accept([parameters]);
  return extension;
}

async function receiveWithWs(role: Role, agreed: Agreement, bytes: Uint8Array): Promise<Outcome> {
  const events: string[] = [];
  let close: string | undefined;
  const extension = extensionOf(role, agreed);
  const extensions = extension === undefined ? {} : { "permessage-deflate": extension };
  const receiver = new Receiver({ isServer: role === "server", maxPayload: maxMessageBytes, extensions });
  receiver.on("message", (data, isBinary) => {
    events.push(isBinary ? `binary ${toHex(data)}` : `text ${Buffer.from(data).toString()}`);
  });
  receiver.on("ping", (data) => events.push(`ping ${toHex(data)}`));
  receiver.on("pong", (data) => events.push(`pong ${toHex(data)}`));
  receiver.on("conclude", (code, reason) => {
    close = `${code} ${Buffer.from(reason).toString()}`;
  });
  const error = await new Promise<object | null | undefined>((resolve) => {
    receiver._write(Buffer.from(bytes), "buffer", resolve);
  });
  extension?.cleanup();
  if (error === undefined || error === null) return { events, failure: undefined, close };
  const symbol = Object.getOwnPropertySymbols(error).find(({ description }) => description === "status-code");
  return { events, failure: Number(Reflect.get(error, symbol ?? "")), close };
}

/** A codec that also looks for final blocks in what it gets. */
function watchFinalBlocks(codec: MessageCodec): MessageCodec & { readonly hasSeen: () => boolean } {
  let hasSeen = false;
  let dictionary: Uint8Array = new Uint8Array(0);
  const decompress = (payload: Uint8Array, bytesMax: number): Uint8Array | "too big" | "invalid" => {
    hasSeen ||= hasFinalBlock(payload, dictionary);
    const message = codec.decompress(payload, bytesMax);
    if (typeof message !== "string") dictionary = Buffer.concat([dictionary, message]);
    return message;
  };
  const { thresholdBytes, sharedKey } = codec;
  const close = (): void => codec.close();
  return { thresholdBytes, sharedKey, decompress, close, hasSeen: () => hasSeen, compress: (payload) => codec.compress(payload) }; // prettier-ignore
}

function hasFinalBlock(payload: Uint8Array, dictionary: Uint8Array): boolean {
  const input = Buffer.concat([payload, Uint8Array.of(0, 0, 0xff, 0xff)]);
  const options = { info: true, finishFlush: constants.Z_SYNC_FLUSH, dictionary };
  try {
    // zlib does not look at what stands behind a final block.
    const { engine } = inflateRawSync(input, options) as unknown as { engine: { bytesWritten: number } };
    return engine.bytesWritten < input.length;
  } catch {
    return false;
  }
}

function receiveWithUs(role: Role, agreed: Agreement, bytes: Uint8Array): OurOutcome {
  const bare = codecOf(role, agreed);
  const codec = bare === undefined ? undefined : watchFinalBlocks(bare);
  const peer = new RecordedConnection(role, { maxMessageBytes, codec }).receive(bytes);
  const events = peer.takeEvents().filter((event) => !event.startsWith("closing"));
  const { state, closeCode, closeReason } = peer.connection;
  const problem = peer.problem?.code;
  const failure = problem === undefined ? undefined : errorTable[problem].closeCode;
  const close = state === "open" || problem !== undefined ? undefined : `${closeCode} ${closeReason}`;
  peer.connection.receiveEnd();
  return { events, failure, close, problem, hasFinalBlock: codec?.hasSeen() ?? false };
}

/** A reason for which the two may differ, and a stream on which they do. */
interface Difference {
  readonly name: string;
  readonly why: string;
  /** What a server gets. */
  readonly frames: readonly RawFrame[];
  /** How many bytes of these are left out at the end. */
  readonly missing?: number;
  readonly agreed?: Agreement;
  readonly ours: Partial<OurOutcome>;
  readonly theirs: Partial<Outcome>;
  /** Whether a difference may be this one. */
  readonly explains: (ours: OurOutcome, theirs: Outcome, agreed: Agreement) => boolean;
}

const takeover = { serverNoContextTakeover: false, clientNoContextTakeover: false };
const isPrefix = (short: readonly string[], long: readonly string[]): boolean =>
  short.every((event, index) => event === long[index]);

/** A payload as RFC 7692 §7.2.1 has it. */
function deflate(data: string | Uint8Array, level = 6): Uint8Array {
  const bytes = deflateRawSync(data, { level, finishFlush: constants.Z_SYNC_FLUSH });
  return bytes.subarray(0, -4);
}

const differences: readonly Difference[] = [
  {
    name: "a length that is not in its shortest form",
    why: "RFC 6455 §5.2: the minimal number of bytes MUST be used. ws does not look, and goes on.",
    frames: [{ opcode: 1, payload: "Hello", lengthBytes: 2 }],
    ours: { events: [], failure: 1002, problem: "WS_LENGTH_INVALID" },
    theirs: { events: ["text Hello"], failure: undefined },
    explains: (ours, theirs) => ours.problem === "WS_LENGTH_INVALID" && isPrefix(ours.events, theirs.events),
  },
  {
    name: "a length of 64 bits",
    why: "The highest bit MUST be 0 (§5.2), so this breaks the protocol, 1002; to ws it is too big, 1009.",
    frames: [{ opcode: 2, length: 2n ** 63n }],
    ours: { events: [], failure: 1002, problem: "WS_LENGTH_INVALID" },
    theirs: { events: [], failure: 1009 },
    explains: (ours, theirs) => ours.problem === "WS_LENGTH_INVALID" && isPrefix(ours.events, theirs.events),
  },
  {
    name: "invalid text whose message is not complete",
    why: "RFC 6455 §8.1 asks to fail when text is found invalid: we do at its first wrong byte, ws at the message's end.",
    frames: [
      { opcode: 1, fin: false, payload: Uint8Array.of(0xff) },
      { opcode: 9, payload: "a" },
    ],
    ours: { events: [], failure: 1007, problem: "WS_TEXT_INVALID" },
    theirs: { events: ["ping 61"], failure: undefined },
    explains: (ours, theirs) =>
      ours.problem === "WS_TEXT_INVALID" &&
      isPrefix(ours.events, theirs.events) &&
      theirs.events.slice(ours.events.length).every((event) => /^p[io]ng/.test(event)),
  },
  {
    name: "a continuation of nothing whose header is not complete",
    why: "Whether a frame fits behind the last is judged when its header is there; ws does so at its second byte.",
    frames: [{ opcode: 0, payload: "a" }],
    missing: 3,
    ours: { events: [], failure: undefined },
    theirs: { events: [], failure: 1002 },
    explains: (ours, theirs) =>
      ours.failure === undefined &&
      theirs.failure === 1002 &&
      ours.close === undefined &&
      sameEvents(ours, theirs),
  },
  {
    name: "a close frame of one byte that is not complete",
    why: "A payload is judged when it is there; ws refuses this length at the second byte of the header.",
    frames: [{ opcode: 8, payload: "a" }],
    missing: 1,
    ours: { events: [], failure: undefined },
    theirs: { events: [], failure: 1002 },
    explains: (ours, theirs) =>
      ours.failure === undefined &&
      theirs.failure === 1002 &&
      ours.close === undefined &&
      sameEvents(ours, theirs),
  },
  {
    name: "two rules broken, one after the other",
    why: "Both fail, each with the code of the rule whose breach it sees first.",
    frames: [
      { opcode: 1, fin: false, payload: Uint8Array.of(0xff) },
      { opcode: 0, length: 1000 },
    ],
    ours: { events: [], failure: 1007, problem: "WS_TEXT_INVALID" },
    theirs: { events: [], failure: 1009 },
    explains: (ours, theirs) =>
      ours.failure !== undefined && theirs.failure !== undefined && sameEvents(ours, theirs),
  },
  {
    name: "a compressed message that is broken off",
    why: "We ask that DEFLATE data ends where the message ends; ws takes what zlib could make of it for the message.",
    frames: [{ opcode: 1, rsv: 4, payload: deflate("Hello").subarray(0, 4) }],
    agreed: takeover,
    ours: { events: [], failure: 1007, problem: "WS_DEFLATE_INVALID" },
    theirs: { events: ["text Helh"], failure: undefined },
    explains: (ours, theirs) => ours.problem === "WS_DEFLATE_INVALID" && isPrefix(ours.events, theirs.events),
  },
  {
    name: "a compressed message that goes on behind a final block",
    why: "RFC 7692 §7.2.1 lets a sender set BFINAL and go on; we read on, ws does not, and forgets what came before.",
    frames: [
      {
        opcode: 1,
        rsv: 4,
        payload: Buffer.concat([deflateRawSync("Hello"), deflateRawSync(", you"), Uint8Array.of(0)]),
      },
    ],
    agreed: takeover,
    ours: { events: ["text Hello, you"], failure: undefined, hasFinalBlock: true },
    theirs: { events: ["text Hello"], failure: undefined },
    explains: (ours) => ours.hasFinalBlock,
  },
  {
    name: "broken DEFLATE data in a fragment",
    why: "We inflate a message when it is complete, all at once; ws each fragment as it comes, and so it fails earlier.",
    frames: [{ opcode: 2, rsv: 4, fin: false, payload: Uint8Array.of(0xff, 0xff) }],
    agreed: takeover,
    ours: { events: [], failure: undefined },
    theirs: { events: [], failure: 1007 },
    explains: (ours, theirs, agreed) =>
      agreed !== undefined &&
      theirs.failure === 1007 &&
      isPrefix(theirs.events, ours.events) &&
      onlyControl(ours, theirs),
  },
  {
    name: "a fragment that inflates to more than the limit",
    why: "The same: when the message is complete we fail with the same code, having inflated one byte past the limit.",
    frames: [{ opcode: 2, rsv: 4, fin: false, payload: deflate(new Uint8Array(1000)) }],
    agreed: takeover,
    ours: { events: [], failure: undefined },
    theirs: { events: [], failure: 1009 },
    explains: (ours, theirs, agreed) =>
      agreed !== undefined &&
      theirs.failure === 1009 &&
      isPrefix(theirs.events, ours.events) &&
      onlyControl(ours, theirs),
  },
  {
    name: "a compressed message that is longer than the limit only while it is compressed",
    why: "The limit is for messages, and compression may make one a little longer; ws counts the bytes on the wire, too.",
    frames: [
      {
        opcode: 2,
        rsv: 4,
        payload: deflate(
          new Uint8Array(maxMessageBytes).map((_, at) => at * 89),
          0,
        ),
      },
    ],
    agreed: takeover,
    ours: { failure: undefined },
    theirs: { events: [], failure: 1009 },
    explains: (ours, theirs, agreed) =>
      agreed !== undefined && theirs.failure === 1009 && isPrefix(theirs.events, ours.events),
  },
];

const sameEvents = (ours: Outcome, theirs: Outcome): boolean =>
  ours.events.length === theirs.events.length && isPrefix(ours.events, theirs.events);

/** Whether we have only seen control frames more than ws has. */
function onlyControl(ours: Outcome, theirs: Outcome): boolean {
  return ours.events.slice(theirs.events.length).every((event) => /^p[io]ng/.test(event));
}

suite("ws and we differ, each time for a reason:", () => {
  for (const { name, why, frames, missing = 0, agreed, ours, theirs, explains } of differences) {
    test(`${name}. ${why}`, async () => {
      const stream = new Uint8Array(Buffer.concat(frames.map((frame) => peerFrame("server", frame))));
      const bytes = stream.subarray(0, stream.length - missing);
      const ourOutcome = receiveWithUs("server", agreed, bytes);
      const theirOutcome = await receiveWithWs("server", agreed, bytes);
      assert.deepEqual({ ...ourOutcome, ...ours }, ourOutcome);
      assert.deepEqual({ ...theirOutcome, ...theirs }, theirOutcome);
      assert.ok(explains(ourOutcome, theirOutcome, agreed));
    });
  }
});

for (const role of roles) {
  test(`a ${role} sees what ws sees, and fails where ws fails, but for these reasons`, async (context) => {
    const seen = new Map<string, number>();
    const inputs = agreement.chain((agreed) => fc.tuple(fc.constant(agreed), sayings, mutations));
    const property = fc.asyncProperty(inputs, async ([agreed, said, damage]) => {
      const bytes = mutate(Buffer.concat(encodeSayings(role, said, agreed)), damage);
      const ours = receiveWithUs(role, agreed, bytes);
      const theirs = await receiveWithWs(role, agreed, bytes);
      const isEqual =
        sameEvents(ours, theirs) && ours.failure === theirs.failure && ours.close === theirs.close;
      const reason = isEqual
        ? { name: "none" }
        : differences.find(({ explains }) => explains(ours, theirs, agreed));
      assert.ok(
        reason !== undefined,
        `${toHex(bytes)}\nours: ${inspect(ours)}\nthose of ws: ${inspect(theirs)}`,
      );
      seen.set(reason.name, (seen.get(reason.name) ?? 0) + 1);
    });
    await checkAsyncProperty(context, property, 400);
    context.diagnostic(JSON.stringify(Object.fromEntries(seen)));
  });
}

test("and not for a reason that is none", () => {
  const ours: OurOutcome = { events: ["text a"], failure: undefined, close: undefined, problem: undefined, hasFinalBlock: false }; // prettier-ignore
  const theirs: Outcome = { events: ["text b"], failure: undefined, close: undefined };
  assert.ok(differences.every(({ explains }) => !explains(ours, theirs, takeover)));
  assert.ok(
    differences.every(
      ({ explains }) => !explains(ours, { ...theirs, events: ["text a", "text b"] }, takeover),
    ),
  );
});
