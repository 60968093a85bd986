import type { AnswerHead, CloseRecord } from "../../protocol/session/head.ts";
import type { Outbox } from "../../protocol/session/outbox.ts";

/** What an outlet needs to see of its session. */
export interface OutletSource {
  readonly outbox: Outbox;
  /** The number of the last record that was taken from the client. */
  readonly taken: number;
  /** How the session has ended, if it has. */
  readonly ending: CloseRecord | undefined;
}

/** A request whose answer carries records to the client, or a stream of them. */
export interface Outlet {
  /** The number of the last record that went out this way. */
  readonly cursor: number;
  /** When it wants `flush` to be called at the latest, as `performance.now()` says it. */
  readonly dueAt: number;
  /** Bytes that were sent this way and have not reached the operating system. */
  readonly bufferedBytes: number;
  /** Sends what is there and due. */
  flush(source: OutletSource, now: number): void;
  /** Says what there is to say to the client now, if anything, and is done. */
  finish(source: OutletSource): void;
}

/** What every outlet is made with. */
export interface OutletOptions {
  /** The number of the last record that the client has. */
  readonly cursor: number;
  /** What an opening has to tell. */
  readonly opening: Partial<AnswerHead>;
  /** To be called once, when the outlet has done its duty or its client has gone. */
  readonly onDone: (outlet: Outlet) => void;
}
