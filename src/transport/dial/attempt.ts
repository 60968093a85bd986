import type { Socket } from "node:net";
import { handshakeTimeout } from "./handshake-error.ts";

/** How long an attempt may take, and what ends it early. */
export interface AttemptLimits {
  /** Milliseconds for all of it; undefined for no limit. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * One attempt to connect, which may take several connections (a redirect) and several layers of each (a proxy, TLS).
 * Whatever ends it, time, a signal or an error, no socket that it opened is left behind.
 */
export class Attempt {
  readonly #sockets = new Set<Socket>();
  #isOver = false;
  /** What is being waited for, as a message about the time says it. */
  stage = "";

  /**
   * Does `work`, and rejects as soon as the time is up (HANDSHAKE_TIMEOUT) or the signal is aborted (with the signal's reason).
   * The sockets are destroyed unless `isKept` says of the result that it goes on living on them.
   */
  static async run<Result>(
    limits: AttemptLimits,
    work: (attempt: Attempt) => Promise<Result>,
    isKept: (result: Result) => boolean,
  ): Promise<Result> {
    limits.signal?.throwIfAborted();
    const attempt = new Attempt();
    const ending = watch(limits, attempt);
    try {
      const result = await Promise.race([work(attempt), ending.promise]);
      if (isKept(result)) attempt.#sockets.clear();
      return result;
    } finally {
      ending.forget();
      attempt.#end();
    }
  }

  /** Takes charge of a socket. */
  hold(socket: Socket): void {
    // What breaks is told to whoever waits; a socket without a listener would end the process.
    socket.on("error", ignore);
    if (this.#isOver) socket.destroy();
    else this.#sockets.add(socket);
  }

  /** Destroys the connection that was used so far, to begin with another. */
  drop(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  #end(): void {
    this.#isOver = true;
    this.drop();
  }
}

/** A promise that rejects when time is up or the signal is aborted. */
function watch(
  { timeoutMs, signal }: AttemptLimits,
  attempt: Attempt,
): { readonly promise: Promise<never>; readonly forget: () => void } {
  const undo: (() => void)[] = [];
  const promise = new Promise<never>((_resolve, reject) => {
    if (timeoutMs !== undefined && timeoutMs > 0) {
      const timer = setTimeout(() => reject(handshakeTimeout(timeoutMs, attempt.stage)), timeoutMs);
      undo.push(() => clearTimeout(timer));
    }
    if (signal !== undefined) {
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- what the program aborted with is what it gets
      const abort = (): void => reject(signal.reason);
      signal.addEventListener("abort", abort, { once: true });
      undo.push(() => signal.removeEventListener("abort", abort));
    }
  });
  return {
    promise,
    forget: () => {
      for (const each of undo) each();
    },
  };
}

function ignore(): void {}
