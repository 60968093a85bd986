import type { FallbackLimits } from "../../base/limits.ts";
import type { AnswerHead } from "../../protocol/session/head.ts";
import type { HttpExchange } from "../http-exchange.ts";
import type { Outlet, OutletSource } from "./outlet.ts";
import { PollOutlet } from "./poll-outlet.ts";
import { StreamOutlet, streamHeaders } from "./stream-outlet.ts";

/** How many requests of a session wait for records: what a proxy repeated gets its answer, too. */
const waitingMax = 2;

export interface OutletsOptions {
  readonly limits: FallbackLimits;
  /** What stands before the number in the ids of events. */
  readonly idPrefix: string;
  /** Called when one of them is done. */
  readonly onDone: () => void;
  /** Called when one of them can carry more. */
  readonly onRoom: () => void;
}

/** How a request that is no stream wants to be answered. */
export interface PollWish {
  /** The number of the last record that the client has. */
  readonly ack: number;
  /** For how many milliseconds the answer may be held; undefined where it is to carry no records. */
  readonly heldMs: number | undefined;
  readonly opening: Partial<AnswerHead>;
}

/** The requests of a session that are being answered. */
export class Outlets {
  readonly #source: OutletSource;
  readonly #options: OutletsOptions;
  /** Oldest first. */
  readonly #outlets: Outlet[] = [];

  constructor(source: OutletSource, options: OutletsOptions) {
    this.#source = source;
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#outlets.length === 0;
  }

  get hasStream(): boolean {
    return this.#outlets.some((outlet) => outlet instanceof StreamOutlet);
  }

  /** When `flush` is to be called at the latest. */
  get dueAt(): number {
    return Math.min(Infinity, ...this.#outlets.map(({ dueAt }) => dueAt));
  }

  addPoll(exchange: HttpExchange, { ack, heldMs, opening }: PollWish): void {
    const { limits } = this.#options;
    this.#add(
      new PollOutlet(exchange, {
        cursor: ack,
        dueAt: performance.now() + Math.min(heldMs ?? 0, limits.pollTimeoutMs),
        wantsRecords: heldMs !== undefined,
        opening,
        onDone: this.#remove,
      }),
    );
  }

  addStream(exchange: HttpExchange, cursor: number, opening: Partial<AnswerHead>): void {
    const { limits, idPrefix, onRoom } = this.#options;
    const { heartbeatMs, streamTimeoutMs, maxStreamBytes } = limits;
    // Streams that began together shall not end together.
    const lifeMs = streamTimeoutMs === 0 ? Infinity : streamTimeoutMs * (0.8 + Math.random() * 0.4);
    this.#add(
      new StreamOutlet(exchange.openStream(200, streamHeaders), this.#source, {
        cursor,
        opening,
        idPrefix,
        heartbeatMs,
        endsAt: performance.now() + lifeMs,
        charactersMax: maxStreamBytes,
        onRoom,
        onDone: this.#remove,
      }),
    );
  }

  /** Has all of them send what there is. Returns how far the records got, and how many bytes are still under way. */
  flush(): { readonly carried: number; readonly underWay: number } {
    const now = performance.now();
    let carried = 0;
    let underWay = 0;
    for (const outlet of this.#outlets.slice()) {
      outlet.flush(this.#source, now);
      carried = Math.max(carried, outlet.cursor);
      underWay += outlet.bufferedBytes;
    }
    return { carried, underWay };
  }

  /** Answers all of them for the last time. */
  finish(): void {
    this.flush();
    for (const outlet of this.#outlets.slice()) outlet.finish(this.#source);
  }

  /** Cuts the streams. */
  destroyStreams(): void {
    for (const outlet of this.#outlets.slice()) if (outlet instanceof StreamOutlet) outlet.destroy();
  }

  #add(outlet: Outlet): void {
    const now = performance.now();
    const waiting = this.#outlets.filter(({ dueAt }) => dueAt > now);
    this.#outlets.push(outlet);
    if (outlet.dueAt > now && waiting.length >= waitingMax) waiting[0]?.finish(this.#source);
  }

  readonly #remove = (outlet: Outlet): void => {
    this.#outlets.splice(this.#outlets.indexOf(outlet), 1);
    this.#options.onDone();
  };
}
