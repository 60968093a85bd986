import type { ClientEvents, ClientOptions, SimulatedClient } from "./client.ts";
import { sayGoodbye } from "./goodbye.ts";
import { HttpConnection } from "./http-connection.ts";
import { Session } from "./session.ts";

/**
 * A client that asks again and again: at intervals, without the server holding the answer back, or always, and then the
 * server answers when it has something.
 */
export class PollingClient implements SimulatedClient {
  readonly #events: ClientEvents;
  readonly #options: ClientOptions;
  readonly #isLong: boolean;
  readonly #connection: HttpConnection;
  readonly #session: Session;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(transport: "polling" | "long-polling", options: ClientOptions, events: ClientEvents) {
    this.#events = events;
    this.#options = options;
    this.#isLong = transport === "long-polling";
    this.#connection = new HttpConnection(options.origin, "*/*");
    this.#session = new Session(transport, (message) => events.receiveMessage(message));
    this.#poll();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    if (this.#session.isOpen && !this.#session.isOver) {
      sayGoodbye(this.#options.origin, this.#session);
    }
    this.#connection.destroy();
  }

  #poll(): void {
    const startedAt = performance.now();
    const wasOpen = this.#session.isOpen;
    let status = 0;
    const parts: Buffer[] = [];
    // The opening is not held: what is agreed on in it comes first.
    const poll = this.#isLong && wasOpen ? this.#session.pollTimeoutMs : 0;
    this.#connection.post(this.#session.head({ poll }), {
      receiveHead: (received) => (status = received),
      receiveBody: (bytes) => parts.push(bytes),
      receiveEnd: () => {
        if (status !== 200) {
          this.#fail();
          return;
        }
        this.#session.receiveAnswer(Buffer.concat(parts).toString());
        if (!wasOpen) this.#events.receiveOpen();
        // Whoever was told that it is open may have closed it at once.
        if (this.#isClosed) return;
        if (this.#session.isOver) this.#fail();
        else this.#pollAgain(startedAt, wasOpen);
      },
      receiveLoss: () => this.#fail(),
    });
  }

  #pollAgain(startedAt: number, wasOpen: boolean): void {
    if (this.#isLong) {
      this.#poll();
      return;
    }
    const intervalMs = this.#options.pollIntervalMs();
    // Clients that were opened together would ask together for ever, which pages that people open do not.
    const waitMs = wasOpen ? intervalMs - (performance.now() - startedAt) : Math.random() * intervalMs;
    this.#timer = setTimeout(() => this.#poll(), Math.max(0, waitMs));
  }

  #fail(): void {
    this.#connection.destroy();
    this.#events.receiveFailure();
  }
}
