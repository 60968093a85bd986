import { misuse } from "../base/errors.ts";
import { kindOf } from "../base/text.ts";
import type { Deadline } from "../transport/deadline.ts";
import { after } from "../transport/deadline.ts";
import { stackOf } from "../web/access-log.ts";
import { ConsoleLogger } from "./console-logger.ts";

/** How a periodic callback is called. */
export interface PeriodicCallbackOptions {
  /**
   * By how much of the interval a call may be early or late, 0 to 1, so that many processes do not do the same at the same moment: with 0.1
   * an interval of a minute takes 57 to 63 seconds. Default 0.
   */
  readonly jitter?: number;
  /** Stops it for good when it is aborted. */
  readonly signal?: AbortSignal;
  /** What is done about an exception. Default: a line of the log. */
  readonly onError?: (error: unknown) => void;
}

/** A timer takes twice as much, and jitter makes some of it longer. */
const intervalMsMax = 2 ** 30 - 1;

/**
 * Calls something again and again. It never overlaps itself: while a call is under way (it may be async), ticks are skipped, and the
 * next comes at its own time. A call that throws is logged, and does not stop it.
 *
 * `Application.every` makes one that runs while the application listens.
 *
 * @example
 * const cleaning = new PeriodicCallback(() => console.log("sweep"), 60_000, { jitter: 0.1 });
 * cleaning.start();
 * cleaning.stop();
 */
export class PeriodicCallback {
  readonly #callback: () => unknown;
  readonly #intervalMs: number;
  readonly #jitter: number;
  readonly #signal: AbortSignal | undefined;
  readonly #onError: (error: unknown) => void;
  #deadline: Deadline | undefined;
  /** When the next call is due, by the clock of `performance.now`. */
  #dueAt = 0;
  #isBusy = false;

  /**
   * @param intervalMs milliseconds between the beginnings of two calls, more than 0 and at most 1073741823 (12 days).
   * @throws WaterspoutError INTERVAL_INVALID
   */
  constructor(callback: () => unknown, intervalMs: number, options: PeriodicCallbackOptions = {}) {
    const { jitter = 0, signal, onError } = options;
    check("callback", typeof callback === "function", "a function", callback);
    check(
      "intervalMs",
      intervalMs > 0 && intervalMs <= intervalMsMax,
      `more than 0 milliseconds and at most ${intervalMsMax} (12 days)`,
      intervalMs,
    );
    check("jitter", jitter >= 0 && jitter <= 1, "from 0 to 1", jitter);
    this.#callback = callback;
    this.#intervalMs = intervalMs;
    this.#jitter = jitter;
    this.#signal = signal;
    this.#onError = onError ?? logError;
    signal?.addEventListener("abort", () => this.stop(), { once: true });
  }

  /** Whether it has been started and not stopped. */
  get isRunning(): boolean {
    return this.#deadline !== undefined;
  }

  /** Has the first call made an interval from now. Does nothing while it is running, or when its signal has been aborted. */
  start(): void {
    if (this.isRunning || this.#signal?.aborted === true) return;
    this.#dueAt = performance.now();
    this.#schedule();
  }

  /** Makes no more calls; one that is under way goes on. */
  stop(): void {
    this.#deadline?.cancel();
    this.#deadline = undefined;
  }

  #schedule(): void {
    const now = performance.now();
    const spread = 1 + this.#jitter * (Math.random() - 0.5);
    const intervalMs = this.#intervalMs * spread;
    // Ticks that have been missed are not made up for: the next is the first that is still to come.
    const missed = Math.floor(Math.max(0, now - this.#dueAt) / this.#intervalMs);
    this.#dueAt += missed * this.#intervalMs + intervalMs;
    this.#deadline = after(Math.max(1, this.#dueAt - now), () => this.#tick());
  }

  #tick(): void {
    this.#schedule();
    if (!this.#isBusy) void this.#call();
  }

  async #call(): Promise<void> {
    this.#isBusy = true;
    try {
      await this.#callback();
    } catch (error) {
      this.#report(error);
    } finally {
      this.#isBusy = false;
    }
  }

  /** Whoever is told of an error may fail in turn, which must not end the process. */
  #report(error: unknown): void {
    try {
      this.#onError(error);
    } catch (failure) {
      process.emitWarning(`what a periodic callback threw could not be reported: ${stackOf(failure)}`);
    }
  }
}

function logError(error: unknown): void {
  new ConsoleLogger().error(`Exception in a periodic callback\n${stackOf(error)}`);
}

function check(name: string, isRight: boolean, expected: string, value: unknown): void {
  if (!isRight) throw misuse("INTERVAL_INVALID", { name, expected, got: kindOf(value) });
}
