/** permessage-deflate for the runner, by node:zlib: contexts that are kept or not, and what was agreed on. */
import { createDeflateRaw, createInflateRaw, constants } from "node:zlib";
import type { DeflateRaw, InflateRaw } from "node:zlib";
import type { DeflateTerms } from "./case.ts";
import { Failure } from "./failure.ts";

/** What follows the payload of every message, and is not sent (RFC 7692 §7.2.1). */
const tail = Uint8Array.of(0, 0, 0xff, 0xff);

/** One direction of a compressed connection. */
export interface Direction {
  readonly noContextTakeover: boolean;
  readonly windowBits: number;
}

/** What both ends agreed on: which direction is whose. */
export interface Agreement {
  readonly server: Direction;
  readonly client: Direction;
}

export class Deflater {
  readonly #direction: Direction;
  #stream: DeflateRaw | undefined;

  constructor(direction: Direction) {
    this.#direction = direction;
  }

  /** The payload of a message, compressed and without its tail. */
  async deflate(payload: Uint8Array): Promise<Uint8Array> {
    const { noContextTakeover, windowBits } = this.#direction;
    // Raw deflate has no window of 8 bits; that of 9 bits refers back less than 256 bytes (512 less its lookahead).
    const stream = (this.#stream ??= createDeflateRaw({ windowBits: Math.max(windowBits, 9) }));
    const bytes = await through(stream, payload);
    if (noContextTakeover) this.close();
    return bytes.subarray(0, bytes.length - tail.length);
  }

  close(): void {
    this.#stream?.close();
    this.#stream = undefined;
  }
}

export class Inflater {
  readonly #direction: Direction;
  #stream: InflateRaw | undefined;

  constructor(direction: Direction) {
    this.#direction = direction;
  }

  /** The payload of a message that came compressed. A window that is larger than agreed on is a failure. */
  async inflate(payload: Uint8Array): Promise<Uint8Array> {
    const { noContextTakeover, windowBits } = this.#direction;
    // zlib looks at the window only for what lies before its output buffer: so that one has to be as small.
    const chunkSize = windowBits === 15 ? 65_536 : 2 ** windowBits;
    const stream = (this.#stream ??= createInflateRaw({ windowBits, chunkSize }));
    const bytes = await through(stream, Buffer.concat([payload, tail]));
    if (noContextTakeover) this.close();
    return bytes;
  }

  close(): void {
    this.#stream?.close();
    this.#stream = undefined;
  }
}

/** What comes out of a zlib stream for these bytes, and stays in sync for the next. */
function through(stream: DeflateRaw | InflateRaw, bytes: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    const take = (chunk: Uint8Array): void => {
      chunks.push(chunk);
    };
    const fail = (error: Error): void => reject(new Failure(`zlib: ${error.message}`));
    stream.on("data", take);
    stream.once("error", fail);
    stream.write(bytes);
    stream.flush(constants.Z_SYNC_FLUSH, () => {
      stream.off("data", take);
      stream.off("error", fail);
      resolve(Buffer.concat(chunks));
    });
  });
}

/** The header field that offers these alternatives, or answers with one (RFC 7692 §7.1). */
export function formatTerms(alternatives: readonly DeflateTerms[]): string {
  return alternatives
    .map((terms) => {
      const parts = ["permessage-deflate"];
      if (terms.serverNoContextTakeover === true) parts.push("server_no_context_takeover");
      if (terms.clientNoContextTakeover === true) parts.push("client_no_context_takeover");
      if (terms.serverMaxWindowBits !== undefined)
        parts.push(`server_max_window_bits=${terms.serverMaxWindowBits}`);
      if (terms.clientMaxWindowBits === true) parts.push("client_max_window_bits");
      else if (terms.clientMaxWindowBits !== undefined)
        parts.push(`client_max_window_bits=${terms.clientMaxWindowBits}`);
      return parts.join("; ");
    })
    .join(", ");
}

