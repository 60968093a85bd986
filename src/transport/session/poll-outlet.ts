import type { AnswerHead } from "../../protocol/session/head.ts";
import type { HttpExchange } from "../http-exchange.ts";
import type { Outlet, OutletOptions, OutletSource } from "./outlet.ts";

/** Header fields of an answer: it is for this client, now. */
const headers = [
  ["Content-Type", "application/x-ndjson; charset=utf-8"],
  ["Cache-Control", "no-store, no-transform"],
  ["X-Content-Type-Options", "nosniff"],
] as const;

export interface PollOutletOptions extends OutletOptions {
  /** Whether the client wants records in this answer. */
  readonly wantsRecords: boolean;
  /** Until when the answer may be held back while there are none. */
  readonly dueAt: number;
}

/** A request that is answered once: at once, or when there is something to say, or when it was held long enough. */
export class PollOutlet implements Outlet {
  readonly cursor: number;
  readonly dueAt: number;
  readonly bufferedBytes = 0;
  readonly #exchange: HttpExchange;
  readonly #opening: Partial<AnswerHead>;
  readonly #wantsRecords: boolean;
  readonly #onDone: (outlet: Outlet) => void;
  #isDone = false;

  constructor(exchange: HttpExchange, options: PollOutletOptions) {
    this.#exchange = exchange;
    this.cursor = options.cursor;
    this.dueAt = options.dueAt;
    this.#opening = options.opening;
    this.#wantsRecords = options.wantsRecords;
    this.#onDone = options.onDone;
    exchange.onLost(() => this.#done());
  }

  flush(source: OutletSource, now: number): void {
    const hasRecords = this.#wantsRecords && source.outbox.last > this.cursor;
    if (hasRecords || source.ending !== undefined || now >= this.dueAt) this.finish(source);
  }

  finish(source: OutletSource): void {
    if (this.#isDone) return;
    const { outbox, taken, ending } = source;
    const lines = this.#wantsRecords ? [...outbox.after(this.cursor)] : [];
    // Whoever wants no records now has to come back for them, and hears of the end then.
    const isUpToDate = this.#wantsRecords || Math.max(this.cursor, outbox.acknowledged) === outbox.last;
    const head: AnswerHead = {
      ack: taken,
      ...(lines.length === 0 ? {} : { seq: outbox.last - lines.length + 1 }),
      ...this.#opening,
      ...(ending !== undefined && isUpToDate ? { close: ending } : {}),
    };
    void this.#exchange.respond(200, headers, `${[JSON.stringify(head), ...lines].join("\n")}\n`);
    this.#done();
  }

  #done(): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#onDone(this);
  }
}
