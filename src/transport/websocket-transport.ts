import { randomFillSync } from "node:crypto";
import type { Socket } from "node:net";
import { noBytes } from "../base/bytes.ts";
import type { Problem } from "../base/errors.ts";
import { describe } from "../base/errors.ts";
import type { WebSocketLimits } from "../base/limits.ts";
import type { AcceptedMessages, ConnectionEvents } from "../protocol/websocket/connection.ts";
import { WebSocketConnection } from "../protocol/websocket/connection.ts";
import type { Role } from "../protocol/websocket/frame-parser.ts";
import type { Heart, HeartbeatWheel } from "./heartbeat.ts";
import type { Traffic, Transport, TransportEvents } from "./transport.ts";

/** How a socket becomes a WebSocket. */
export interface WebSocketTransportOptions {
  readonly role: Role;
  readonly subprotocol: string;
  readonly limits: WebSocketLimits;
  readonly accepts: AcceptedMessages;
  readonly heartbeats: HeartbeatWheel;
  /** Bytes that came in the same segment as the handshake. */
  readonly head: Uint8Array;
}

/**
 * Joins a socket with the protocol: bytes read go into the connection, bytes it wrote go out, in one write for each
 * turn of the event loop. Everything with a clock is here: heartbeat, close timeout, the bound of the send queue.
 */
export class WebSocketTransport implements Transport, ConnectionEvents, Heart {
  readonly kind = "websocket";
  readonly subprotocol: string;
  readonly traffic: Traffic = { messagesReceived: 0, bytesReceived: 0, messagesSent: 0, bytesSent: 0 };
  readonly #socket: Socket;
  readonly #connection: WebSocketConnection;
  readonly #limits: WebSocketLimits;
  readonly #heartbeats: HeartbeatWheel;
  #head: Uint8Array;
  #events: TransportEvents | undefined;
  #drainWaiters: (() => void)[] = [];
  /** Bytes of the message that was sent when nothing else waited, if they are more than the limit. */
  #lone = 0;
  #isReceiving = false;
  #isFlushDue = false;
  #isPaused = false;
  /** Whether a byte came since the last ping: undefined while no ping is out. */
  #isAlive: boolean | undefined;
  #isSuspect = false;

  constructor(socket: Socket, options: WebSocketTransportOptions) {
    this.#socket = socket;
    this.subprotocol = options.subprotocol;
    this.#limits = options.limits;
    this.#heartbeats = options.heartbeats;
    this.#head = options.head;
    const { role, accepts } = options;
    const { maxMessageBytes } = options.limits;
    const masking = role === "client" ? { createMaskKey } : {};
    this.#connection = new WebSocketConnection({ role, accepts, maxMessageBytes, ...masking }, this);
  }

