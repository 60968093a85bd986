import { randomFillSync } from "node:crypto";
import { noBytes } from "../base/bytes.ts";
import type { Problem } from "../base/errors.ts";
import { describe } from "../base/errors.ts";
import type { WebSocketLimits } from "../base/limits.ts";
import type { AcceptedMessages } from "../protocol/websocket/message-assembler.ts";
import type { ConnectionEvents } from "../protocol/websocket/connection.ts";
import { WebSocketConnection } from "../protocol/websocket/connection.ts";
import type { Role } from "../protocol/websocket/frame-parser.ts";
import type { MessageCodec } from "../protocol/websocket/message-codec.ts";
import type { SharedMessage } from "../protocol/websocket/shared-message.ts";
import type { ByteStream, ByteStreamEvents } from "./byte-stream.ts";
import { DrainWaiters } from "./drain-waiters.ts";
import type { Flushable } from "./flush-queue.ts";
import { flushLater } from "./flush-queue.ts";
import type { Heart, HeartbeatWheel } from "./heartbeat.ts";
import type { Traffic, Transport, TransportEvents } from "./transport.ts";

/** How a byte stream becomes a WebSocket. */
export interface WebSocketTransportOptions {
  readonly role: Role;
  readonly subprotocol: string;
  readonly limits: WebSocketLimits;
  readonly accepts: AcceptedMessages;
  readonly heartbeats: HeartbeatWheel;
  /** Bytes that came in the same segment as the handshake. */
  readonly head: Uint8Array;
  /** The compression that was agreed on, if it was. */
  readonly codec?: MessageCodec | undefined;
  /** Called when the stream is closed. */
  readonly forget?: (stream: ByteStream) => void;
  /** Whether an empty text goes ahead of everything, which tells the client that this WebSocket gets through. */
  readonly saysHello?: boolean | undefined;
}

/** The most bytes of UTF-8 that one UTF-16 code unit becomes. */
const bytesPerCharacterMax = 3;

/** The longest header of a frame. */
const headerBytesMax = 14;

/** How much more than its limit may wait within a turn where a stream cannot write before the turn is over. */
const patience = 4;

/**
 * Joins a byte stream with the protocol: bytes read go into the connection, bytes it wrote go out, in one write for each
 * turn of the event loop. Everything with a clock is here: heartbeat, close timeout, the bound of the send queue.
 */
export class WebSocketTransport implements Transport, ConnectionEvents, ByteStreamEvents, Heart, Flushable {
  readonly kind = "websocket";
  readonly subprotocol: string;
  readonly traffic: Traffic = { messagesReceived: 0, bytesReceived: 0, messagesSent: 0, bytesSent: 0 };
  dueTick: number | undefined;
  readonly #stream: ByteStream;
  readonly #connection: WebSocketConnection;
  readonly #role: Role;
  readonly #limits: WebSocketLimits;
  readonly #heartbeats: HeartbeatWheel;
  readonly #forget: ((stream: ByteStream) => void) | undefined;
  #head: Uint8Array;
  #events: TransportEvents | undefined;
  readonly #drainWaiters = new DrainWaiters();
  #closeTimer: NodeJS.Timeout | undefined;
  /** Bytes of the message that was sent when nothing else waited, if they are more than the limit. */
  #lone = 0;
  #isReceiving = false;
  #isFlushDue = false;
  #isPaused = false;
  /** Whether a byte came since the last ping: undefined while no ping is out. */
  #isAlive: boolean | undefined;
  #isSuspect = false;
  /** Bytes that waited when the send queue was found too long, until that is looked at again. */
  #suspectBytes: number | undefined;

  constructor(stream: ByteStream, options: WebSocketTransportOptions) {
    const { role, accepts, codec, limits } = options;
    this.#stream = stream;
    this.subprotocol = options.subprotocol;
    this.#role = role;
    this.#limits = limits;
    this.#heartbeats = options.heartbeats;
    this.#forget = options.forget;
    this.#head = options.head;
    const { maxMessageBytes } = limits;
    const masking = role === "client" ? { createMaskKey } : undefined;
    this.#connection = new WebSocketConnection({ role, accepts, maxMessageBytes, codec, ...masking }, this);
    if (options.saysHello !== true) return;
    this.#connection.sendText("", false);
    this.#scheduleFlush();
  }

