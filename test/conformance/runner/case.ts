/**
 * What a case of the conformance suite is: data. A script of what is sent and what must come back, how the connection
 * must end, and the section of the RFC that says so. The same case is run against servers and, mirrored, clients.
 */
import type { Role } from "../../../src/protocol/websocket/frame-parser.ts";
import type { RawFrame } from "../../../src/testing/raw-frame.ts";

/** A frame to send, masked as the runner's role asks, unless `wrongMask` says to do it the other way. */
export interface SentFrame extends Omit<RawFrame, "mask"> {
  readonly maskKey?: number;
  readonly wrongMask?: true;
}

/** A frame of which only the header and so many bytes of the payload are sent, or only what comes after these. */
export interface FramePart {
  readonly frame: SentFrame;
  readonly part: "first" | "rest";
  readonly payloadBytes: number;
}

/** A message that the runner compresses as the connection's parameters say (RFC 7692 §7.2.1). */
export interface DeflatedMessage {
  readonly opcode: number;
  readonly deflate: string | Uint8Array;
  /** Bytes of compressed payload in each frame; without it, one frame. */
  readonly fragmentBytes?: number;
}

export type Item = SentFrame | FramePart | DeflatedMessage | Uint8Array;

/**
 * How bytes are cut into segments: all in one, one for each frame, one for each byte, one for each `every` bytes (not
 * waiting between them), or two with the first `at` bytes in the first.
 */
export type Chop = "whole" | "frames" | "bytes" | { readonly every: number } | { readonly at: number };

/** What must come back next, complete and with exactly this payload. */
export interface Expected {
  readonly kind: "text" | "binary" | "ping" | "pong";
  readonly payload: Uint8Array;
}

export type Step =
  { readonly send: readonly Item[]; readonly chop: Chop } | { readonly receive: readonly Expected[] };

/**
 * How the connection must end. "clean": the runner closes with 1000, which must be echoed. Otherwise a close frame with
 * one of the codes must come (1005: one without a code), and then the end of the stream.
 */
export type Ending =
  | "clean"
  | {
      readonly codes: readonly number[];
      /** Messages may stand before the close frame: the RFC does not say that they are still answered. */
      readonly mayAnswer?: true;
      /** What would have been sent next. It is not: the refusal must come before (it is for testees that are "late"). */
      readonly rest?: readonly Item[];
    };

/** Parameters of permessage-deflate (RFC 7692 §7.1). `true` is client_max_window_bits without a value. */
export interface DeflateTerms {
  readonly serverNoContextTakeover?: boolean;
  readonly clientNoContextTakeover?: boolean;
  readonly serverMaxWindowBits?: number;
  readonly clientMaxWindowBits?: number | true;
}

/**
 * What a testee offers to be tested: an echo of messages up to 16 MiB and a little more; one up to `smallBytes`; the
 * same two with permessage-deflate, for which no message is too small; and one that wants `leanTerms`.
 */
export type Endpoint = "echo" | "small" | "deflate" | "deflate-small" | "deflate-lean";

/** What the endpoint "deflate-lean" is set to, under the names that ws and we have for it. */
export const leanTerms = {
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
  serverMaxWindowBits: 10,
  clientMaxWindowBits: 10,
} as const satisfies DeflateTerms;

/** The largest message of the endpoints "small" and "deflate-small", in bytes. */
export const smallBytes = 4096;

export interface Case {
  /** Digits and dots for cases that the well-known suite has as well; a letter in it for ours: `6.a.3`. */
  readonly id: string;
  readonly title: string;
  /** Where the RFC asks for it: `6455 §5.2`. */
  readonly section: string;
  /** A function where the payloads are large, so that they live no longer than their case. */
  readonly steps: readonly Step[] | (() => readonly Step[]);
  readonly end: Ending;
  /** Which testees it is for. Default both. */
  readonly roles?: readonly Role[];
  readonly endpoint?: Endpoint;
  /** Alternatives that a client offers; a server answers with the first. */
  readonly deflate?: readonly DeflateTerms[];
  /** The testee need not agree to compress: then the same messages are sent as they are. */
  readonly mayDecline?: true;
  /** Why the RFC leaves the outcome open: then a failure is reported, and does not count. */
  readonly open?: string;
}

const encoder = new TextEncoder();

/** The bytes that hexadecimal digits stand for, with spaces where you like, or those of a text. */
export function toPayload(payload: string | Uint8Array): Uint8Array {
  return typeof payload === "string" ? encoder.encode(payload) : payload;
}

/** Bytes from hexadecimal digits, with spaces where you like. */
export function hex(digits: string): Uint8Array {
  return new Uint8Array(Buffer.from(digits.replaceAll(/\s/g, ""), "hex"));
}

export function text(payload: string | Uint8Array, more: Partial<SentFrame> = {}): SentFrame {
  return { opcode: 1, payload, ...more };
}

export function binary(payload: string | Uint8Array, more: Partial<SentFrame> = {}): SentFrame {
  return { opcode: 2, payload, ...more };
}

export function continuation(payload: string | Uint8Array, more: Partial<SentFrame> = {}): SentFrame {
  return { opcode: 0, payload, ...more };
}

export function ping(payload: string | Uint8Array = "", more: Partial<SentFrame> = {}): SentFrame {
  return { opcode: 9, payload, ...more };
}

export function pong(payload: string | Uint8Array = "", more: Partial<SentFrame> = {}): SentFrame {
  return { opcode: 10, payload, ...more };
}

/** A close frame; without a code an empty one. */
export function close(code?: number, reason: string | Uint8Array = ""): SentFrame {
  if (code === undefined) return { opcode: 8 };
  return { opcode: 8, payload: Buffer.concat([Uint8Array.of(code >> 8, code & 0xff), toPayload(reason)]) };
}

/** A message in fragments with these payloads. */
export function fragments(opcode: 1 | 2, payloads: readonly (string | Uint8Array)[]): SentFrame[] {
  return payloads.map((payload, index) => ({
    opcode: index === 0 ? opcode : 0,
    payload,
    fin: index === payloads.length - 1,
  }));
}

/** Bytes in pieces of `size`, the last one shorter; no bytes are one piece. */
export function pieces(bytes: Uint8Array, size: number): Uint8Array[] {
  const cut: Uint8Array[] = [];
  for (let at = 0; at < bytes.length || cut.length === 0; at += size) cut.push(bytes.subarray(at, at + size));
  return cut;
}

/** The header of a frame and the first bytes of its payload. */
export function first(payloadBytes: number, frame: SentFrame): FramePart {
  return { frame, part: "first", payloadBytes };
}

/** What `first` leaves out. */
export function rest(payloadBytes: number, frame: SentFrame): FramePart {
  return { frame, part: "rest", payloadBytes };
}

/** Sends all items in one segment. */
export function send(...items: readonly Item[]): Step {
  return { send: items, chop: "whole" };
}

/** Sends items, cut in a way. */
export function sendCut(chop: Chop, ...items: readonly Item[]): Step {
  return { send: items, chop };
}

/** What must come back, in this order. */
export function receive(...items: readonly Expected[]): Step {
  return { receive: items };
}

export function gotText(payload: string | Uint8Array): Expected {
  return { kind: "text", payload: toPayload(payload) };
}

export function gotBinary(payload: string | Uint8Array): Expected {
  return { kind: "binary", payload: toPayload(payload) };
}

export function gotPong(payload: string | Uint8Array = ""): Expected {
  return { kind: "pong", payload: toPayload(payload) };
}

/** The connection must be failed with one of these codes. */
export function refused(...codes: readonly number[]): Ending {
  return { codes };
}
