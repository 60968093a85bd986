import { Buffer } from "node:buffer";
import { noBytes } from "../../base/bytes.ts";
import type { Problem } from "../../base/errors.ts";
import { describe, errorTable } from "../../base/errors.ts";
import type { FallbackLimits, WebSocketLimits } from "../../base/limits.ts";
import type { AnswerHead, CloseRecord, SessionKind } from "../../protocol/session/head.ts";
import { recordOverheadBytes } from "../../protocol/session/head.ts";
import { Outbox } from "../../protocol/session/outbox.ts";
import type { SessionRecord } from "../../protocol/session/record.ts";
import type { SessionRequest } from "../../protocol/session/request.ts";
import { CloseCode } from "../../protocol/websocket/close-code.ts";
import type { AcceptedMessages } from "../../protocol/websocket/message-assembler.ts";
import type { SharedMessage } from "../../protocol/websocket/shared-message.ts";
import type { Flushable } from "../flush-queue.ts";
import { flushLater } from "../flush-queue.ts";
import type { Heart, HeartbeatWheel } from "../heartbeat.ts";
import type { HttpExchange } from "../http-exchange.ts";
import type { Traffic, Transport, TransportEvents } from "../transport.ts";
import { Arrivals } from "./arrivals.ts";
import type { Outlet, OutletSource } from "./outlet.ts";
import { PollOutlet } from "./poll-outlet.ts";
import { encodeControl, encodeMessage, encodeShared } from "./record-encoding.ts";
import { StreamOutlet, streamHeaders } from "./stream-outlet.ts";

/** How many requests of a session wait for records: what a proxy repeated gets its answer, too. */
const outletsMax = 2;

/** Past so many bytes a client of a stream has to acknowledge, if the high-water mark is not lower than four times that. */
const ackBytesMax = 64 * 1024;

/** What a session is made with. */
export interface SessionTransportOptions {
  readonly kind: SessionKind;
  readonly token: string;
  readonly subprotocol: string;
  /** Whether the client acknowledges what it gets; an EventSource does not. */
  readonly acknowledges: boolean;
  readonly accepts: AcceptedMessages;
  readonly limits: WebSocketLimits;
  readonly fallback: FallbackLimits;
  readonly heartbeats: HeartbeatWheel;
  /** Called when nobody can come back for anything. */
  readonly forget: () => void;
}

/** A request, and how it wants to be answered. */
export interface SessionCall extends SessionRequest {
  readonly asStream: boolean;
}

/**
 * A session (docs/session-protocol.md): one client of a handler that comes back with a request again and again.
 *
 * What the handler writes goes into the outbox and stays there until it is acknowledged; the outlets, which are the
 * client's requests that wait for records, carry it away, each as far as it got. What the client sends comes through the
 * arrivals, in order and once. When the session has ended, it stays for a while to tell whoever missed it.
 */
export class SessionTransport implements Transport, OutletSource, Heart, Flushable {
  readonly kind: SessionKind;
  readonly subprotocol: string;
  readonly traffic: Traffic = { messagesReceived: 0, bytesReceived: 0, messagesSent: 0, bytesSent: 0 };
  readonly outbox: Outbox = new Outbox();
  dueTick: number | undefined;
  ending: CloseRecord | undefined;
  readonly #options: SessionTransportOptions;
  readonly #arrivals: Arrivals;
  /** Oldest first. */
  #outlets: Outlet[] = [];
  #events: TransportEvents | undefined;
  #drainWaiters: (() => void)[] | undefined;
  #closeTimer: NodeJS.Timeout | undefined;
  #closeCode: number | undefined;
  #closeReason = "";
  #requestedAt: number = performance.now();
  #pingedAt: number | undefined;
  /** The number of the last record that any outlet has carried away. */
  #carried = 0;
  /** Bytes of the message that was sent when nothing else waited, if they are more than the limit. */
  #lone = 0;
  /** Until when the answer to a request is held back whose records the handler does not take. */
  #heldUntil: number | undefined;
  #isFlushDue = false;
  #isOver = false;
  #isForgotten = false;

  constructor(options: SessionTransportOptions) {
    this.#options = options;
    this.kind = options.kind;
    this.subprotocol = options.subprotocol;
    this.#arrivals = new Arrivals((record) => this.#receiveRecord(record));
  }

  start(events: TransportEvents): void {
    this.#events = events;
    this.#schedule();
  }

