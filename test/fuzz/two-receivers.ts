/** The same stream for two implementations: ours, and the receiver of the package ws. */
import { constants, inflateRawSync } from "node:zlib";
import * as ws from "ws";
import type { ErrorCode } from "../../src/base/errors.ts";
import { errorTable } from "../../src/base/errors.ts";
import { resolveCompression } from "../../src/protocol/websocket/compression-options.ts";
import type { Role } from "../../src/protocol/websocket/frame-parser.ts";
import type { MessageCodec } from "../../src/protocol/websocket/message-codec.ts";
import type { Agreement } from "../support/fuzz-stream.ts";
import { codecOf } from "../support/fuzz-stream.ts";
import { RecordedConnection, toHex } from "../support/recording.ts";

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

/** Of both. */
export const maxMessageBytes = 300;

/** What came of a stream. */
export interface Outcome {
  /** Messages, pings and pongs in order. */
  readonly events: readonly string[];
  /** The close code of a broken rule; undefined where none was broken. */
  readonly failure: number | undefined;
  /** The peer's close frame, if it was reached. */
  readonly close: string | undefined;
}

/** The same, and what is only known of our own end. */
export interface OurOutcome extends Outcome {
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

/** Gives a stream to the receiver of ws. */
export async function receiveWithWs(role: Role, agreed: Agreement, bytes: Uint8Array): Promise<Outcome> {
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

/** Gives a stream to our connection. */
export function receiveWithUs(role: Role, agreed: Agreement, bytes: Uint8Array): OurOutcome {
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
