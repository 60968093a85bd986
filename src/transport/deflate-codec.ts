import { noBytes } from "../base/bytes.ts";
import type { ResolvedCompression } from "../protocol/websocket/compression-options.ts";
import type { Role } from "../protocol/websocket/frame-parser.ts";
import type { MessageCodec } from "../protocol/websocket/message-codec.ts";
import type { ExtensionOffer } from "../protocol/http/field-values.ts";
import type { DeflateParameters } from "../protocol/websocket/permessage-deflate.ts";
import { acceptOffers } from "../protocol/websocket/permessage-deflate.ts";
import type { DeflaterOptions, MessageDeflater } from "./message-deflater.ts";
import { documentedDeflater, fastDeflater } from "./message-deflater.ts";
import { documentedInflateStream, fastInflateStream, MessageInflater } from "./message-inflater.ts";
import { SlidingWindow } from "./sliding-window.ts";
import { isSyncZlibUsable, syncZlib } from "./sync-zlib.ts";

/** zlib compresses with no smaller window. */
const windowBitsLeast = 9;

/** Makes codecs, which share what does not belong to one connection alone. */
export class DeflateCodecs {
  readonly #fast: boolean;
  /** One for each set of options, of which a process has few: those of its settings, with seven windows at most. */
  readonly #deflaters = new Map<string, MessageDeflater>();
  #inflater: MessageInflater | undefined;

  /** `fast`: with zlib's inside, see `SyncZlib`; otherwise with what Node documents, several times slower. */
  constructor(fast: boolean) {
    this.#fast = fast;
  }

  /** A codec for one connection of the side `role`. */
  create(role: Role, parameters: DeflateParameters, options: ResolvedCompression): MessageCodec {
    return new DeflateCodec(this, role, parameters, options);
  }

  /** A deflater that remembers messages, for one connection. */
  createDeflater(options: DeflaterOptions): MessageDeflater {
    return this.#create(options, true);
  }

  /** The deflater without memory that all connections with the same options share; the same object each time. */
  sharedDeflater(options: DeflaterOptions): MessageDeflater {
    const key = `${options.windowBits}/${options.level}/${options.memLevel}`;
    let deflater = this.#deflaters.get(key);
    if (deflater === undefined) this.#deflaters.set(key, (deflater = this.#create(options, false)));
    return deflater;
  }

  /** The inflater of all connections. */
  get inflater(): MessageInflater {
    this.#inflater ??= new MessageInflater(
      this.#fast ? fastInflateStream(syncZlib.inflater()) : documentedInflateStream,
    );
    return this.#inflater;
  }

  #create(options: DeflaterOptions, takeover: boolean): MessageDeflater {
    const { windowBits, level, memLevel } = options;
    return this.#fast
      ? fastDeflater(syncZlib.deflater(windowBits, level, memLevel), takeover)
      : documentedDeflater(options, takeover);
  }
}

class DeflateCodec implements MessageCodec {
  readonly thresholdBytes: number;
  readonly sharedKey: object | undefined;
  readonly #codecs: DeflateCodecs;
  readonly #options: DeflaterOptions;
  /** With context takeover, made for the first message that is compressed. */
  #deflater: MessageDeflater | undefined;
  /** What the peer's messages may refer to; undefined without context takeover. */
  readonly #window: SlidingWindow | undefined;

  constructor(
    codecs: DeflateCodecs,
    role: Role,
    parameters: DeflateParameters,
    options: ResolvedCompression,
  ) {
    const { serverNoContextTakeover, clientNoContextTakeover } = parameters;
    const { serverMaxWindowBits, clientMaxWindowBits } = parameters;
    const isServer = role === "server";
    const windowBits = isServer ? serverMaxWindowBits : clientMaxWindowBits;
    const peerWindowBits = isServer ? clientMaxWindowBits : serverMaxWindowBits;
    // A server may allow no more than 8 bits, with which zlib cannot compress: then messages go uncompressed. One
    // that is compressed all the same is stored, and refers to nothing.
    const tooSmall = windowBits < windowBitsLeast;
    this.#codecs = codecs;
    this.#options = {
      windowBits: Math.max(windowBits, windowBitsLeast),
      level: tooSmall ? 0 : options.level,
      memLevel: options.memLevel,
    };
    this.thresholdBytes = tooSmall ? Number.POSITIVE_INFINITY : options.thresholdBytes;
    if (isServer ? serverNoContextTakeover : clientNoContextTakeover) {
      this.#deflater = this.sharedKey = codecs.sharedDeflater(this.#options);
    }
    if (!(isServer ? clientNoContextTakeover : serverNoContextTakeover)) {
      this.#window = new SlidingWindow(1 << peerWindowBits);
    }
  }

  compress(payload: Uint8Array): Uint8Array {
    this.#deflater ??= this.#codecs.createDeflater(this.#options);
    return this.#deflater.deflate(payload);
  }

  decompress(payload: Uint8Array, maxBytes: number): Uint8Array | "too big" | "invalid" {
    const message = this.#codecs.inflater.inflate(payload, this.#window?.bytes ?? noBytes, maxBytes);
    if (typeof message !== "string") this.#window?.append(message);
    return message;
  }

  close(): void {
    if (this.sharedKey === undefined) this.#deflater?.close();
    this.#deflater = undefined;
  }
}

let ofThisProcess: DeflateCodecs | undefined;

/**
 * The codec of one connection of the side `role`, whose handshake agreed on `parameters`. It works synchronously: a
 * message is compressed in less time than the thread pool takes to be asked.
 */
export function createMessageCodec(
  role: Role,
  parameters: DeflateParameters,
  options: ResolvedCompression,
): MessageCodec {
  ofThisProcess ??= new DeflateCodecs(isSyncZlibUsable());
  return ofThisProcess.create(role, parameters, options);
}

/**
 * The server's half of the negotiation: the value of Sec-WebSocket-Extensions, empty where there is no compression, and
 * the codec. `options` is undefined where the server does not compress.
 */
export function agreeOnCompression(
  offers: readonly ExtensionOffer[],
  options: ResolvedCompression | undefined,
): { readonly extensions: string; readonly codec: MessageCodec | undefined } {
  const agreed = options === undefined ? undefined : acceptOffers(offers, options);
  if (options === undefined || agreed === undefined) return { extensions: "", codec: undefined };
  return { extensions: agreed.field, codec: createMessageCodec("server", agreed.parameters, options) };
}