  start(events: TransportEvents): void {
    this.#events = events;
    if (this.#limits.pingIntervalMs > 0) this.#heartbeats.add(this, this.#limits.pingIntervalMs);
    const head = this.#head;
    this.#head = noBytes;
    this.#stream.start(this, head);
  }

  get isOpen(): boolean {
    return this.#connection.state === "open" && !this.#stream.isDestroyed;
  }

  get bufferedAmount(): number {
    return this.#connection.output.byteLength + this.#stream.pendingBytes;
  }

  get closeCode(): number | undefined {
    return this.#connection.closeCode;
  }

  get closeReason(): string {
    return this.#connection.closeReason;
  }

  get peerClose(): { readonly code: number; readonly reason: string } | null {
    return this.#connection.peerClose ?? null;
  }

  sendText(text: string, compress?: boolean): boolean {
    if (!this.isOpen) return false;
    const wasIdle = this.#isIdleFor(text.length);
    return this.#countSent(this.#connection.sendText(text, compress), wasIdle);
  }

  sendBinary(bytes: Uint8Array, compress?: boolean): boolean {
    if (!this.isOpen) return false;
    const wasIdle = this.#isIdleFor(bytes.length);
    return this.#countSent(this.#connection.sendBinary(bytes, compress), wasIdle);
  }

  sendShared(message: SharedMessage): boolean {
    if (!this.isOpen) return false;
    const wasIdle = this.#isIdleFor(message.byteLength);
    return this.#countSent(this.#connection.sendShared(message), wasIdle);
  }

  sendPing(payload: Uint8Array): boolean {
    const sent = this.isOpen && this.#connection.sendPing(payload);
    if (!sent) return false;
    this.#checkSendQueue();
    this.#scheduleFlush();
    return this.isOpen;
  }

  drained(): Promise<void> {
    if (!this.isOpen || this.bufferedAmount <= this.#limits.highWaterMarkBytes) return Promise.resolve();
    return this.#drainWaiters.wait();
  }

  close(code?: number, reason?: string): void {
    this.#connection.close(code, reason);
    this.#scheduleFlush();
  }

  fail(problem: Problem): void {
    this.#connection.fail(problem);
    this.flush();
  }

  pauseReading(): void {
    this.#isPaused = true;
    if (this.isOpen) this.#stream.pauseReading();
  }

  resumeReading(): void {
    this.#isPaused = false;
    this.#stream.resumeReading();
  }

  /** The heartbeat: a ping each interval, and after each ping some byte in time. */
  beat(): number | undefined {
    if (!this.isOpen) return undefined;
    const { pingIntervalMs, pingTimeoutMs } = this.#limits;
    // A client that reads slowly may have a server that has ended meanwhile: a ping would draw a reset, which throws away
    // what was sent before and has not been read yet. A server wants to know whether its client is still there.
    if (this.#isPaused && this.#role === "client") return pingIntervalMs;
    if (this.#isAlive === undefined) {
      this.#isAlive = false;
      this.#isSuspect = false;
      this.sendPing(noBytes);
      return pingTimeoutMs;
    }
    // While we do not read, silence is our own doing.
    if (this.#isAlive || this.#isPaused) {
      this.#isAlive = undefined;
      return Math.max(0, pingIntervalMs - pingTimeoutMs);
    }
    // After a long pause of this very process the answer may wait unread: one more turn of the event loop tells.
    if (!this.#isSuspect) {
      this.#isSuspect = true;
      return 0;
    }
    this.fail(describe("HEARTBEAT_TIMEOUT", { limit: pingTimeoutMs }));
    return undefined;
  }

  receiveText(text: string, byteLength: number): void {
    this.traffic.messagesReceived++;
    this.traffic.bytesReceived += byteLength;
    this.#events?.receiveText(text, byteLength);
  }

  receiveBinary(bytes: Uint8Array): void {
    this.traffic.messagesReceived++;
    this.traffic.bytesReceived += bytes.length;
    this.#events?.receiveBinary(bytes);
  }

  receivePing(payload: Uint8Array): void {
    this.#events?.receivePing(payload);
  }

  receivePong(payload: Uint8Array): void {
    this.#events?.receivePong(payload);
  }

  receiveClosing(problem: Problem | undefined): void {
    this.#heartbeats.remove(this);
    this.#limitClosing();
    // The answer to our close frame, and the end of the stream, must be read.
    this.resumeReading();
    this.#drainWaiters.release();
    this.#events?.receiveClosing(problem);
  }

  receive(bytes: Uint8Array, end: number): void {
    if (this.#isAlive === false) this.#isAlive = true;
    this.#isReceiving = true;
    try {
      this.#connection.receive(bytes, end);
    } finally {
      this.#isReceiving = false;
    }
    this.flush();
    this.#checkSendQueue();
  }

  receiveEnd(): void {
    this.#connection.receiveEnd();
    this.flush();
  }

  receiveWritten(): void {
    if (this.#lone === 0 && this.#drainWaiters.isEmpty) return;
    const { bufferedAmount } = this;
    if (bufferedAmount <= this.#limits.maxSendQueueBytes) this.#lone = 0;
    if (bufferedAmount <= this.#limits.highWaterMarkBytes) this.#drainWaiters.release();
  }

  receiveClosed(): void {
    clearTimeout(this.#closeTimer);
    this.#forget?.(this.#stream);
    this.#connection.receiveEnd();
    const events = this.#events;
    this.#events = undefined;
    events?.receiveClosed();
  }

  /** Sends what has been gathered. */
  flush(): void {
    this.#isFlushDue = false;
    if (this.#connection.output.byteLength > 0 && !this.#stream.isDestroyed) {
      this.#write();
      // Usually the operating system has taken it all by now.
      this.receiveWritten();
    }
    if (this.#connection.state === "closed") this.#stream.end();
  }

  /** Whether nothing waits; only asked for a message of so many characters or bytes that it could be past the limit. */
  #isIdleFor(length: number): boolean {
    return (
      length * bytesPerCharacterMax + headerBytesMax > this.#limits.maxSendQueueBytes &&
      this.bufferedAmount === 0
    );
  }

  /** Counts a message of so many bytes; `wasIdle` is what `#isIdleFor` said before. */
  #countSent(bytes: number, wasIdle: boolean): boolean {
    this.traffic.messagesSent++;
    this.traffic.bytesSent += bytes;
    this.#scheduleFlush();
    const { maxSendQueueBytes, highWaterMarkBytes } = this.#limits;
    if (wasIdle) this.#lone = bytes + headerBytesMax > maxSendQueueBytes ? bytes + headerBytesMax : 0;
    const buffered = this.bufferedAmount;
    if (buffered <= highWaterMarkBytes && buffered <= maxSendQueueBytes) return true;
    this.#checkSendQueue();
    return this.isOpen && this.bufferedAmount <= highWaterMarkBytes;
  }

  /** Closes a peer that does not read: past the limit, and the operating system takes no more either. */
  #checkSendQueue(): void {
    // A message of any size may go while nothing else waits; the limit is for what comes behind it.
    const limit = this.#limits.maxSendQueueBytes + this.#lone;
    if (this.bufferedAmount <= limit) return;
    this.flush();
    const buffered = this.bufferedAmount;
    if (buffered <= limit) return;
    if (this.#stream.writesAtOnce || buffered > patience * limit) {
      this.fail(describe("SLOW_CONSUMER", { buffered, limit }));
    } else if (this.#suspectBytes === undefined) {
      this.#suspectBytes = buffered;
      setImmediate(() => this.#judgeSuspect());
    }
  }

  /** Where writing takes until the next turn: it is slow who has taken nothing by then. */
  #judgeSuspect(): void {
    const before = this.#suspectBytes ?? 0;
    this.#suspectBytes = undefined;
    const limit = this.#limits.maxSendQueueBytes + this.#lone;
    const buffered = this.bufferedAmount;
    if (!this.isOpen || buffered <= limit) return;
    if (buffered >= before) this.fail(describe("SLOW_CONSUMER", { buffered, limit }));
    else this.#checkSendQueue();
  }

  /** Hands what was gathered to the stream. */
  #write(): void {
    try {
      this.#stream.write(this.#connection.output.take());
    } catch (error) {
      // The memory of a message is gone: its frame cannot be completed, and nothing may follow half of one.
      process.emitWarning(`a message changed before it was sent, its connection is cut: ${String(error)}`);
      this.#stream.destroy();
    }
  }

  /** What is sent in one turn of the event loop leaves in one write, at its end. */
  #scheduleFlush(): void {
    if (this.#isFlushDue || this.#isReceiving) return;
    this.#isFlushDue = true;
    flushLater(this);
  }

  /** The peer's close frame and the end of its stream are awaited for so long, and no longer. */
  #limitClosing(): void {
    if (this.#stream.isDestroyed) return;
    this.#closeTimer = setTimeout(() => this.#stream.destroy(), this.#limits.closeTimeoutMs);
  }
}

const maskKeys = new Uint32Array(256);
let maskKeysUsed = maskKeys.length;

/** 32 unpredictable bits (RFC 6455 §10.3); the generator is asked for many at once, since each call of it is expensive. */
export function createMaskKey(): number {
  if (maskKeysUsed === maskKeys.length) {
    randomFillSync(maskKeys);
    maskKeysUsed = 0;
  }
  return maskKeys[maskKeysUsed++]!;
}
