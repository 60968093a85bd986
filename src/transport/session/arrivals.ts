import type { SessionRecord } from "../../protocol/session/record.ts";

/** The records of one request, and how far they have been taken. */
interface Batch {
  readonly seq: number;
  readonly records: readonly SessionRecord[];
  at: number;
  /** Called once: whether all were taken, now or before. */
  readonly onDone: (isWhole: boolean) => void;
}

/**
 * Puts the records of a client's requests in order: each is handed on once, and none behind a gap. While the handler is
 * not reading, what is left of a request waits here, and with it the request's answer, which slows the client down.
 */
export class Arrivals {
  readonly #receive: (record: SessionRecord) => void;
  #taken = 0;
  #waiting: Batch | undefined;
  #isPaused = false;
  #isRunning = false;

  constructor(receive: (record: SessionRecord) => void) {
    this.#receive = receive;
  }

  /** The number of the last record that was handed on. */
  get taken(): number {
    return this.#taken;
  }

  /** Takes the records of a request. `onDone` is called when they are taken, or will have to be sent again. */
  add(seq: number, records: readonly SessionRecord[], onDone: (isWhole: boolean) => void): void {
    // Who sends again what still waits here has given up on that request.
    this.release();
    this.#waiting = { seq, records, at: 0, onDone };
    this.#run();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#run();
  }

  /** Has the waiting request answered, if there is one; what was not taken of it is not acknowledged. */
  release(): void {
    const batch = this.#waiting;
    this.#waiting = undefined;
    batch?.onDone(batch.at === batch.records.length);
  }

  #run(): void {
    // A handler may read on while it is being handed a record.
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      this.#handOver();
    } finally {
      this.#isRunning = false;
    }
  }

  #handOver(): void {
    const batch = this.#waiting;
    if (batch === undefined) return;
    const { seq, records } = batch;
    for (; batch.at < records.length; batch.at++) {
      const number = seq + batch.at;
      if (number <= this.#taken) continue;
      if (number > this.#taken + 1) break;
      if (this.#isPaused) return;
      this.#taken = number;
      this.#receive(records[batch.at]!);
    }
    this.release();
  }
}
