import type { TestContext } from "node:test";
import { WebSocket } from "undici";
import type { RealtimeSocketOptions, StateReason } from "../../../src/client/index.ts";
import { RealtimeSocket } from "../../../src/client/index.ts";
import { describeMessage, numberedMessage } from "./numbered-messages.ts";

/** Short times, so that a test need not wait; and a WebSocket, which Node 20 has not. */
const quick: RealtimeSocketOptions = {
  reconnect: { minDelayMs: 20, maxDelayMs: 100 },
  pollingIntervalMs: 20,
  rememberMs: 0,
  WebSocket,
};

/** A RealtimeSocket, with everything that came of it. */
export class Talker {
  readonly socket: RealtimeSocket;
  /** What it has got, described; one list for each connection that was made. */
  readonly connections: string[][] = [];
  /** Why it changed its state, each time. */
  readonly reasons: StateReason[] = [];
  readonly #waiters = new Set<() => void>();

  /** Begins to connect; comes back quickly, and ends with the test. */
  constructor(context: TestContext, url: string, options: RealtimeSocketOptions) {
    this.socket = new RealtimeSocket(url, { ...quick, ...options });
    this.socket.binaryType = "arraybuffer";
    context.after(() => this.socket.close());
    this.socket.addEventListener("open", () => void this.connections.push([]));
    this.socket.addEventListener("message", ({ data }) => {
      this.connections.at(-1)?.push(describeMessage(data as string | ArrayBuffer));
    });
    this.socket.addEventListener("statechange", ({ reason }) => void this.reasons.push(reason));
    for (const type of ["open", "message", "statechange", "close"] as const) {
      this.socket.addEventListener(type, () => {
        for (const waiter of this.#waiters) waiter();
      });
    }
  }

  /** What it has got by all connections. */
  get received(): string[] {
    return this.connections.flat();
  }

  /** Sends the messages of the client from number `from` to the one before `to`. */
  send(from: number, to: number): void {
    for (let number = from; number < to; number++) this.socket.send(numberedMessage("client", number));
  }

  /** Resolves when `condition` holds; it is looked at after every event. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!condition()) return;
        this.#waiters.delete(look);
        resolve();
      };
      this.#waiters.add(look);
      look();
    });
  }
}
