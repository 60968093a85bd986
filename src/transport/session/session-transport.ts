import { Buffer } from "node:buffer";
import { noBytes } from "../../base/bytes.ts";
import type { Problem } from "../../base/errors.ts";
import { describe, errorTable } from "../../base/errors.ts";
import type { AnswerHead, CloseRecord, SessionKind } from "../../protocol/session/head.ts";
import type { Outbox } from "../../protocol/session/outbox.ts";
import type { SessionRecord } from "../../protocol/session/record.ts";
import { CloseCode } from "../../protocol/websocket/close-code.ts";
import type { SharedMessage } from "../../protocol/websocket/shared-message.ts";
import type { Flushable } from "../flush-queue.ts";
import { flushLater } from "../flush-queue.ts";
import type { Heart } from "../heartbeat.ts";
import type { HttpExchange } from "../http-exchange.ts";
import type { Traffic, Transport, TransportEvents } from "../transport.ts";
import { Arrivals } from "./arrivals.ts";
import { findCallFault } from "./call-check.ts";
import type { OutletSource } from "./outlet.ts";
import { Outlets } from "./outlets.ts";
import { findRecordFault } from "./record-check.ts";
import { encodeControl, encodeMessage, encodeShared } from "./record-encoding.ts";
import { SendQueue } from "./send-queue.ts";
import { SessionClock } from "./session-clock.ts";
import type { SessionCall, SessionTransportOptions } from "./session-options.ts";

