/** How many characters of records one request carries; a longer record travels alone. */
const batchCharacters = 65_536;

interface Entry {
  readonly line: string | Promise<string>;
  readonly bytes: number;
}

/** What the server has not acknowledged: records in order, numbered from 1. */
export class SessionOutbox {
  readonly #entries: Entry[] = [];
  /** The number of the first record. */
  first = 1;
  /** Payload bytes of the messages that wait. */
  bytes = 0;

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  /** The number of the next record. */
  get end(): number {
    return this.first + this.#entries.length;
  }

  /** @param line a record, or what becomes one: a Blob has to be read first, and those behind it wait. */
  add(line: string | Promise<string>, bytes: number): void {
    this.#entries.push({ line, bytes });
    this.bytes += bytes;
  }

  /** Forgets the records up to this number. */
  acknowledge(number: number): void {
    for (const { bytes } of this.#entries.splice(0, Math.max(0, number - this.first + 1))) {
      this.bytes -= bytes;
      this.first++;
    }
  }

  /** The lines that go out next, from the first one on. */
  async nextLines(): Promise<readonly string[]> {
    const lines: string[] = [];
    let characters = 0;
    for (const entry of this.#entries.slice()) {
      const line = await entry.line;
      characters += line.length;
      if (lines.length > 0 && characters > batchCharacters) break;
      lines.push(line);
    }
    return lines;
  }
}