  /** A request of the client; a problem if it cannot be. */
  receive(call: SessionCall, exchange: HttpExchange): Problem | undefined {
    const { ack, seq, records, close } = call;
    const { last } = this.outbox;
    if (ack > last) {
      const reason = `ack is ${ack}, but no more than ${last} records have been sent`;
      return describe("SESSION_REQUEST_INVALID", { reason });
    }
    this.#requestedAt = performance.now();
    this.#pingedAt = undefined;
    if (this.#options.acknowledges) this.outbox.acknowledge(ack);
    this.#noteRoom();
    if (call.asStream) {
      if (!exchange.isAborted) this.#addOutlet(this.#openStream(ack, exchange));
      this.#scheduleFlush();
      return undefined;
    }
    this.#heldUntil = this.#requestedAt + this.#options.fallback.pollTimeoutMs;
    this.#arrivals.add(seq, records, (isWhole) => {
      this.#heldUntil = undefined;
      if (close !== undefined && isWhole) this.#receiveClose(close.code, close.reason);
      if (!exchange.isAborted) this.#addOutlet(this.#holdPoll(call, exchange));
      this.#scheduleFlush();
    });
    this.#schedule();
    return undefined;
  }

  /** Whether a client that has seen the record of this number can go on from there. */
  reaches(number: number): boolean {
    return this.outbox.reaches(number);
  }

  get taken(): number {
    return this.#arrivals.taken;
  }

  get isOpen(): boolean {
    return this.ending === undefined && !this.#isOver;
  }

  get bufferedAmount(): number {
    if (this.#options.acknowledges) return this.outbox.byteLength;
    let bytes = this.outbox.bytesAfter(this.#carried);
    for (const { bufferedBytes } of this.#outlets) bytes += bufferedBytes;
    return bytes;
  }

  get closeCode(): number | undefined {
    return this.#closeCode ?? (this.#isOver ? CloseCode.abnormal : undefined);
  }

  get closeReason(): string {
    return this.#closeReason;
  }

  sendText(text: string): boolean {
    if (!this.isOpen) return false;
    return this.#send(encodeMessage(this.kind, text), Buffer.byteLength(text));
  }

  sendBinary(bytes: Uint8Array): boolean {
    if (!this.isOpen) return false;
    return this.#send(encodeMessage(this.kind, bytes), bytes.length);
  }

  sendShared(message: SharedMessage): boolean {
    if (!this.isOpen) return false;
    return this.#send(encodeShared(this.kind, message), message.byteLength);
  }

  sendPing(payload: Uint8Array): boolean {
    if (!this.isOpen) return false;
    this.#add(encodeControl(this.kind, "ping", payload), payload.length);
    return this.isOpen;
  }

  drained(): Promise<void> {
    if (!this.isOpen || this.bufferedAmount <= this.#options.limits.highWaterMarkBytes)
      return Promise.resolve();
    return new Promise((resolve) => {
      (this.#drainWaiters ??= []).push(resolve);
    });
  }

  close(code?: number, reason = ""): void {
    if (!this.isOpen) return;
    this.#beginClosing(code === undefined ? {} : { code, reason }, undefined);
  }

  fail(problem: Problem): void {
    if (!this.isOpen) return;
    // What a client does not take away is not kept for it any longer.
    if (problem.code === "SLOW_CONSUMER") this.outbox.acknowledge(this.outbox.last);
    const code = errorTable[problem.code].closeCode ?? CloseCode.internalError;
    const reason = problem.code === "WS_HANDLER_FAILED" ? "" : problem.code;
    this.#beginClosing({ code, reason }, problem);
    // A server that closes accepts no more requests: who waits for an answer gets it now, and nobody comes back.
    if (problem.code === "SERVER_CLOSING") this.#end();
  }

  pauseReading(): void {
    this.#arrivals.pause();
  }

  resumeReading(): void {
    this.#arrivals.resume();
  }

  /** Sends what was gathered in this turn, or is due. */
  flush(): void {
    this.#isFlushDue = false;
    const now = performance.now();
    for (const outlet of this.#outlets.slice()) {
      outlet.flush(this, now);
      this.#carried = Math.max(this.#carried, outlet.cursor);
    }
    if (!this.#options.acknowledges) {
      this.outbox.shrink(this.#options.limits.maxSendQueueBytes, this.#carried);
    }
    this.#noteRoom();
    this.#schedule();
  }

  beat(): number | undefined {
    const now = performance.now();
    if (now >= this.#idleAt()) {
      this.#lose();
      return undefined;
    }
    // The client sends the rest again, later.
    if (this.#heldUntil !== undefined && now >= this.#heldUntil) this.#arrivals.release();
    this.#ping(now);
    this.flush();
    // It has put itself back on the wheel.
    return undefined;
  }

  /** Over, without a word to the client: it has stayed away, or cannot be continued. */
  #lose(): void {
    const limit = this.#options.fallback.sessionTimeoutMs;
    if (this.isOpen) this.#events?.receiveClosing(describe("SESSION_TIMEOUT", { limit }));
    this.#end();
    this.#forget();
  }

  /** Ends a session whose client has come back for records that are not kept any more. */
  abandon(): void {
    if (this.isOpen) this.#events?.receiveClosing(undefined);
    this.#end();
    this.#forget();
  }

  #receiveRecord(record: SessionRecord): void {
    if (!this.isOpen) return;
    const problem = this.#findFault(record);
    if (problem !== undefined) this.fail(problem);
    else if (record.kind === "text") this.#receiveText(record.data);
    else this.#receiveBytes(record.kind, new Uint8Array(Buffer.from(record.base64, "base64")));
  }

  /** What a WebSocket would be closed for. */
  #findFault(record: SessionRecord): Problem | undefined {
    const { accepts, limits } = this.#options;
    const { kind } = record;
    if ((kind === "text" || kind === "binary") && accepts !== "any" && kind !== accepts) {
      return describe("WS_MESSAGE_TYPE_REFUSED", { got: kind, accepted: accepts });
    }
    const byteLength =
      record.kind === "text" ? Buffer.byteLength(record.data) : Buffer.byteLength(record.base64, "base64");
    if (byteLength > limits.maxMessageBytes) {
      return describe("WS_MESSAGE_TOO_BIG", { limit: limits.maxMessageBytes });
    }
    return undefined;
  }

  #receiveText(text: string): void {
    const byteLength = Buffer.byteLength(text);
    this.traffic.messagesReceived++;
    this.traffic.bytesReceived += byteLength;
    this.#events?.receiveText(text, byteLength);
  }

  #receiveBytes(kind: "binary" | "ping" | "pong", bytes: Uint8Array): void {
    if (kind === "binary") {
      this.traffic.messagesReceived++;
      this.traffic.bytesReceived += bytes.length;
      this.#events?.receiveBinary(bytes);
    } else if (kind === "pong") {
      this.#events?.receivePong(bytes);
    } else {
      this.#add(encodeControl(this.kind, "pong", bytes), bytes.length);
      this.#events?.receivePing(bytes);
    }
  }

  /** The client closes, or confirms that we have. */
  #receiveClose(code: number | undefined, reason: string): void {
    if (this.isOpen) {
      this.ending = code === undefined ? {} : { code, reason };
      this.#closeCode = code ?? CloseCode.noStatus;
      this.#closeReason = reason;
      this.#events?.receiveClosing(undefined);
    }
    this.outbox.acknowledge(this.outbox.last);
    this.#end();
    this.#forget();
  }

  #beginClosing(ending: CloseRecord, problem: Problem | undefined): void {
    this.ending = ending;
    this.#closeCode = ending.code ?? CloseCode.noStatus;
    this.#closeReason = ending.reason ?? "";
    this.#closeTimer = setTimeout(() => this.#end(), this.#options.limits.closeTimeoutMs);
    this.#arrivals.resume();
    this.#releaseDrainWaiters();
    this.#scheduleFlush();
    this.#events?.receiveClosing(problem);
  }

  /** It is over for the handler. */
  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#closeTimer);
    this.#arrivals.release();
    for (const outlet of this.#outlets.slice()) {
      outlet.flush(this, performance.now());
      outlet.finish(this);
    }
    this.#releaseDrainWaiters();
    const events = this.#events;
    this.#events = undefined;
    events?.receiveClosed();
  }

  /** Nobody needs it any more. */
  #forget(): void {
    this.#isForgotten = true;
    this.#options.heartbeats.remove(this);
    this.#options.forget();
  }

  #send(line: string, byteLength: number): boolean {
    this.traffic.messagesSent++;
    this.traffic.bytesSent += byteLength;
    this.#add(line, byteLength);
    return this.isOpen && this.bufferedAmount <= this.#options.limits.highWaterMarkBytes;
  }

  #add(line: string, byteLength: number): void {
    const { maxSendQueueBytes } = this.#options.limits;
    const size = byteLength + recordOverheadBytes;
    // A message of any size may go while nothing else waits; the limit is for what comes behind it.
    if (this.bufferedAmount === 0) this.#lone = size > maxSendQueueBytes ? size : 0;
    this.outbox.add(line, size);
    this.#scheduleFlush();
    const limit = maxSendQueueBytes + this.#lone;
    if (this.bufferedAmount <= limit) return;
    // What is in the way may be only this very turn, in which nothing has been carried away yet.
    if (!this.#options.acknowledges) this.flush();
    const buffered = this.bufferedAmount;
    if (buffered > limit) this.fail(describe("SLOW_CONSUMER", { buffered, limit }));
  }

  #addOutlet(outlet: Outlet): void {
    const now = performance.now();
    const waiting = this.#outlets.filter(({ dueAt }) => dueAt > now);
    this.#outlets.push(outlet);
    if (outlet.dueAt > now && waiting.length >= outletsMax) waiting[0]?.finish(this);
  }

  readonly #removeOutlet = (outlet: Outlet): void => {
    const index = this.#outlets.indexOf(outlet);
    if (index !== -1) this.#outlets.splice(index, 1);
    // From now on the client is awaited.
    this.#requestedAt = performance.now();
    this.#schedule();
  };

  #holdPoll(call: SessionCall, exchange: HttpExchange): PollOutlet {
    const { poll, records, close } = call;
    const isHeld = poll !== undefined && records.length === 0 && close === undefined;
    const heldMs = isHeld ? Math.min(poll, this.#options.fallback.pollTimeoutMs) : 0;
    return new PollOutlet(exchange, {
      cursor: call.ack,
      dueAt: performance.now() + heldMs,
      wantsRecords: poll !== undefined,
      opening: this.#tellOpening(call),
      onDone: this.#removeOutlet,
    });
  }

  #openStream(cursor: number, exchange: HttpExchange): StreamOutlet {
    const { acknowledges, token, fallback } = this.#options;
    const { heartbeatMs, streamTimeoutMs, maxStreamBytes } = fallback;
    // Streams that began together shall not end together.
    const lifeMs = streamTimeoutMs === 0 ? Infinity : streamTimeoutMs * (0.8 + Math.random() * 0.4);
    return new StreamOutlet(
      exchange.openStream(200, streamHeaders),
      this,
      {
        cursor,
        opening: this.#describeOpening(),
        idPrefix: acknowledges ? "" : `${token}:`,
        heartbeatMs,
        endsAt: performance.now() + lifeMs,
        charactersMax: maxStreamBytes,
        onDone: this.#removeOutlet,
      },
      () => this.#scheduleFlush(),
    );
  }

  #tellOpening(call: SessionCall): Partial<AnswerHead> {
    return typeof call.target === "string" ? {} : this.#describeOpening();
  }

  #describeOpening(): Partial<AnswerHead> {
    const { token, subprotocol, fallback, limits } = this.#options;
    const { sessionTimeoutMs, pollTimeoutMs, heartbeatMs } = fallback;
    return {
      session: token,
      subprotocol,
      sessionTimeoutMs,
      pollTimeoutMs,
      heartbeatMs,
      ackBytes: Math.min(ackBytesMax, Math.ceil(limits.highWaterMarkBytes / 4)),
    };
  }

  /** A stream can be dead without anybody noticing: its client is asked for a sign, and cut off if it gives none. */
  #ping(now: number): void {
    if (now < this.#pingDueAt()) return;
    if (this.#pingedAt === undefined) {
      this.#pingedAt = now;
      this.sendPing(noBytes);
    } else {
      this.#pingedAt = undefined;
      for (const stream of this.#streams) stream.destroy();
    }
  }

  get #streams(): StreamOutlet[] {
    return this.#outlets.filter((outlet) => outlet instanceof StreamOutlet);
  }

  /** When the next ping is due, or the answer to the last one. */
  #pingDueAt(): number {
    const { acknowledges, limits } = this.#options;
    if (!acknowledges || limits.pingIntervalMs === 0 || this.#streams.length === 0 || !this.isOpen) {
      return Infinity;
    }
    return this.#pingedAt === undefined
      ? this.#requestedAt + limits.pingIntervalMs
      : this.#pingedAt + limits.pingTimeoutMs;
  }

  /** When the client will have stayed away for too long; never, while a request of it is being answered. */
  #idleAt(): number {
    return this.#outlets.length > 0 || this.#heldUntil !== undefined
      ? Infinity
      : this.#requestedAt + this.#options.fallback.sessionTimeoutMs;
  }

  /** Puts itself on the wheel for whatever is due next. */
  #schedule(): void {
    if (this.#isForgotten) return;
    const { heartbeats } = this.#options;
    let dueAt = Math.min(this.#idleAt(), this.#pingDueAt(), this.#heldUntil ?? Infinity);
    for (const outlet of this.#outlets) dueAt = Math.min(dueAt, outlet.dueAt);
    heartbeats.remove(this);
    if (dueAt !== Infinity) heartbeats.add(this, Math.max(0, dueAt - performance.now()));
  }

  #scheduleFlush(): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    flushLater(this);
  }

  /** Something has been carried away or acknowledged. */
  #noteRoom(): void {
    if (this.#lone === 0 && this.#drainWaiters === undefined) return;
    const { bufferedAmount } = this;
    if (bufferedAmount <= this.#options.limits.maxSendQueueBytes) this.#lone = 0;
    if (bufferedAmount <= this.#options.limits.highWaterMarkBytes) this.#releaseDrainWaiters();
  }

  #releaseDrainWaiters(): void {
    const waiters = this.#drainWaiters;
    this.#drainWaiters = undefined;
    for (const resolve of waiters ?? []) resolve();
  }
}