/** Past so many bytes a client of a stream has to acknowledge, if the high-water mark is not lower than four times that. */
const ackBytesMax = 64 * 1024;

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
  dueTick: number | undefined;
  ending: CloseRecord | undefined;
  readonly #options: SessionTransportOptions;
  readonly #queue: SendQueue;
  readonly #arrivals: Arrivals;
  readonly #clock: SessionClock;
  readonly #outlets: Outlets;
  #events: TransportEvents | undefined;
  #closeTimer: NodeJS.Timeout | undefined;
  #closeCode: number | undefined;
  #closeReason = "";
  /** When the beat is due for which it is on the wheel. */
  #beatAt = Infinity;
  #isFlushDue = false;
  #isOver = false;
  #isForgotten = false;

  constructor(options: SessionTransportOptions) {
    this.#options = options;
    this.kind = options.kind;
    this.subprotocol = options.subprotocol;
    this.#queue = new SendQueue(options.limits, options.acknowledges);
    this.#clock = new SessionClock(options.limits, options.fallback);
    this.#outlets = new Outlets(this, {
      limits: options.fallback,
      idPrefix: options.acknowledges ? "" : `${options.token}:`,
      onRoom: () => this.#scheduleFlush(),
      // From now on the client is awaited.
      onDone: () => {
        this.#clock.hear();
        this.#schedule();
      },
    });
    this.#arrivals = new Arrivals((record) => this.#receiveRecord(record));
  }

  start(events: TransportEvents): void {
    this.#events = events;
    this.#schedule();
  }

  /** A request of the client; a problem if it cannot be. */
  receive(call: SessionCall, exchange: HttpExchange): Problem | undefined {
    const { ack, seq, records } = call;
    const problem = findCallFault(this.kind, call, this.outbox.last);
    if (problem !== undefined) return problem;
    this.#clock.hear();
    this.#queue.acknowledge(ack);
    if (call.asStream) {
      if (!exchange.isAborted) this.#outlets.addStream(exchange, ack, this.#describeOpening());
      this.#scheduleFlush();
      return undefined;
    }
    // Who sends nothing has not given up on what waits to be read.
    if (records.length === 0) {
      this.#answer(call, exchange, seq <= this.taken + 1);
    } else {
      // A request that is held already is answered first: its answer ends its holding, not that of this one.
      this.#arrivals.release();
      this.#clock.hold();
      this.#arrivals.add(seq, records, (isWhole) => {
        this.#clock.release();
        this.#answer(call, exchange, isWhole);
      });
    }
    this.#schedule();
    return undefined;
  }

  /** Has a request answered whose records have been taken, or will have to be sent again. */
  #answer(call: SessionCall, exchange: HttpExchange, isWhole: boolean): void {
    const { ack, records, close, poll } = call;
    if (close !== undefined && isWhole) this.#receiveClose(close.code, close.reason);
    // What brings something is answered at once: that answer is an acknowledgement.
    const bringsSomething = records.length > 0 || close !== undefined;
    const heldMs = bringsSomething && poll !== undefined ? 0 : poll;
    const opening = typeof call.target === "string" ? {} : this.#describeOpening();
    if (!exchange.isAborted) this.#outlets.addPoll(exchange, { ack, heldMs, opening });
    this.#scheduleFlush();
  }

  /** Whether a client that has the records up to this number can go on from there. */
  canContinue(number: number): boolean {
    return this.#options.acknowledges || this.outbox.reaches(number);
  }

  /** Whether there is nothing left to say to a client that has the records up to this number. */
  isFinishedFor(number: number): boolean {
    return !this.isOpen && number >= this.outbox.last;
  }

  /** The client knows that the session has ended: nobody has to wait for it any more. */
  confirmEnd(): void {
    this.#end();
  }

  get outbox(): Outbox {
    return this.#queue.outbox;
  }

  get taken(): number {
    return this.#arrivals.taken;
  }

  get isOpen(): boolean {
    return this.ending === undefined && !this.#isOver;
  }

  get bufferedAmount(): number {
    return this.#queue.bufferedAmount;
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
    return this.isOpen ? this.#queue.drained() : Promise.resolve();
  }

  close(code?: number, reason = ""): void {
    if (!this.isOpen) return;
    this.#beginClosing(code === undefined ? {} : { code, reason }, undefined);
  }

  fail(problem: Problem): void {
    if (!this.isOpen) {
      // Nobody can come to confirm what was closed before.
      if (problem.code === "SERVER_CLOSING") this.#end();
      return;
    }
    // What a client does not take away is not kept for it any longer.
    if (problem.code === "SLOW_CONSUMER") this.#queue.clear();
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
    const { carried, underWay } = this.#outlets.flush();
    this.#queue.noteCarried(carried, underWay);
    this.#schedule();
  }

  beat(): number | undefined {
    const now = performance.now();
    if (now >= this.#clock.idleAt(!this.#outlets.isEmpty)) {
      this.#lose();
      return undefined;
    }
    // The client sends the rest again, later.
    if (now >= this.#clock.heldUntil) this.#arrivals.release();
    if (now >= this.#pingDueAt) this.#ping();
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
    const { accepts, limits } = this.#options;
    const problem = findRecordFault(record, accepts, limits.maxMessageBytes);
    if (problem !== undefined) this.fail(problem);
    else if (record.kind === "text") this.#receiveText(record.data);
    else this.#receiveBytes(record.kind, new Uint8Array(Buffer.from(record.base64, "base64")));
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
    this.#queue.clear();
    this.#end();
    // Requests that were under way, or that a proxy repeats, get the same answer for a while.
    this.#clock.shorten();
    this.#options.retire();
    this.#schedule();
  }

  #beginClosing(ending: CloseRecord, problem: Problem | undefined): void {
    this.ending = ending;
    this.#closeCode = ending.code ?? CloseCode.noStatus;
    this.#closeReason = ending.reason ?? "";
    this.#closeTimer = setTimeout(() => this.#end(), this.#options.limits.closeTimeoutMs);
    this.#arrivals.resume();
    this.#queue.release();
    this.#scheduleFlush();
    this.#events?.receiveClosing(problem);
  }

  /** It is over for the handler. */
  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#closeTimer);
    this.#arrivals.release();
    this.#outlets.finish();
    this.#queue.release();
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
    return this.isOpen && !this.#queue.isPastHighWaterMark;
  }

  #add(line: string, byteLength: number): void {
    this.#queue.add(line, byteLength);
    this.#scheduleFlush();
    if (this.#queue.findFault() === undefined) return;
    // What is in the way may be only this very turn, in which nothing has been carried away yet.
    this.flush();
    const problem = this.#queue.findFault();
    if (problem !== undefined) this.fail(problem);
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
  #ping(): void {
    if (this.#clock.ping()) this.sendPing(noBytes);
    else this.#outlets.destroyStreams();
  }

  get #pingDueAt(): number {
    const isAsked = this.isOpen && this.#options.acknowledges && this.#outlets.hasStream;
    return isAsked ? this.#clock.pingDueAt : Infinity;
  }

  /** Puts itself on the wheel for whatever is due next. */
  #schedule(): void {
    if (this.#isForgotten) return;
    const { heartbeats } = this.#options;
    const idleAt = this.#clock.idleAt(!this.#outlets.isEmpty);
    const dueAt = Math.min(idleAt, this.#clock.heldUntil, this.#pingDueAt, this.#outlets.dueAt);
    // Whatever is due later is seen to by the beat that comes before it.
    if (dueAt === Infinity || (this.dueTick !== undefined && dueAt >= this.#beatAt)) return;
    heartbeats.remove(this);
    heartbeats.add(this, Math.max(0, dueAt - performance.now()));
    this.#beatAt = dueAt;
  }

  #scheduleFlush(): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    flushLater(this);
  }
}
