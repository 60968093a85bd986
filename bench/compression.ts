import { constants, deflateRawSync, inflateRawSync } from "node:zlib";

/** What a server agreed to (RFC 7692 §7.1). */
export interface AgreedCompression {
  /** Its answer, as it stood in the header. */
  readonly text: string;
  readonly isServerTakeover: boolean;
  readonly isClientTakeover: boolean;
  /** Base-2 logarithm of the window that the client may use. */
  readonly clientWindowBits: number;
}

/** What the clients offer: like browsers for takeover, and that nothing is to be remembered otherwise. */
export const compressionOffers = {
  "no takeover":
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits",
  takeover: "permessage-deflate; client_max_window_bits",
} as const;

const windowBitsMax = 15;

/** Reads the answer to an offer; undefined when it is none. */
export function parseAgreement(text: string): AgreedCompression | undefined {
  const [name, ...parameters] = text.split(";").map((part) => part.trim());
  if (name !== "permessage-deflate") return undefined;
  const bits = /^client_max_window_bits="?(\d+)"?$/;
  const clientBits = parameters.map((parameter) => bits.exec(parameter)?.[1]).find(Boolean);
  return {
    text,
    isServerTakeover: !parameters.includes("server_no_context_takeover"),
    isClientTakeover: !parameters.includes("client_no_context_takeover"),
    clientWindowBits: clientBits === undefined ? windowBitsMax : Number(clientBits),
  };
}

/** An empty block of no compression, which every message ends with and leaves out (RFC 7692 §7.2.1). */
const tail = Buffer.from([0, 0, 0xff, 0xff]);
const finishFlush = constants.Z_SYNC_FLUSH;

/**
 * Compresses messages one after the other. With takeover the first refers to nothing, so that all of them can be sent
 * over and over: each finds before it what it refers to.
 */
export function createCompressor(agreed: AgreedCompression): (message: Buffer) => Buffer {
  const windowBits = agreed.clientWindowBits;
  const history = new History(agreed.isClientTakeover, 2 ** windowBits);
  return (message) => {
    const compressed = deflateRawSync(message, { windowBits, finishFlush, ...history.option });
    history.add(message);
    return compressed.subarray(0, compressed.length - tail.length);
  };
}

/** Inflates what a server sends, message by message. */
export function createInflater(agreed: AgreedCompression): (message: Buffer) => Buffer {
  const history = new History(agreed.isServerTakeover, 2 ** windowBitsMax);
  return (message) => {
    const inflated = inflateRawSync(Buffer.concat([message, tail]), { finishFlush, ...history.option });
    history.add(inflated);
    return inflated;
  };
}

/** The end of what was sent before, which the next message may refer to. */
class History {
  readonly #isKept: boolean;
  readonly #bytesMax: number;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(isKept: boolean, bytesMax: number) {
    this.#isKept = isKept;
    this.#bytesMax = bytesMax;
  }

  get option(): { readonly dictionary?: Buffer } {
    return this.#bytes.length === 0 ? {} : { dictionary: this.#bytes };
  }

  add(message: Buffer): void {
    if (this.#isKept) this.#bytes = Buffer.concat([this.#bytes, message]).subarray(-this.#bytesMax);
  }
}
