/** How many characters of records one request carries; a longer record travels alone. */
const batchCharacters = 65_536;

/** Records that go out together. */
export interface Batch {
  /** The number of the first one. */
  readonly seq: number;
  readonly lines: readonly string[];
  /** Whether nothing waits behind them. */
  readonly isAll: boolean;
}

interface Entry {
  readonly line: string | Promise<string>;
  readonly bytes: number;
}

/** What the server has not acknowledged: records in order, numbered from 1. */
export class SessionOutbox {
  #first = 1;
  readonly #entries: Entry[] = [];
  /** Payload bytes of the messages that wait. */
  bytes = 0;

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  /** @param line a record, or what becomes one: a Blob has to be read first, and those behind it wait. */
  add(line: string | Promise<string>, bytes: number): void {
    // A Blob that cannot be read is noticed when its turn comes.
    if (typeof line !== "string") line.catch(() => {});
    this.#entries.push({ line, bytes });
    this.bytes += bytes;
  }

  /** Forgets the records up to this number. */
  acknowledge(number: number): void {
    const count = Math.max(0, number - this.#first + 1);
    for (const { bytes } of this.#entries.splice(0, count)) {
      this.bytes -= bytes;
      this.#first++;
    }
  }

  /** The records that are to be sent next; the same again until they are acknowledged. */
  async nextBatch(): Promise<Batch> {
    const seq = this.#first;
    const lines: string[] = [];
    let characters = 0;
    const waiting = [...this.#entries];
    for (const entry of waiting) {
      const line = await entry.line;
      characters += line.length;
      if (lines.length > 0 && characters > batchCharacters) break;
      lines.push(line);
    }
    return { seq, lines, isAll: seq + lines.length === this.#first + this.#entries.length };
  }
}
