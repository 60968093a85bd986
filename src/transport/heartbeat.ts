/** Something that wants to be looked at from time to time. */
export interface Heart {
  /** Called when it is due; returns the milliseconds until it is due again, or undefined to be forgotten. */
  beat(): number | undefined;
}

/** How late a beat may be. Heartbeats are counted in tens of seconds, so this is close enough. */
const defaultTickMs = 1000;

/**
 * Calls the hearts of all connections from one timer: each tick of the wheel has the set of hearts that are due in it.
 * The timer runs only while there are hearts, and never keeps the process alive.
 */
export class HeartbeatWheel {
  readonly #tickMs: number;
  readonly #slots = new Map<number, Set<Heart>>();
  readonly #tickOf = new Map<Heart, number>();
  #timer: NodeJS.Timeout | undefined;
  #tick = 0;

  constructor(tickMs: number = defaultTickMs) {
    this.#tickMs = tickMs;
  }

  /** Hearts on the wheel. */
  get size(): number {
    return this.#tickOf.size;
  }

  /** Has `heart` beat in about `delayMs`. */
  add(heart: Heart, delayMs: number): void {
    const tick = this.#tick + Math.max(1, Math.ceil(delayMs / this.#tickMs));
    this.#tickOf.set(heart, tick);
    const slot = this.#slots.get(tick);
    if (slot === undefined) this.#slots.set(tick, new Set([heart]));
    else slot.add(heart);
    this.#timer ??= setInterval(() => this.#turn(), this.#tickMs).unref();
  }

  /** Forgets `heart`. */
  remove(heart: Heart): void {
    const tick = this.#tickOf.get(heart);
    if (tick === undefined) return;
    this.#tickOf.delete(heart);
    this.#slots.get(tick)?.delete(heart);
    this.#stopWhenEmpty();
  }

  #turn(): void {
    this.#tick++;
    const due = this.#slots.get(this.#tick) ?? [];
    this.#slots.delete(this.#tick);
    for (const heart of due) {
      // Another heart's beat may have removed this one.
      if (!this.#tickOf.delete(heart)) continue;
      const delayMs = heart.beat();
      if (delayMs !== undefined) this.add(heart, delayMs);
    }
    this.#stopWhenEmpty();
  }

  #stopWhenEmpty(): void {
    if (this.#tickOf.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#slots.clear();
  }
}
