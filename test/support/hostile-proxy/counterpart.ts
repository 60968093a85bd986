import type { HandlerContext } from "../../../src/index.ts";
import { WebSocketHandler } from "../../../src/index.ts";
import { describeMessage, numberedMessage } from "./numbered-messages.ts";

/** What a connection or session looks like from the server's side. */
export interface ServerSide {
  readonly transport: string;
  /** What it has got, described. */
  readonly received: string[];
  /** The codes with which it was closed: one, whatever happens. */
  readonly closes: number[];
}

/** A handler with what the test sees of its connections. */
export interface Counterpart {
  readonly Handler: new (context: HandlerContext) => WebSocketHandler;
  readonly sides: ServerSide[];
  /** Resolves when `condition` holds; it is looked at whenever a message or a close has come. */
  readonly until: (condition: () => boolean) => Promise<void>;
}

/** How far the server's own messages are apart. */
const tickMs = 4;

/** Makes a handler that echoes, and sends `ownCount` numbered messages of its own besides, which nobody asked for. */
export function createCounterpart(ownCount: number): Counterpart {
  const sides: ServerSide[] = [];
  const waiters = new Set<() => void>();
  const wake = (): void => {
    for (const waiter of waiters) waiter();
  };
  class CounterpartHandler extends WebSocketHandler {
    #side: ServerSide | undefined;

    override open(): void {
      this.#side = { transport: this.transport, received: [], closes: [] };
      sides.push(this.#side);
      let number = 0;
      const tick = setInterval(() => {
        if (number === ownCount || this.signal.aborted) clearInterval(tick);
        else this.writeMessage(numberedMessage("server", number++));
      }, tickMs);
    }

    override onMessage(message: string | Uint8Array): void {
      this.#side?.received.push(describeMessage(message));
      this.writeMessage(message);
      wake();
    }

    override onClose(code: number): void {
      this.#side?.closes.push(code);
      wake();
    }
  }
  const until = (condition: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!condition()) return;
        waiters.delete(look);
        resolve();
      };
      waiters.add(look);
      look();
    });
  return { Handler: CounterpartHandler, sides, until };
}
