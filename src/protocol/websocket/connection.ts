import { Buffer, isUtf8 } from "node:buffer";
import { noBytes } from "../../base/bytes.ts";
import type { Problem } from "../../base/errors.ts";
import { describe, errorTable } from "../../base/errors.ts";
import { CloseCode, isSendableCloseCode } from "./close-code.ts";
import type { FrameSink, Role } from "./frame-parser.ts";
import { FrameParser } from "./frame-parser.ts";
import { FrameWriter } from "./frame-writer.ts";
import type { MessageRules, MessageSink } from "./message-assembler.ts";
import { MessageAssembler } from "./message-assembler.ts";
import { MessageBuffer } from "./message-buffer.ts";
import type { MessageCodec } from "./message-codec.ts";
import { isControl, Opcode } from "./opcode.ts";
import type { SharedMessage } from "./shared-message.ts";

/** How a connection behaves. */
export interface ConnectionOptions extends MessageRules {
  readonly role: Role;
  /** A client's source of masking keys, 32 unpredictable bits each (RFC 6455 §10.3). */
  readonly createMaskKey?: () => number;
}

/** Takes what a connection receives. Every call happens inside `WebSocketConnection.receive` or `receiveEnd`. */
export interface ConnectionEvents extends MessageSink {
  /** The pong has already been written. The bytes belong to the receiver. */
  receivePing(payload: Uint8Array): void;
  receivePong(payload: Uint8Array): void;
  /** The connection left the state "open", whoever began it: nothing more will be received. Called once. */
  receiveClosing(problem: Problem | undefined): void;
}

/**
 * A WebSocket connection after its handshake, as RFC 6455 describes it and without any I/O: `receive` takes the bytes
 * that came, calls the events, and leaves the bytes to send in `output`.
 *
 * The state goes one way:
 *
 *     open ──────── close() ───────▶ closing ── the peer's close frame, or receiveEnd() ──▶ closed
 *       └─ the peer's close frame (answered), a broken rule, fail(), receiveEnd() ────────────▶ closed
 *
 * In "closing" our close frame is out and the peer's is awaited; messages are not passed on any more. In "closed"
 * nothing is sent or looked at: the transport should send what is left in `output` and end. A peer that breaks a rule
 * is not an exception: the connection fails itself with the close code of the rule (RFC 6455 §7.1.7).
 */
export class WebSocketConnection implements FrameSink {
  readonly output: FrameWriter;
  readonly #events: ConnectionEvents;
  readonly #codec: MessageCodec | undefined;
  readonly #parser: FrameParser;
  readonly #assembler: MessageAssembler;
  #state: "open" | "closing" | "closed" = "open";
  #closeCode: number | undefined;
  #closeReason = "";
  #peerClose: { readonly code: number; readonly reason: string } | undefined;
  /** The payload of a control frame that a read has cut. */
  #control: MessageBuffer | undefined;
  #frameOpcode = 0;

  constructor(options: ConnectionOptions, events: ConnectionEvents) {
    this.#events = events;
    this.#codec = options.codec;
    this.output = new FrameWriter(options.createMaskKey);
    this.#parser = new FrameParser(options.role, this, options.codec !== undefined);
    this.#assembler = new MessageAssembler(options, events);
  }

  get state(): "open" | "closing" | "closed" {
    return this.#state;
  }

  /** The code of the first close frame in either direction; 1005 if it had none, 1006 if there was no close frame. */
  get closeCode(): number | undefined {
    return this.#closeCode;
  }

  /** The reason that stood beside `closeCode`. */
  get closeReason(): string {
    return this.#closeReason;
  }

  /** Code and reason of the close frame that the peer sent, which alone count for a WebSocket of the standard; undefined if none came. */
  get peerClose(): { readonly code: number; readonly reason: string } | undefined {
    return this.#peerClose;
  }

