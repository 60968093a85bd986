import type { Ending, IncomingMessage, Link, LinkEvents, TransportName } from "./link.ts";
import { lost } from "./link.ts";

/** 4000 + statuses that speak of a transport, not of the visitor: this one is not to be had here, another may be. */
const transportCodes = new Set([4405, 4406, 4411, 4415, 4426, 4501]);

/** How the steps are taken. */
export interface LadderPlan {
  /** In the order in which they are tried. */
  readonly transports: readonly TransportName[];
  readonly fallbackAfterMs: number;
  /** Counted anew with every step. */
  readonly connectTimeoutMs: number;
}

/** Starts a link. */
export type StartLink = (transport: TransportName, events: LinkEvents) => Link;

/** What a ladder reports: `receiveOpen` and then the events of the winner; or `receiveEnd` alone. */
export interface LadderEvents {
  receiveOpen(link: Link, protocol: string, extensions: string): void;
  readonly receiveMessage: (message: IncomingMessage) => void;
  receiveEnd(ending: Ending): void;
}

/**
 * Transports, one beside the other: the next is started when those before it have not spoken in time, or one has failed.
 * The first to speak wins, and the others are given up. A refusal that says "not you" ends it all: the other transports lead to the same door.
 */
export class Ladder {
  readonly #plan: LadderPlan;
  readonly #start: StartLink;
  readonly #events: LadderEvents;
  readonly #links = new Set<Link>();
  #ending: Ending | undefined;
  readonly #timers: ReturnType<typeof setTimeout>[] = [];
  #started = 0;

  constructor(plan: LadderPlan, start: StartLink, events: LadderEvents) {
    this.#plan = plan;
    this.#start = start;
    this.#events = events;
    this.#startNext();
  }

  /** Gives all up, and reports nothing. */
  abandon(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const link of this.#links) link.abandon();
    this.#links.clear();
    this.#started = Infinity;
  }

  #startNext(): void {
    for (const timer of this.#timers.splice(0)) clearTimeout(timer);
    const { transports, fallbackAfterMs, connectTimeoutMs } = this.#plan;
    const transport = transports[this.#started];
    const giveUp = (): void => this.#end(lost("no answer in time"));
    this.#timers.push(setTimeout(giveUp, connectTimeoutMs));
    if (transport === undefined) return;
    this.#started++;
    if (this.#started < transports.length) {
      this.#timers.push(setTimeout(() => this.#startNext(), fallbackAfterMs));
    }
    const link = this.#start(transport, {
      ...this.#events,
      receiveOpen: (protocol, extensions) => {
        this.#links.delete(link);
        this.abandon();
        this.#events.receiveOpen(link, protocol, extensions);
      },
      receiveEnd: (ending) => {
        // The winner is none of those that are tried.
        if (this.#links.has(link)) this.#receiveFailure(link, ending);
        else this.#events.receiveEnd(ending);
      },
    });
    this.#links.add(link);
  }

  #receiveFailure(link: Link, ending: Ending): void {
    this.#links.delete(link);
    const { code, reason } = ending;
    const isOfTransport = transportCodes.has(code) || reason.startsWith("WS_TRANSPORT");
    // What may pass tells more about what to do next than "this transport is not to be had".
    if (!isOfTransport) this.#ending = ending;
    if (code !== 1006 && !isOfTransport && (code < 4500 || code === 4503)) this.#end(ending);
    else if (this.#started < this.#plan.transports.length) this.#startNext();
    else if (this.#links.size === 0) this.#end(this.#ending ?? ending);
  }

  #end(ending: Ending): void {
    this.abandon();
    this.#events.receiveEnd(ending);
  }
}
