import { DelayHistogram } from "../metering/delay-histogram.ts";
import type { ClientSample } from "../metering/samples.ts";
import { decodeTick, sharedNow } from "../tick-message.ts";
import type { TransportName } from "../transports.ts";
import type { ClientEvents, ClientOptions, SimulatedClient } from "./client.ts";
import { PollingClient } from "./polling-client.ts";
import { SseClient } from "./sse-client.ts";
import { WebSocketClient } from "./websocket-client.ts";

/** How many may be on their way in at a time, so that no server has to refuse a connection. */
const openingMax = 50;
/** How long a client that was thrown out waits before another one takes its place. */
const returnMs = 500;

/** As many clients of one transport as are wanted. What each of them sees is counted for all. */
export class Crowd {
  readonly #transport: TransportName;
  readonly #options: ClientOptions;
  readonly #clients = new Set<SimulatedClient>();
  /** How to close those that are open. */
  readonly #leavers = new Map<SimulatedClient, () => void>();
  readonly #delays = new DelayHistogram();
  #wanted = 0;
  #opening = 0;
  #open = 0;
  #messages = 0;
  #missed = 0;
  #failures = 0;

  constructor(transport: TransportName, options: ClientOptions) {
    this.#transport = transport;
    this.#options = options;
  }

  /** Opens and closes clients until there are so many. */
  setCount(count: number): void {
    this.#wanted = count;
    // A client that is still opening stays until it is open.
    for (const leave of this.#leavers.values()) {
      if (this.#clients.size > count) leave();
    }
    this.#fill();
  }

  read(): ClientSample {
    return {
      open: this.#open,
      messages: this.#messages,
      missed: this.#missed,
      failures: this.#failures,
      delays: this.#delays.counts,
    };
  }

  #fill(): void {
    while (this.#clients.size < this.#wanted && this.#opening < openingMax) this.#add();
  }

  #add(): void {
    let isOpen = false;
    let last: number | undefined;
    this.#opening++;
    const leave = (): void => {
      this.#clients.delete(client);
      this.#leavers.delete(client);
      if (isOpen) this.#open--;
      else this.#opening--;
    };
    const events: ClientEvents = {
      receiveOpen: () => {
        isOpen = true;
        this.#opening--;
        this.#open++;
        this.#leavers.set(client, () => {
          leave();
          client.close();
        });
        if (this.#clients.size > this.#wanted) this.#leavers.get(client)?.();
        this.#fill();
      },
      receiveMessage: (message) => {
        const tick = decodeTick(message);
        if (tick === undefined) return;
        this.#messages++;
        this.#delays.add(sharedNow() - tick.sentAtMs);
        if (last !== undefined && tick.number > last + 1) this.#missed += tick.number - last - 1;
        last = tick.number;
      },
      receiveFailure: () => {
        this.#failures++;
        leave();
        setTimeout(() => this.#fill(), returnMs);
      },
    };
    const client = createClient[this.#transport](this.#options, events);
    this.#clients.add(client);
  }
}

type ClientMaker = (options: ClientOptions, events: ClientEvents) => SimulatedClient;

const createClient: Readonly<Record<TransportName, ClientMaker>> = {
  polling: (options, events) => new PollingClient("polling", options, events),
  "long-polling": (options, events) => new PollingClient("long-polling", options, events),
  sse: (options, events) => new SseClient(options, events),
  websocket: (options, events) => new WebSocketClient(options, events),
};
