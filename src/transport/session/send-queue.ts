import type { Problem } from "../../base/errors.ts";
import { describe } from "../../base/errors.ts";
import type { WebSocketLimits } from "../../base/limits.ts";
import { recordOverheadBytes } from "../../protocol/session/head.ts";
import { Outbox } from "../../protocol/session/outbox.ts";
import { DrainWaiters } from "../drain-waiters.ts";

/**
 * What a session has to send, under the rule for slow consumers.
 *
 * Of a client that acknowledges, everything counts until it has. Of one that does not, such as an EventSource, what has been
 * carried away counts only while the operating system has not taken it, and is kept as far as the limit allows, for the
 * case that the client comes back for it.
 */
export class SendQueue {
  readonly outbox: Outbox = new Outbox();
  readonly #limits: WebSocketLimits;
  readonly #acknowledges: boolean;
  readonly #drainWaiters = new DrainWaiters();
  /** The number of the last record that has been carried away. */
  #carried = 0;
  /** Bytes that have been carried away and have not reached the operating system. */
  #underWay = 0;
  /** Bytes of the message that was sent when nothing else waited, if they are more than the limit. */
  #lone = 0;

  constructor(limits: WebSocketLimits, acknowledges: boolean) {
    this.#limits = limits;
    this.#acknowledges = acknowledges;
  }

  get bufferedAmount(): number {
    return this.#acknowledges
      ? this.outbox.byteLength
      : this.outbox.bytesAfter(this.#carried) + this.#underWay;
  }

  get isPastHighWaterMark(): boolean {
    return this.bufferedAmount > this.#limits.highWaterMarkBytes;
  }

  add(line: string, byteLength: number): void {
    const size = byteLength + recordOverheadBytes;
    // A message of any size may go while nothing else waits; the limit is for what comes behind it.
    if (this.bufferedAmount === 0) this.#lone = size > this.#limits.maxSendQueueBytes ? size : 0;
    this.outbox.add(line, size);
  }

  /** What is wrong when too much waits. */
  findFault(): Problem | undefined {
    const limit = this.#limits.maxSendQueueBytes + this.#lone;
    const buffered = this.bufferedAmount;
    return buffered > limit ? describe("SLOW_CONSUMER", { buffered, limit }) : undefined;
  }

  /** The client has the records up to this number. */
  acknowledge(number: number): void {
    if (!this.#acknowledges) return;
    this.outbox.acknowledge(number);
    this.#noteRoom();
  }

  /** The records up to this number have been carried away, so many bytes of them not far. */
  noteCarried(number: number, underWay: number): void {
    this.#carried = Math.max(this.#carried, number);
    this.#underWay = underWay;
    if (!this.#acknowledges) this.outbox.shrink(this.#limits.maxSendQueueBytes, this.#carried);
    this.#noteRoom();
  }

  /** Nobody takes anything away any more. */
  clear(): void {
    this.outbox.acknowledge(this.outbox.last);
    this.release();
  }

  /** Resolves when no more than the high-water mark is waiting, or with `release`. */
  drained(): Promise<void> {
    return this.isPastHighWaterMark ? this.#drainWaiters.wait() : Promise.resolve();
  }

  release(): void {
    this.#drainWaiters.release();
  }

  #noteRoom(): void {
    if (this.#lone === 0 && this.#drainWaiters.isEmpty) return;
    if (this.bufferedAmount <= this.#limits.maxSendQueueBytes) this.#lone = 0;
    if (!this.isPastHighWaterMark) this.release();
  }
}