  start(events: TransportEvents): void {
    this.#events = events;
    const socket = this.#socket;
    socket.setTimeout(0);
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    socket.on("end", () => this.#receiveEnd());
    socket.on("close", () => this.#receiveClosed());
    // What a broken connection means is said by the "close" that follows.
    socket.on("error", () => {});
    if (this.#limits.pingIntervalMs > 0) this.#heartbeats.add(this, this.#limits.pingIntervalMs);
    if (socket.destroyed) {
      // It broke while the handshake was being answered; its "close" is in the past.
      this.#receiveClosed();
    } else if (this.#head.length > 0) {
      const head = this.#head;
      this.#head = noBytes;
      this.#receive(head);
    }
    // So may the end of the peer's stream be in the past.
    if (socket.readableEnded) this.#receiveEnd();
  }

  get isOpen(): boolean {
    return this.#connection.state === "open" && !this.#socket.destroyed;
  }

  get bufferedAmount(): number {
    return this.#connection.output.byteLength + this.#socket.writableLength;
  }

  get closeCode(): number | undefined {
    return this.#connection.closeCode;
  }

  get closeReason(): string {
    return this.#connection.closeReason;
  }

  sendText(text: string): boolean {
    const before = this.bufferedAmount;
    const bytes = this.isOpen ? this.#connection.sendText(text) : -1;
    return this.#countSent(bytes, before);
  }

  sendBinary(bytes: Uint8Array): boolean {
    const before = this.bufferedAmount;
    return this.#countSent(this.isOpen ? this.#connection.sendBinary(bytes) : -1, before);
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
    return new Promise((resolve) => {
      this.#drainWaiters.push(resolve);
    });
  }

  close(code?: number, reason?: string): void {
    this.#connection.close(code, reason);
    this.#scheduleFlush();
  }

  fail(problem: Problem): void {
    this.#connection.fail(problem);
    this.#flush();
  }

  pauseReading(): void {
    this.#isPaused = true;
    if (this.isOpen) this.#socket.pause();
  }

  resumeReading(): void {
    this.#isPaused = false;
    this.#socket.resume();
  }

  /** The heartbeat: a ping each interval, and after each ping some byte in time. */
  beat(): number | undefined {
    if (!this.isOpen) return undefined;
    const { pingIntervalMs, pingTimeoutMs } = this.#limits;
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
    this.#releaseDrainWaiters();
    this.#events?.receiveClosing(problem);
  }

  #receive(chunk: Uint8Array): void {
    if (this.#isAlive === false) this.#isAlive = true;
    this.#isReceiving = true;
    this.#connection.receive(chunk);
    this.#isReceiving = false;
    this.#flush();
    this.#checkSendQueue();
  }

  #receiveEnd(): void {
    this.#connection.receiveEnd();
    this.#flush();
  }

  #receiveClosed(): void {
    this.#connection.receiveEnd();
    const events = this.#events;
    this.#events = undefined;
    events?.receiveClosed();
  }

  #countSent(bytes: number, before: number): boolean {
    if (bytes < 0) return false;
    this.traffic.messagesSent++;
    this.traffic.bytesSent += bytes;
    if (before === 0) this.#lone = bytes > this.#limits.maxSendQueueBytes ? bytes : 0;
    this.#checkSendQueue();
    this.#scheduleFlush();
    return this.isOpen && this.bufferedAmount <= this.#limits.highWaterMarkBytes;
  }

  /** Closes a peer that does not read: past the limit, and the operating system takes no more either. */
  #checkSendQueue(): void {
    // A message of any size may go while nothing else waits; the limit is for what comes behind it.
    const limit = this.#limits.maxSendQueueBytes + this.#lone;
    if (this.bufferedAmount <= limit) return;
    this.#flush();
    const buffered = this.bufferedAmount;
    if (buffered > limit) this.fail(describe("SLOW_CONSUMER", { buffered, limit }));
  }

  /** What is sent in one turn of the event loop leaves in one write, at its end. */
  #scheduleFlush(): void {
    if (this.#isFlushDue || this.#isReceiving) return;
    this.#isFlushDue = true;
    process.nextTick(() => this.#flush());
  }

  #flush(): void {
    this.#isFlushDue = false;
    const chunks = this.#connection.output.take();
    const socket = this.#socket;
    if (chunks.length > 0 && socket.writable) {
      socket.cork();
      for (const chunk of chunks) socket.write(chunk, this.#onWritten);
      socket.uncork();
    }
    if (this.#connection.state === "closed") socket.end();
  }

  readonly #onWritten = (): void => {
    if (this.bufferedAmount <= this.#limits.maxSendQueueBytes) this.#lone = 0;
    if (this.#drainWaiters.length > 0 && this.bufferedAmount <= this.#limits.highWaterMarkBytes) {
      this.#releaseDrainWaiters();
    }
  };

  /** The peer's close frame and the end of its stream are awaited for so long, and no longer. */
  #limitClosing(): void {
    if (this.#socket.destroyed) return;
    const timer = setTimeout(() => this.#socket.destroy(), this.#limits.closeTimeoutMs);
    this.#socket.once("close", () => clearTimeout(timer));
  }

  #releaseDrainWaiters(): void {
    const waiters = this.#drainWaiters;
    this.#drainWaiters = [];
    for (const resolve of waiters) resolve();
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