/** The terms in one member of a Sec-WebSocket-Extensions field; undefined if it breaks a rule of RFC 7692 §7.1. */
export function parseTerms(member: string): DeflateTerms | undefined {
  const [name, ...parameters] = member.split(";").map((part) => part.trim());
  if (name !== "permessage-deflate") return undefined;
  const terms: { -readonly [Key in keyof DeflateTerms]: DeflateTerms[Key] } = {};
  for (const parameter of parameters) {
    const [, key = "", value] = /^([a-z_]+)(?:\s*=\s*"?([1-9]\d*)"?)?$/.exec(parameter) ?? [];
    const field = termNames[key];
    if (field === undefined || terms[field] !== undefined) return undefined;
    if (field === "serverNoContextTakeover" || field === "clientNoContextTakeover") {
      if (value !== undefined) return undefined;
      terms[field] = true;
    } else {
      const bits = Number(value);
      if (value === undefined && field === "clientMaxWindowBits") terms[field] = true;
      else if (bits >= 8 && bits <= 15) terms[field] = bits;
      else return undefined;
    }
  }
  return terms;
}

const termNames: Readonly<Record<string, keyof DeflateTerms>> = {
  server_no_context_takeover: "serverNoContextTakeover",
  client_no_context_takeover: "clientNoContextTakeover",
  server_max_window_bits: "serverMaxWindowBits",
  client_max_window_bits: "clientMaxWindowBits",
};

/**
 * What an answer to one of these offers means. An answer that fits none is a failure: it must keep what the offer asks
 * of the server, and must not bind a client that did not offer to be bound (RFC 7692 §7.1.1, §7.1.2).
 */
export function agreeOn(offers: readonly DeflateTerms[], answer: string): Agreement {
  const terms = parseTerms(answer);
  if (terms === undefined) throw new Failure(`an invalid answer: ${answer}`);
  const offer = offers.find((each) => fitsOffer(each, terms));
  if (offer === undefined) throw new Failure(`the answer ${answer} fits none of ${formatTerms(offers)}`);
  // A value in the offer is a promise of the client, whether the answer repeats it or not (§7.1.2.2).
  const clientMaxWindowBits = terms.clientMaxWindowBits ?? offer.clientMaxWindowBits;
  return {
    server: {
      noContextTakeover: terms.serverNoContextTakeover === true,
      windowBits: terms.serverMaxWindowBits ?? 15,
    },
    client: {
      noContextTakeover: terms.clientNoContextTakeover === true,
      windowBits: typeof clientMaxWindowBits === "number" ? clientMaxWindowBits : 15,
    },
  };
}

/** The answer of a server that wants `wanted`, to a client that offers this: what the offer asks for is kept. */
export function answerTo(offer: DeflateTerms, wanted: DeflateTerms): DeflateTerms {
  const serverBits = Math.min(offer.serverMaxWindowBits ?? 15, wanted.serverMaxWindowBits ?? 15);
  const offered = offer.clientMaxWindowBits === true ? 15 : offer.clientMaxWindowBits;
  const clientBits = wanted.clientMaxWindowBits === true ? 15 : wanted.clientMaxWindowBits;
  return {
    serverNoContextTakeover: (offer.serverNoContextTakeover ?? wanted.serverNoContextTakeover) === true,
    clientNoContextTakeover: wanted.clientNoContextTakeover === true,
    ...(serverBits < 15 ? { serverMaxWindowBits: serverBits } : {}),
    ...(offered !== undefined && clientBits !== undefined
      ? { clientMaxWindowBits: Math.min(offered, clientBits) }
      : {}),
  };
}

function fitsOffer(offer: DeflateTerms, terms: DeflateTerms): boolean {
  if (offer.serverNoContextTakeover === true && terms.serverNoContextTakeover !== true) return false;
  if (offer.serverMaxWindowBits !== undefined) {
    if ((terms.serverMaxWindowBits ?? 16) > offer.serverMaxWindowBits) return false;
  }
  // In an answer it must have a value, not above the offered one.
  if (terms.clientMaxWindowBits === true) return false;
  if (terms.clientMaxWindowBits === undefined) return true;
  const offered = offer.clientMaxWindowBits;
  return offered !== undefined && terms.clientMaxWindowBits <= (offered === true ? 15 : offered);
}
