import type { PeriodicCallback } from "./periodic-callback.ts";

/** The periodic callbacks of an application: they run while at least one of its servers does. */
export class BackgroundWork {
  readonly #callbacks: PeriodicCallback[] = [];
  #servers = 0;

  add(callback: PeriodicCallback): void {
    this.#callbacks.push(callback);
    if (this.#servers > 0) callback.start();
  }

  /** A server has begun to listen; to be told by the function returned when it ends. */
  join(): () => void {
    if (this.#servers++ === 0) for (const callback of this.#callbacks) callback.start();
    return () => {
      if (--this.#servers === 0) for (const callback of this.#callbacks) callback.stop();
    };
  }
}
