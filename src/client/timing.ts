/** The longest time that a timer can be set for. */
export const timerMsMax: number = 2 ** 31 - 1;

/** Resolves after so many milliseconds, or at once when the signal is aborted. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
  });
}

/**
 * A delay with full jitter: anything from 0 to a bound that doubles with each failure, so that clients who lost their server in one
 * moment do not come back in one moment.
 */
export function jitteredDelay(failures: number, minMs: number, maxMs: number): number {
  return Math.random() * Math.min(maxMs, minMs * 2 ** failures);
}

/** What `Retry-After` says, in milliseconds: seconds, or a date. 0 where it says nothing. */
export function parseRetryAfter(value: string | null): number {
  const ms = Number(value ?? 0) * 1000 || Date.parse(value ?? "") - Date.now();
  return ms > 0 ? Math.min(ms, timerMsMax / 2) : 0;
}
