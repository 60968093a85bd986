import { Buffer, isUtf8 } from "node:buffer";
import { noBytes } from "../../base/bytes.ts";
import type { Problem } from "../../base/errors.ts";
import { describe, errorTable } from "../../base/errors.ts";
import { Utf8Validator } from "../../base/utf8.ts";
import { CloseCode, isSendableCloseCode } from "./close-code.ts";
import type { FrameSink, Role } from "./frame-parser.ts";
import { FrameParser } from "./frame-parser.ts";
import { FrameWriter } from "./frame-writer.ts";
import { MessageBuffer } from "./message-buffer.ts";
import { isControl, Opcode } from "./opcode.ts";

/** The kinds of message an application wants. */
export type AcceptedMessages = "text" | "binary" | "any";

/** How a connection behaves. */
export interface ConnectionOptions {
  readonly role: Role;
  /** Bytes of one message, all fragments together; past it the connection fails with 1009. */
  readonly maxMessageBytes: number;
  /** A message of another kind fails the connection with 1003. */
  readonly accepts: AcceptedMessages;
  /** A client's source of masking keys, 32 unpredictable bits each (RFC 6455 §10.3). */
  readonly createMaskKey?: () => number;
}

/** Takes what a connection receives. Every call happens inside `WebSocketConnection.receive` or `receiveEnd`. */
export interface ConnectionEvents {
  /** `byteLength` is the length of the text in UTF-8, as it came. */
  receiveText(text: string, byteLength: number): void;
  /** The bytes belong to the receiver. */
  receiveBinary(bytes: Uint8Array): void;
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
  readonly #options: ConnectionOptions;
  readonly #events: ConnectionEvents;
  readonly #parser: FrameParser;
  readonly #message: MessageBuffer = new MessageBuffer();
  readonly #utf8: Utf8Validator = new Utf8Validator();
  #state: "open" | "closing" | "closed" = "open";
  #closeCode: number | undefined;
  #closeReason = "";
  /** Opcode of the message whose fragments are coming in, 0 between messages. */
  #messageOpcode = 0;
  #control: MessageBuffer | undefined;
  #frameOpcode = 0;
  #frameFin = false;

  constructor(options: ConnectionOptions, events: ConnectionEvents) {
    this.#options = options;
    this.#events = events;
    this.output = new FrameWriter(options.createMaskKey);
    this.#parser = new FrameParser(options.role, this);
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

  /** Takes the next bytes from the peer. They are unmasked in place, and not kept. */
  receive(bytes: Uint8Array): void {
    this.#parser.receive(bytes);
  }

  /** The transport has ended: nothing more will come or can be sent. */
  receiveEnd(): void {
    this.#closeCode ??= CloseCode.abnormal;
    this.#enterClosed(undefined);
  }

  /** Sends a text message; its length in bytes, or -1 when the connection is not open. */
  sendText(text: string): number {
    if (this.#state !== "open") return -1;
    return this.output.writeText(Opcode.text, text);
  }

  /** Sends a binary message; its length, or -1 when the connection is not open. */
  sendBinary(bytes: Uint8Array): number {
    if (this.#state !== "open") return -1;
    this.output.writeBytes(Opcode.binary, bytes);
    return bytes.length;
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
    this.#message.take();
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

  receiveFrame(opcode: number, fin: boolean, payloadLength: number): void {
    this.#frameOpcode = opcode;
    this.#frameFin = fin;
    if (isControl(opcode)) return;
    const problem = this.#problemWithFragment(opcode, payloadLength);
    if (problem !== undefined) {
      this.fail(problem);
      return;
    }
    if (opcode !== Opcode.continuation) this.#messageOpcode = opcode;
  }

  receivePayload(piece: Uint8Array, bytesToCome: number): void {
    if (isControl(this.#frameOpcode)) this.#receiveControl(piece, bytesToCome);
    else this.#receiveMessage(piece, bytesToCome);
  }

  receiveFrameError(problem: Problem): void {
    this.fail(problem);
  }

  #problemWithFragment(opcode: number, payloadLength: number): Problem | undefined {
    const { maxMessageBytes, accepts } = this.#options;
    // RFC 6455 §5.4: fragments of one message are not interleaved with another message.
    if (opcode === Opcode.continuation) {
      if (this.#messageOpcode === 0) return describe("WS_CONTINUATION_UNEXPECTED", {});
    } else {
      if (this.#messageOpcode !== 0) return describe("WS_CONTINUATION_EXPECTED", {});
      const got = opcode === Opcode.text ? "text" : "binary";
      if (accepts !== "any" && accepts !== got)
        return describe("WS_MESSAGE_TYPE_REFUSED", { got, accepted: accepts });
    }
    // The announced length is judged, so that nothing is stored of a message that will be refused.
    if (this.#message.length + payloadLength > maxMessageBytes) {
      return describe("WS_MESSAGE_TOO_BIG", { limit: maxMessageBytes });
    }
    return undefined;
  }

  #receiveMessage(piece: Uint8Array, bytesToCome: number): void {
    const messageEnds = bytesToCome === 0 && this.#frameFin;
    if (this.#state !== "open") {
      if (messageEnds) this.#messageOpcode = 0;
    } else if (messageEnds && this.#message.length === 0) {
      this.#deliver(piece, false);
    } else if (this.#messageOpcode === Opcode.text && !this.#utf8.receive(piece)) {
      this.fail(describe("WS_TEXT_INVALID", {}));
    } else {
      this.#message.append(piece, bytesToCome);
      if (messageEnds) this.#deliver(this.#message.take(), true);
    }
  }

  /** Passes a whole message on. Bytes that are not `owned` lie in somebody else's read buffer. */
  #deliver(payload: Uint8Array, owned: boolean): void {
    const opcode = this.#messageOpcode;
    this.#messageOpcode = 0;
    if (opcode === Opcode.binary) {
      this.#events.receiveBinary(owned ? payload : copyOf(payload));
    } else if (owned ? this.#utf8.end() : isUtf8(payload)) {
      this.#events.receiveText(decodeText(payload), payload.length);
    } else {
      this.fail(describe("WS_TEXT_INVALID", {}));
    }
  }

  #receiveControl(piece: Uint8Array, bytesToCome: number): void {
    let payload: Uint8Array;
    if (bytesToCome > 0 || this.#control !== undefined) {
      this.#control ??= new MessageBuffer();
      this.#control.append(piece, bytesToCome);
      if (bytesToCome > 0) return;
      payload = this.#control.take();
      this.#control = undefined;
    } else {
      payload = copyOf(piece);
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
    if (this.#state === "open") {
      const code = payload.length === 0 ? undefined : (payload[0]! << 8) | payload[1]!;
      // RFC 6455 §5.5.1: the answer usually echoes the code; the reason is the peer's own.
      this.#writeClose(code, "");
      this.#closeReason = decodeText(payload.subarray(2));
    }
    this.#enterClosed(undefined);
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
    this.#message.take();
    this.#control = undefined;
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

/** A copy that owns its memory; `slice` would give a view where the bytes are a Node Buffer. */
function copyOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

function decodeText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
}
