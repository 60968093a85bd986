import { isUtf8 } from "node:buffer";
import type { Problem } from "../../base/errors.ts";
import { describe } from "../../base/errors.ts";
import { decodeAscii, decodeUtf8 } from "../../base/text-bytes.ts";
import { Utf8Validator } from "../../base/utf8.ts";
import { MessageBuffer } from "./message-buffer.ts";
import type { MessageCodec } from "./message-codec.ts";
import { Opcode } from "./opcode.ts";

/** The kinds of message an application wants. */
export type AcceptedMessages = "text" | "binary" | "any";

/** Takes whole messages. */
export interface MessageSink {
  /** `byteLength` is the length of the text in UTF-8. */
  receiveText(text: string, byteLength: number): void;
  /** The bytes belong to the receiver. */
  receiveBinary(bytes: Uint8Array): void;
}

/** Which messages are put together. */
export interface MessageRules {
  /** Bytes of one message, all fragments together and inflated; past it the connection fails with 1009. */
  readonly maxMessageBytes: number;
  /** A message of another kind fails the connection with 1003. */
  readonly accepts: AcceptedMessages;
  /** The extension that was agreed on, if one was. */
  readonly codec?: MessageCodec | undefined;
}

/** DEFLATE makes what it cannot compress longer by 5 bytes for each 16 KiB or more (RFC 1951 §3.2.4), and a few once. */
const expansionShift = 10;
const expansionBytes = 64;

/**
 * Puts messages together from the payloads of data frames (RFC 6455 §5.4, §5.6; RFC 7692 §7.2.2), and refuses those that
 * break a rule as soon as that is certain. A message in one frame is handed on from where it lies; of one in pieces the
 * bytes are kept and nothing else, so that a million fragments hold no more than one.
 */
export class MessageAssembler {
  readonly #maxMessageBytes: number;
  readonly #accepts: AcceptedMessages;
  readonly #codec: MessageCodec | undefined;
  readonly #sink: MessageSink;
  /** Opcode of the message whose fragments are coming in, 0 between messages. */
  #opcode = 0;
  #isLastFrame = false;
  #isCompressed = false;
  #isStopped = false;
  #pieces: MessageBuffer | undefined;
  #utf8: Utf8Validator | undefined;

  constructor(rules: MessageRules, sink: MessageSink) {
    this.#maxMessageBytes = rules.maxMessageBytes;
    this.#accepts = rules.accepts;
    this.#codec = rules.codec;
    this.#sink = sink;
  }

  /** The header of a data frame: what is wrong with it, if something is. */
  beginFrame(
    opcode: number,
    fin: boolean,
    isCompressed: boolean,
    payloadLength: number,
  ): Problem | undefined {
    const accepts = this.#accepts;
    const maxMessageBytes = this.#maxMessageBytes;
    // RFC 6455 §5.4: fragments of one message are not interleaved with another message.
    if (opcode === Opcode.continuation) {
      if (this.#opcode === 0) return describe("WS_CONTINUATION_UNEXPECTED", {});
    } else {
      if (this.#opcode !== 0) return describe("WS_CONTINUATION_EXPECTED", {});
      const got = opcode === Opcode.text ? "text" : "binary";
      if (accepts !== "any" && accepts !== got)
        return describe("WS_MESSAGE_TYPE_REFUSED", { got, accepted: accepts });
      this.#opcode = opcode;
      this.#isCompressed = isCompressed;
    }
    this.#isLastFrame = fin;
    // The announced length is judged, so that nothing is stored of a message that will be refused.
    const allowed = this.#isCompressed
      ? maxMessageBytes + (maxMessageBytes >>> expansionShift) + expansionBytes
      : maxMessageBytes;
    if ((this.#pieces?.length ?? 0) + payloadLength <= allowed) return undefined;
    return describe("WS_MESSAGE_TOO_BIG", { limit: maxMessageBytes });
  }

  /** A piece of that frame's payload, as `FrameSink.receivePayload` gets it: what is wrong with it, if something is. */
  receivePayload(
    bytes: Uint8Array,
    start: number,
    end: number,
    bytesToCome: number,
    isAscii: boolean,
  ): Problem | undefined {
    const isComplete = bytesToCome === 0 && this.#isLastFrame;
    if (this.#isStopped) {
      if (isComplete) this.#opcode = 0;
      return undefined;
    }
    if (isComplete && this.#pieces === undefined) return this.#deliverBorrowed(bytes, start, end, isAscii);
    if (this.#opcode === Opcode.text && !this.#isCompressed) {
      this.#utf8 ??= new Utf8Validator();
      if (!this.#utf8.receive(bytes, start, end, isAscii)) return describe("WS_TEXT_INVALID", {});
    }
    this.#pieces ??= new MessageBuffer();
    this.#pieces.append(bytes, start, end, bytesToCome, isAscii);
    return isComplete ? this.#deliverPieces(this.#pieces) : undefined;
  }

  /** Nothing is kept or handed on any more; whether frames follow each other as they may is still judged. */
  stop(): void {
    this.#isStopped = true;
    this.#forgetPieces();
  }

  #forgetPieces(): void {
    this.#pieces = undefined;
    this.#utf8 = undefined;
  }

  /** Hands on a message that lies whole in somebody else's memory. */
  #deliverBorrowed(bytes: Uint8Array, start: number, end: number, isAscii: boolean): Problem | undefined {
    const opcode = this.#opcode;
    this.#opcode = 0;
    if (this.#isCompressed) return this.#inflate(opcode, bytes.subarray(start, end));
    if (opcode === Opcode.binary) {
      this.#sink.receiveBinary(new Uint8Array(bytes.subarray(start, end)));
      return undefined;
    }
    return this.#deliverText(bytes, start, end, isAscii);
  }

  #deliverPieces(pieces: MessageBuffer): Problem | undefined {
    const opcode = this.#opcode;
    const isValid = this.#utf8?.end() ?? true;
    this.#opcode = 0;
    this.#forgetPieces();
    if (this.#isCompressed) return this.#inflate(opcode, pieces.take());
    if (!isValid) return describe("WS_TEXT_INVALID", {});
    if (opcode === Opcode.binary) this.#sink.receiveBinary(pieces.take());
    else this.#deliverTextOf(pieces);
    return undefined;
  }

  #deliverTextOf(pieces: MessageBuffer): void {
    const { length } = pieces;
    this.#sink.receiveText(pieces.takeText(), length);
  }

  #inflate(opcode: number, payload: Uint8Array): Problem | undefined {
    const maxMessageBytes = this.#maxMessageBytes;
    const inflated = this.#codec?.decompress(payload, maxMessageBytes) ?? "invalid";
    if (inflated === "too big") return describe("WS_MESSAGE_TOO_BIG", { limit: maxMessageBytes });
    if (inflated === "invalid") return describe("WS_DEFLATE_INVALID", {});
    if (opcode === Opcode.text) return this.#deliverText(inflated, 0, inflated.length, false);
    this.#sink.receiveBinary(new Uint8Array(inflated));
    return undefined;
  }

  #deliverText(bytes: Uint8Array, start: number, end: number, isAscii: boolean): Problem | undefined {
    const text = isAscii ? decodeAscii(bytes, start, end) : decodeUtf8(bytes, start, end);
    // Only a text that was not valid, or that has this character itself, has it now.
    if (!isAscii && text.includes("\ufffd") && !isUtf8(bytes.subarray(start, end))) {
      return describe("WS_TEXT_INVALID", {});
    }
    this.#sink.receiveText(text, end - start);
    return undefined;
  }
}
