import type { FallbackLimits, WebSocketLimits } from "../../base/limits.ts";

/**
 * When a session's client was last heard of, and until when it has to be heard of again. All times are of
 * `performance.now()`.
 */
export class SessionClock {
  readonly #limits: WebSocketLimits;
  readonly #fallback: FallbackLimits;
  #heardAt: number = performance.now();
  #pingedAt: number | undefined;
  #heldUntil = Infinity;
  #timeoutMs: number;

  constructor(limits: WebSocketLimits, fallback: FallbackLimits) {
    this.#limits = limits;
    this.#fallback = fallback;
    this.#timeoutMs = fallback.sessionTimeoutMs;
  }

  /** Both sides know that it is over: what may still come, comes soon. */
  shorten(): void {
    this.#timeoutMs = Math.min(this.#limits.closeTimeoutMs, this.#fallback.sessionTimeoutMs);
  }

  /** A request came, or ended. */
  hear(): void {
    this.#heardAt = performance.now();
    this.#pingedAt = undefined;
  }

  /** A request is held back whose records the handler does not take. */
  hold(): void {
    this.#heldUntil = this.#heardAt + this.#fallback.pollTimeoutMs;
  }

  release(): void {
    this.#heldUntil = Infinity;
  }

  /** Until when a request may be held back; for ever where there is none. */
  get heldUntil(): number {
    return this.#heldUntil;
  }

  /** When the client will have stayed away for too long, unless a request of it is being answered. */
  idleAt(isAnswering: boolean): number {
    const isPresent = isAnswering || this.#heldUntil !== Infinity;
    return isPresent ? Infinity : this.#heardAt + this.#timeoutMs;
  }

  /** When the next ping is due, or the answer to the last one. */
  get pingDueAt(): number {
    const { pingIntervalMs, pingTimeoutMs } = this.#limits;
    if (pingIntervalMs === 0) return Infinity;
    return this.#pingedAt === undefined ? this.#heardAt + pingIntervalMs : this.#pingedAt + pingTimeoutMs;
  }

  /** A ping is sent now; false when the last one should have been answered by now. */
  ping(): boolean {
    if (this.#pingedAt !== undefined) {
      this.#pingedAt = undefined;
      return false;
    }
    this.#pingedAt = performance.now();
    return true;
  }
}
