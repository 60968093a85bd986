import { describe } from "../base/errors.ts";
import { Refusal } from "./refusal.ts";
import type { WebSocketSession } from "./websocket-session.ts";

/** The sessions of one server, so that closing it can close them and wait for the last `onClose`. */
export class SessionRegistry {
  readonly #sessions = new Set<WebSocketSession>();
  #isClosing = false;
  #onEmpty: (() => void) | undefined;

  get isClosing(): boolean {
    return this.#isClosing;
  }

  /** Throws a refusal once the server is closing. */
  refuseWhenClosing(): void {
    if (this.#isClosing) throw new Refusal(describe("SERVER_CLOSING", {}), [["Connection", "close"]]);
  }

  add(session: WebSocketSession): void {
    this.#sessions.add(session);
  }

  delete(session: WebSocketSession): void {
    this.#sessions.delete(session);
    if (this.#sessions.size === 0) this.#onEmpty?.();
  }

  /** Closes all sessions with 1001; resolves when the hooks of the last one have finished. */
  async close(): Promise<void> {
    this.#isClosing = true;
    const problem = describe("SERVER_CLOSING", {});
    for (const session of this.#sessions) session.fail(problem);
    if (this.#sessions.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
  }
}
