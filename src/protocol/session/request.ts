import { quote } from "../../base/text.ts";
import { isToken } from "../http/field-values.ts";
import { closeReasonBytesMax, isSendableCloseCode } from "../websocket/close-code.ts";
import type { SessionKind } from "./head.ts";
import { recordsMax } from "./head.ts";
import type { SessionRecord } from "./record.ts";
import { decodeRecord } from "./record.ts";

/** What opens a session. */
export interface Opening {
  readonly kind: SessionKind;
  /** Undefined where the client gave none: then each request opens another session. */
  readonly key: string | undefined;
  readonly subprotocols: readonly string[];
}

/** A request of the session protocol, checked. */
export interface SessionRequest {
  /** A session to open, or the token of one that is. */
  readonly target: Opening | string;
  readonly ack: number;
  readonly seq: number;
  readonly records: readonly SessionRecord[];
  /** Undefined where no records are wanted. */
  readonly poll: number | undefined;
  readonly close: { readonly code: number | undefined; readonly reason: string } | undefined;
}

/** A request in which something is wrong, as the end of a sentence. */
export interface RequestFault {
  readonly reason: string;
}

const names = ["transport", "key", "subprotocols", "session", "ack", "seq", "poll", "close"] as const;
const kinds: readonly string[] = ["sse", "long-polling", "polling"] satisfies SessionKind[];

type Fields = Partial<Record<(typeof names)[number], unknown>>;

/** Reads the body of a request (docs/session-protocol.md). */
export function parseSessionRequest(body: string): SessionRequest | RequestFault {
  // No more than can be right is looked at: the head, the records, what may be empty behind them, and one too many.
  const [first = "", ...lines] = body.split("\n", recordsMax + 3);
  if (lines.at(-1) === "") lines.pop();
  const head = parseHead(first);
  if (head === undefined) return { reason: "the first line must be a JSON object" };
  const unknown = Object.keys(head).find((name) => !(names as readonly string[]).includes(name));
  if (unknown !== undefined)
    return { reason: `the head has an entry ${quote(unknown)}, which means nothing` };
  const target = parseTarget(head);
  if (typeof target === "object" && "reason" in target) return target;
  const { ack = 0, seq, poll } = head;
  if (!isCount(ack)) return { reason: "ack must be the number of the last record received" };
  if (lines.length === 0 ? seq !== undefined && !isCount(seq) : !isCount(seq) || seq === 0) {
    return { reason: "seq must be the number of the first record in the body" };
  }
  if (poll !== undefined && !isCount(poll)) return { reason: "poll must be a number of milliseconds" };
  const close = parseClose(head.close);
  if (close !== undefined && "fault" in close) return { reason: close.fault };
  if (lines.length > recordsMax) return { reason: `there are more than ${recordsMax} records` };
  const records: SessionRecord[] = [];
  for (const [index, line] of lines.entries()) {
    const record = decodeRecord(line);
    if (record === undefined) return { reason: `line ${index + 2} is no record` };
    records.push(record);
  }
  return { target, ack, seq: isCount(seq) ? seq : 0, records, poll, close };
}

function parseHead(line: string): Fields | undefined {
  try {
    const head: unknown = JSON.parse(line);
    return typeof head === "object" && head !== null && !Array.isArray(head) ? head : undefined;
  } catch {
    return undefined;
  }
}

function parseTarget({
  transport,
  key,
  subprotocols = [],
  session,
}: Fields): Opening | string | RequestFault {
  if ((transport === undefined) === (session === undefined)) {
    return { reason: "there must be either transport, which opens a session, or session" };
  }
  if (session !== undefined) {
    return typeof session === "string" ? session : { reason: "session must be the token of a session" };
  }
  if (typeof transport !== "string" || !kinds.includes(transport)) {
    return { reason: `transport must be one of ${kinds.join(", ")}` };
  }
  if (key !== undefined && (typeof key !== "string" || !/^[\w-]{16,64}$/.test(key))) {
    return { reason: "key must be 16 to 64 characters of A-Z, a-z, 0-9, - and _" };
  }
  if (!isSubprotocols(subprotocols)) return { reason: "subprotocols must be a list of different tokens" };
  return { kind: transport as SessionKind, key, subprotocols };
}

/** As a handshake may offer them: tokens, all different (RFC 6455 §4.1). */
function isSubprotocols(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) &&
    value.every((each) => typeof each === "string" && isToken(each)) &&
    new Set(value).size === value.length
  );
}

function parseClose(
  value: unknown,
): { readonly code: number | undefined; readonly reason: string } | { readonly fault: string } | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return { fault: "close must be an object" };
  const { code, reason = "" } = value as { readonly code?: unknown; readonly reason?: unknown };
  if (code !== undefined && (typeof code !== "number" || !isSendableCloseCode(code))) {
    return { fault: "close has a code that may not be sent" };
  }
  if (
    typeof reason !== "string" ||
    !reason.isWellFormed() ||
    Buffer.byteLength(reason) > closeReasonBytesMax
  ) {
    return { fault: `close has a reason that is no text of ${closeReasonBytesMax} bytes at most` };
  }
  // RFC 6455 §5.5.1: a reason stands behind a code.
  if (code === undefined && reason !== "") return { fault: "close has a reason without a code" };
  return { code, reason };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
