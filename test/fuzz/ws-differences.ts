/** Where the receiver of the package ws and ours behave differently, and why. */
import { constants, deflateRawSync } from "node:zlib";
import type { RawFrame } from "../../src/testing/raw-frame.ts";
import type { Agreement } from "../support/fuzz-stream.ts";
import type { Outcome, OurOutcome } from "./two-receivers.ts";
import { maxMessageBytes } from "./two-receivers.ts";

/** A reason for which the two may differ, and a stream on which they do. */
export interface Difference {
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

/** Compression where messages refer to those before. */
export const takeover = { serverNoContextTakeover: false, clientNoContextTakeover: false };
const isPrefix = (short: readonly string[], long: readonly string[]): boolean =>
  short.every((event, index) => event === long[index]);

/** A payload as RFC 7692 §7.2.1 has it. */
function deflate(data: string | Uint8Array, level = 6): Uint8Array {
  const bytes = deflateRawSync(data, { level, finishFlush: constants.Z_SYNC_FLUSH });
  return bytes.subarray(0, -4);
}

/** All of them. */
export const differences: readonly Difference[] = [
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

/** Whether both saw the same. */
export const sameEvents = (ours: Outcome, theirs: Outcome): boolean =>
  ours.events.length === theirs.events.length && isPrefix(ours.events, theirs.events);

/** Whether we have only seen control frames more than ws has. */
function onlyControl(ours: Outcome, theirs: Outcome): boolean {
  return ours.events.slice(theirs.events.length).every((event) => /^p[io]ng/.test(event));
}
