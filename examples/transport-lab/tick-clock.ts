import { sharedNow } from "./tick-message.ts";

/**
 * The ticking source. It ticks whenever the shared time is a multiple of the period, so that all processes that have a
 * clock of the same rate tick together without a word between them. `phase` moves the ticks by a part of the period: in the
 * lab the transports take turns, and none waits because another has the processor.
 *
 * A process that is too busy to tick in time leaves ticks out. They are not made up for, since that would only add load where there is too much.
 */
export class TickClock {
  readonly #phase: number;
  readonly #tick: () => void;
  #ticksPerSecond = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(phase: number, tick: () => void) {
    this.#phase = phase;
    this.#tick = tick;
  }

  /** Ticks so often from now on; 0 stops it. */
  setRate(ticksPerSecond: number): void {
    this.#ticksPerSecond = ticksPerSecond;
    this.#waitAfter(sharedNow());
  }

  #waitAfter(nowMs: number): void {
    clearTimeout(this.#timer);
    if (this.#ticksPerSecond === 0) return;
    const dueMs = nextTick(nowMs, this.#ticksPerSecond, this.#phase);
    this.#timer = setTimeout(
      () => {
        this.#tick();
        // Timers may be early by the part of a millisecond that they are rounded by: the same tick is not due again.
        this.#waitAfter(Math.max(sharedNow(), dueMs + 1));
      },
      Math.max(0, dueMs - sharedNow()),
    );
  }
}

/** The time of the first tick after `nowMs`. */
export function nextTick(nowMs: number, ticksPerSecond: number, phase: number): number {
  const periodMs = 1000 / ticksPerSecond;
  return (Math.floor(nowMs / periodMs - phase) + 1 + phase) * periodMs;
}
