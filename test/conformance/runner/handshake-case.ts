/** Cases about the opening handshake: what one end sends, and whether the other may go on. */
import type { HandshakeFields } from "../../support/raw-socket.ts";
import { handshake } from "../../support/raw-socket.ts";
import type { Endpoint, Step } from "./case.ts";
import { gotText, receive, send, text } from "./case.ts";
import { Conversation } from "./conversation.ts";
import type { Agreement } from "./deflate.ts";
import { Failure } from "./failure.ts";
import { agreementOf, answerTo101, checkAnswer, offersOf, writeBytewise } from "./opening.ts";
import { agreeOn, parseTerms } from "./deflate.ts";
import type { RunOptions } from "./run-case.ts";
import { runScript, withTimeout } from "./run-case.ts";
import type { ClientTestee, DialOutcome, ServerTestee } from "./testee.ts";

interface HandshakeCase {
  /** As of `Case`. */
  readonly id: string;
  readonly title: string;
  readonly section: string;
  readonly endpoint?: Endpoint;
  readonly open?: string;
}

/** A request to a server. It is a right one, except for what is said here. */
export interface RequestCase extends HandshakeCase {
  /** Changes to the header fields: null leaves one out, a list sends it several times. */
  readonly fields?: HandshakeFields;
  readonly requestLine?: string;
  /** Frames in the segment of the request, and what comes back first. */
  readonly frames?: Uint8Array;
  readonly frameText?: string;
  readonly isBytewise?: true;
  /** The statuses that are right. With 101 the connection must work. */
  readonly statuses: readonly number[];
  /** Header fields of the answer: null for one that must not be there. */
  readonly answer?: Readonly<Record<string, string | null>>;
  /** Whether permessage-deflate must be in the answer, or must not be. */
  readonly isDeflated?: boolean;
}

/** An answer to a client. It is a right one, except for what is said here. */
export interface AnswerCase extends HandshakeCase {
  /** Changes to the header fields: null leaves one out. */
  readonly fields?: Readonly<Record<string, string | null>>;
  readonly statusLine?: string;
  readonly isBytewise?: true;
  readonly frames?: Uint8Array;
  readonly frameText?: string;
  readonly outcome: DialOutcome;
}

/** Runs a case against a server; what is wrong, or undefined. */
export async function runRequestCase(
  testee: ServerTestee,
  item: RequestCase,
  options: RunOptions,
): Promise<string | undefined> {
  // prettier-ignore
  const raw = await testee.connect(item.endpoint ?? "echo");
  const act = async (): Promise<void> => {
    const request = handshake(item.fields, item.requestLine);
    if (item.isBytewise === true) await writeBytewise(raw, request);
    else raw.write(Buffer.concat([Buffer.from(request, "latin1"), item.frames ?? new Uint8Array(0)]));
    const { status, headers } = await raw.response();
    if (!item.statuses.includes(status))
      throw new Failure(`the status is ${status}, not ${item.statuses.join(" or ")}`);
    for (const [name, value] of Object.entries(item.answer ?? {})) {
      const got = headers[name]?.join() ?? null;
      if (got !== value) throw new Failure(`the header field ${name} is ${got}, not ${value}`);
    }
    if (status !== 101) {
      if (headers["sec-websocket-accept"] !== undefined) throw new Failure("a refusal with Sec-WebSocket-Accept"); // prettier-ignore
      return;
    }
    checkAnswer(status, headers);
    const agreement = agreementOf(validOffers(item.fields), headers);
    if (item.isDeflated !== undefined && item.isDeflated !== (agreement !== undefined)) {
      throw new Failure(`Sec-WebSocket-Extensions is ${headers["sec-websocket-extensions"]?.join()}`);
    }
    await converse(new Conversation(raw, "server", agreement), testee, item.frameText, agreement);
  };
  return failureOf(act, options, () => raw.socket.destroy());
}

/** The offers of a request that a server may accept; an invalid one must be declined (RFC 7692 §7.1). */
function validOffers(fields: HandshakeFields = {}) {
  const offered = fields["Sec-WebSocket-Extensions"] ?? [];
  const members = [offered].flat().flatMap((field) => field.split(","));
  return members.map((member) => parseTerms(member.trim())).filter((terms) => terms !== undefined);
}

/** Runs a case against a client; what is wrong, or undefined. */
export async function runAnswerCase(
  testee: ClientTestee,
  item: AnswerCase,
  options: RunOptions,
): Promise<string | undefined> {
  // prettier-ignore
  const { raw, outcome } = await testee.accept(item.endpoint ?? "echo");
  const act = async (): Promise<void> => {
    const { headers } = await raw.head();
    checkRequest(headers);
    const offers = offersOf(headers);
    const answer = answerTo101(headers, item.fields, item.statusLine);
    if (item.isBytewise === true) await writeBytewise(raw, answer);
    else raw.write(Buffer.concat([Buffer.from(answer, "latin1"), item.frames ?? new Uint8Array(0)]));
    if (item.outcome === "failed") {
      // An answer that is no upgrade may be read to its end before it is given up.
      if (item.statusLine !== undefined) raw.end();
      if ((await outcome) !== "failed") throw new Failure("the client took the answer");
      // RFC 6455 §4.1: it fails the connection, and so sends no frame.
      const sent = await raw.rest();
      if (sent.length > 0) throw new Failure(`the client sent ${sent.toString("hex")}`);
      return;
    }
    if ((await outcome) !== "opened") throw new Failure("the client refused the answer");
    const extensions = item.fields?.["Sec-WebSocket-Extensions"] ?? undefined;
    const agreement = extensions === undefined ? undefined : agreeOn(offers, extensions);
    await converse(new Conversation(raw, "client", agreement), testee, item.frameText, agreement);
  };
  return failureOf(act, options, () => raw.socket.destroy());
}

/** What RFC 6455 §4.1 asks of a client's request. */
function checkRequest(headers: Readonly<Record<string, readonly string[]>>): void {
  const field = (name: string): string => headers[name]?.join() ?? "";
  const key = field("sec-websocket-key");
  if (Buffer.from(key, "base64").length !== 16 || key.length !== 24)
    throw new Failure(`Sec-WebSocket-Key is ${key}`);
  if (field("sec-websocket-version") !== "13") throw new Failure("the version is not 13");
  if (field("upgrade").toLowerCase() !== "websocket") throw new Failure("Upgrade is not websocket");
  if (!/\bupgrade\b/i.test(field("connection"))) throw new Failure("Connection has no upgrade");
  if (field("host") === "") throw new Failure("there is no Host");
}

/** The connection works: messages come back, and close is answered. */
async function converse(
  conversation: Conversation,
  testee: ServerTestee | ClientTestee,
  firstText: string | undefined,
  agreement: Agreement | undefined,
): Promise<void> {
  const long = "it works ".repeat(300);
  const deflated = { opcode: 1, deflate: long };
  const script: readonly Step[] = [
    ...(firstText === undefined ? [] : [receive(gotText(firstText))]),
    send(text("it works")),
    receive(gotText("it works")),
    ...(agreement === undefined ? [] : [send(deflated, deflated), receive(gotText(long), gotText(long))]),
  ];
  try {
    await runScript(conversation, testee, script, "clean", false);
  } finally {
    conversation.destroy();
  }
}

async function failureOf(
  act: () => Promise<void>,
  options: RunOptions,
  end: () => void,
): Promise<string | undefined> {
  // prettier-ignore
  try {
    await withTimeout(act(), options);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    end();
  }
}
