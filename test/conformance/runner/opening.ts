import { createHash } from "node:crypto";
import type { RawSocket } from "../../support/raw-socket.ts";
import { handshake, sampleAccept, sampleKey } from "../../support/raw-socket.ts";
import type { Case, DeflateTerms } from "./case.ts";
import { Conversation } from "./conversation.ts";
import type { Agreement } from "./deflate.ts";
import { agreeOn, answerTo, formatTerms, parseTerms } from "./deflate.ts";
import { Failure, RefusedHandshake } from "./failure.ts";
import type { ClientTestee, ServerTestee, Testee } from "./testee.ts";

/** The header fields that this suite sends, and those that it got. */
export type Fields = Readonly<Record<string, readonly string[]>>;

/** Opens a connection as a case asks, up to and with the handshake. `hold` gets the socket as soon as there is one. */
export function openConversation(
  testee: Testee,
  item: Case,
  hold: (raw: RawSocket) => void,
): Promise<Conversation> {
  return testee.role === "server" ? openToServer(testee, item, hold) : openToClient(testee, item, hold);
}

async function openToServer(
  testee: ServerTestee,
  item: Case,
  hold: (raw: RawSocket) => void,
): Promise<Conversation> {
  const raw = await testee.connect(item.endpoint ?? "echo");
  hold(raw);
  const offers = item.deflate;
  raw.write(handshake({ "Sec-WebSocket-Extensions": offers === undefined ? null : formatTerms(offers) }));
  const { status, headers } = await raw.response();
  checkAnswer(status, headers);
  const agreement = agreementOf(offers, headers);
  if (offers !== undefined && agreement === undefined && item.mayDecline !== true)
    throw new Failure(`the server declined ${formatTerms(offers)}`);
  return new Conversation(raw, "server", agreement);
}

/** What RFC 6455 §4.2.2 asks of the answer to a handshake with the sample key. */
export function checkAnswer(status: number, headers: Fields): void {
  if (status !== 101) throw new RefusedHandshake(`the handshake was answered with ${status}`);
  const accept = headers["sec-websocket-accept"]?.join();
  if (accept !== sampleAccept) throw new Failure(`Sec-WebSocket-Accept was ${accept} for ${sampleKey}`);
  if (headers["upgrade"]?.join().toLowerCase() !== "websocket") throw new Failure("Upgrade is wrong");
  if (headers["connection"]?.join().toLowerCase() !== "upgrade") throw new Failure("Connection is wrong");
}

/** What the answer to these offers agrees on. */
export function agreementOf(
  offers: readonly DeflateTerms[] | undefined,
  headers: Fields,
): Agreement | undefined {
  const answer = headers["sec-websocket-extensions"];
  if (answer === undefined) return undefined;
  if (offers === undefined || answer.length !== 1)
    throw new Failure(`extensions nobody offered: ${answer.join()}`);
  return agreeOn(offers, answer.join());
}

async function openToClient(
  testee: ClientTestee,
  item: Case,
  hold: (raw: RawSocket) => void,
): Promise<Conversation> {
  const { raw, outcome } = await testee.accept(item.endpoint ?? "echo");
  hold(raw);
  const { headers } = await raw.head();
  const wanted = item.deflate?.[0];
  const offers = offersOf(headers);
  const [offer] = offers;
  if (wanted !== undefined && offer === undefined)
    throw new Failure("the client offers no permessage-deflate");
  const answer =
    wanted === undefined || offer === undefined ? undefined : formatTerms([answerTo(offer, wanted)]);
  raw.write(answerTo101(headers, answer === undefined ? {} : { "Sec-WebSocket-Extensions": answer }));
  if ((await outcome) !== "opened") throw new Failure("the client refused the handshake");
  return new Conversation(raw, "client", answer === undefined ? undefined : agreeOn(offers, answer));
}

/** The alternatives of permessage-deflate that a client's handshake offers. */
export function offersOf(headers: Fields): readonly DeflateTerms[] {
  const members = (headers["sec-websocket-extensions"] ?? []).flatMap((field) => field.split(","));
  return members.map((member) => {
    const terms = parseTerms(member.trim());
    if (terms === undefined) throw new Failure(`an invalid offer: ${member}`);
    return terms;
  });
}

/** The bytes of a right answer to a client's handshake, except for what is changed: null leaves a field out. */
export function answerTo101(
  request: Fields,
  changes: Readonly<Record<string, string | null>> = {},
  statusLine = "HTTP/1.1 101 Switching Protocols",
): string {
  const accept = createHash("sha1")
    .update(`${request["sec-websocket-key"]?.join() ?? ""}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest("base64");
  const fields = {
    Upgrade: "websocket",
    Connection: "Upgrade",
    "Sec-WebSocket-Accept": accept,
    ...changes,
  };
  const lines = Object.entries(fields).flatMap(([name, value]) =>
    value === null ? [] : [`${name}: ${value}\r\n`],
  );
  return `${statusLine}\r\n${lines.join("")}\r\n`;
}

/** Writes bytes one by one, each a segment of its own. */
export async function writeBytewise(raw: RawSocket, bytes: string): Promise<void> {
  for (const byte of bytes) await raw.writeSegment(byte);
}
