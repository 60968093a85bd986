/** Something that wants to be looked at from time to time. */
export interface Heart {
  /** Where it is on the wheel, which alone sets this; undefined when it is not on it. */
  dueTick?: number | undefined;
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
  #size = 0;
  #timer: NodeJS.Timeout | undefined;
  #tick = 0;

  constructor(tickMs: number = defaultTickMs) {
    this.#tickMs = tickMs;
  }

  /** Hearts on the wheel. */
  get size(): number {
    return this.#size;
  }

  /** Has `heart` beat in about `delayMs`. */
  add(heart: Heart, delayMs: number): void {
    const tick = this.#tick + Math.max(1, Math.ceil(delayMs / this.#tickMs));
    heart.dueTick = tick;
    this.#size++;
    const slot = this.#slots.get(tick);
    if (slot === undefined) this.#slots.set(tick, new Set([heart]));
    else slot.add(heart);
    this.#timer ??= setInterval(() => this.#turn(), this.#tickMs).unref();
  }

  /** Forgets `heart`. */
  remove(heart: Heart): void {
    if (heart.dueTick === undefined) return;
    this.#slots.get(heart.dueTick)?.delete(heart);
    heart.dueTick = undefined;
    this.#size--;
    this.#stopWhenEmpty();
  }

  #turn(): void {
    this.#tick++;
    const due = this.#slots.get(this.#tick) ?? [];
    this.#slots.delete(this.#tick);
    for (const heart of due) {
      // Another heart's beat may have removed this one.
      if (heart.dueTick !== this.#tick) continue;
      heart.dueTick = undefined;
      this.#size--;
      const delayMs = heart.beat();
      if (delayMs !== undefined) this.add(heart, delayMs);
    }
    this.#stopWhenEmpty();
  }

  #stopWhenEmpty(): void {
    if (this.#size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#slots.clear();
  }
}