  /** Takes the next bytes from the peer, `bytes` up to before `end`. They are unmasked in place, and not kept. */
  receive(bytes: Uint8Array, end: number = bytes.length): void {
    this.#parser.receive(bytes, end);
  }

  /** The transport has ended: nothing more will come or can be sent. */
  receiveEnd(): void {
    this.#closeCode ??= CloseCode.abnormal;
    this.#enterClosed(undefined);
  }

  /**
   * Sends a text message; its length in bytes, or -1 when the connection is not open. Where compression was agreed on,
   * `compress` says whether this message is worth it.
   */
  sendText(text: string, compress = true): number {
    if (this.#state !== "open") return -1;
    if (this.#codec === undefined || !compress || !isLong(text, this.#codec.thresholdBytes)) {
      return this.output.writeText(Opcode.text, text);
    }
    const bytes = Buffer.from(text);
    this.#writeCompressed(this.#codec, Opcode.text, bytes);
    return bytes.length;
  }

  /** Sends a binary message; its length, or -1 when the connection is not open. */
  sendBinary(bytes: Uint8Array, compress = true): number {
    if (this.#state !== "open") return -1;
    if (this.#codec === undefined || !compress || bytes.length < this.#codec.thresholdBytes) {
      this.output.writeBytes(Opcode.binary, bytes);
    } else {
      this.#writeCompressed(this.#codec, Opcode.binary, bytes);
    }
    return bytes.length;
  }

  /** Sends a message that others send as well; its length, or -1 when the connection is not open. Only for servers. */
  sendShared(message: SharedMessage): number {
    if (this.#state !== "open") return -1;
    const codec = message.mayCompress ? this.#codec : undefined;
    if (codec === undefined || message.byteLength < codec.thresholdBytes) {
      this.output.append(message.frame);
    } else if (codec.sharedKey === undefined) {
      this.#writeCompressed(codec, message.opcode, message.payload);
    } else {
      this.output.append(message.compressedFrame(codec, codec.sharedKey));
    }
    return message.byteLength;
  }

  /** Sends a ping of at most 125 bytes; false when the connection is not open. */
  sendPing(payload: Uint8Array): boolean {
    if (this.#state !== "open") return false;
    this.output.writeBytes(Opcode.ping, payload);
    return true;
  }

  /**
   * Begins the closing handshake (RFC 6455 §7.1.2). The caller has checked code and reason; without a code the close
   * frame is empty. A second call does nothing.
   */
  close(code?: number, reason = ""): void {
    if (this.#state !== "open") return;
    this.#writeClose(code, reason);
    this.#state = "closing";
    this.#assembler.stop();
    this.#events.receiveClosing(undefined);
  }

  /** Fails the connection with the close code of `problem`: nothing that comes later counts. */
  fail(problem: Problem): void {
    if (this.#state === "open") {
      const closeCode = errorTable[problem.code].closeCode;
      // The peer learns which rule it broke; what went wrong on this side is none of its business.
      this.#writeClose(closeCode, closeCode === CloseCode.internalError ? "" : problem.code);
    }
    this.#enterClosed(problem);
  }

  receiveFrame(opcode: number, fin: boolean, isCompressed: boolean, payloadLength: number): void {
    this.#frameOpcode = opcode;
    if (isControl(opcode)) return;
    const problem = this.#assembler.beginFrame(opcode, fin, isCompressed, payloadLength);
    if (problem !== undefined) this.fail(problem);
  }

  receivePayload(bytes: Uint8Array, start: number, end: number, bytesToCome: number, isAscii: boolean): void {
    if (isControl(this.#frameOpcode)) {
      this.#receiveControl(bytes, start, end, bytesToCome);
    } else {
      const problem = this.#assembler.receivePayload(bytes, start, end, bytesToCome, isAscii);
      if (problem !== undefined) this.fail(problem);
    }
  }

  receiveFrameError(problem: Problem): void {
    this.fail(problem);
  }

  #receiveControl(bytes: Uint8Array, start: number, end: number, bytesToCome: number): void {
    let payload: Uint8Array;
    if (bytesToCome > 0 || this.#control !== undefined) {
      this.#control ??= new MessageBuffer();
      this.#control.append(bytes, start, end, bytesToCome, false);
      if (bytesToCome > 0) return;
      payload = this.#control.take();
      this.#control = undefined;
    } else {
      // A copy that owns its memory; `slice` would give a view where the bytes are a Node Buffer.
      payload = new Uint8Array(bytes.subarray(start, end));
    }
    if (this.#frameOpcode === Opcode.close) this.#receiveClose(payload);
    else if (this.#frameOpcode === Opcode.ping) this.#receivePing(payload);
    else if (this.#state === "open") this.#events.receivePong(payload);
  }

  #receivePing(payload: Uint8Array): void {
    // RFC 6455 §5.5.2, §5.5.3: a ping is answered until the peer has closed, by a pong that carries the same.
    this.output.writeBytes(Opcode.pong, payload);
    if (this.#state === "open") this.#events.receivePing(payload);
  }

  #receiveClose(payload: Uint8Array): void {
    const problem = problemWithClose(payload);
    if (problem !== undefined) {
      this.fail(problem);
      return;
    }
    const code = payload.length === 0 ? undefined : (payload[0]! << 8) | payload[1]!;
    const reason = Buffer.from(payload.subarray(2)).toString();
    this.#peerClose = { code: code ?? CloseCode.noStatus, reason };
    if (this.#state === "open") {
      // RFC 6455 §5.5.1: the answer usually echoes the code; the reason is the peer's own.
      this.#writeClose(code, "");
      this.#closeReason = reason;
    }
    this.#enterClosed(undefined);
  }

  #writeCompressed(codec: MessageCodec, opcode: number, payload: Uint8Array): void {
    const compressed = codec.compress(payload);
    // Some messages do not get shorter. Any message may go uncompressed (RFC 7692 §6.1), but where the peer's window has
    // to follow ours, what was compressed has to be sent.
    if (codec.sharedKey === undefined || compressed.length < payload.length) {
      this.output.writeCompressed(opcode, compressed);
    } else {
      this.output.writeBytes(opcode, payload);
    }
  }

  #writeClose(code: number | undefined, reason: string): void {
    this.#closeCode = code ?? CloseCode.noStatus;
    this.#closeReason = reason;
    if (code === undefined) {
      this.output.writeBytes(Opcode.close, noBytes);
      return;
    }
    const payload = Buffer.allocUnsafe(2 + Buffer.byteLength(reason));
    payload.writeUInt16BE(code, 0);
    payload.write(reason, 2);
    this.output.writeBytes(Opcode.close, payload);
  }

  #enterClosed(problem: Problem | undefined): void {
    if (this.#state === "closed") return;
    const wasOpen = this.#state === "open";
    this.#state = "closed";
    this.#parser.stop();
    this.#assembler.stop();
    this.#control = undefined;
    this.#codec?.close();
    if (wasOpen) this.#events.receiveClosing(problem);
  }
}

function problemWithClose(payload: Uint8Array): Problem | undefined {
  if (payload.length === 0) return undefined;
  if (payload.length === 1) return describe("WS_CLOSE_INVALID", { got: "one byte" });
  const code = (payload[0]! << 8) | payload[1]!;
  if (!isSendableCloseCode(code)) return describe("WS_CLOSE_INVALID", { got: `code ${code}` });
  // RFC 6455 §8.1: the reason is text, too.
  return isUtf8(payload.subarray(2)) ? undefined : describe("WS_TEXT_INVALID", {});
}

/** Whether a text has so many bytes; the cheapest way to know. */
function isLong(text: string, bytes: number): boolean {
  return text.length >= bytes || (text.length * 3 >= bytes && Buffer.byteLength(text) >= bytes);
}
