/** What waits for its acknowledgement. */
interface Entry {
  readonly line: string;
  /** What it counts for against the limits. */
  readonly size: number;
}

/**
 * The records that one side sends: numbered from 1, and kept until the other side acknowledges them, so that what was lost
 * on the way can be sent again.
 */
export class Outbox {
  #entries: Entry[] = [];
  /** How many at the front have been dropped and not been taken out yet. */
  #dropped = 0;
  #last = 0;
  #byteLength = 0;

  /** The number of the record that came last; 0 before the first. */
  get last(): number {
    return this.#last;
  }

  /** How many records are kept: those with the numbers from `last - length + 1` on. */
  get length(): number {
    return this.#entries.length - this.#dropped;
  }

  /** What all records that are kept count for. */
  get byteLength(): number {
    return this.#byteLength;
  }

  add(line: string, size: number): void {
    this.#entries.push({ line, size });
    this.#byteLength += size;
    this.#last++;
  }

  /** Drops the records up to `number`; false when there never was such a number. */
  acknowledge(number: number): boolean {
    if (number > this.#last) return false;
    while (this.#last - this.length < number) this.#dropFirst();
    return true;
  }

  /** Drops the oldest records up to `number` as long as the rest counts for more than `bytesMax`. */
  shrink(bytesMax: number, number: number): void {
    while (this.#byteLength > bytesMax && this.#last - this.length < number) this.#dropFirst();
  }

  /** Whether all records behind `number` are still kept, so that a peer who has seen that one can go on. */
  reaches(number: number): boolean {
    return number <= this.#last && number >= this.#last - this.length;
  }

  /** The records behind `number`, in order. */
  *after(number: number): Generator<string> {
    const start = this.#entries.length - (this.#last - Math.max(number, this.#last - this.length));
    for (let at = start; at < this.#entries.length; at++) yield this.#entries[at]!.line;
  }

  /** What the records behind `number` count for. */
  bytesAfter(number: number): number {
    let bytes = 0;
    const start = this.#entries.length - (this.#last - Math.max(number, this.#last - this.length));
    for (let at = start; at < this.#entries.length; at++) bytes += this.#entries[at]!.size;
    return bytes;
  }

  #dropFirst(): void {
    const { size } = this.#entries[this.#dropped]!;
    this.#byteLength -= size;
    this.#dropped++;
    // All at once or half of it, so that a long queue is not moved for each.
    if (this.#dropped * 2 < this.#entries.length) return;
    this.#entries.splice(0, this.#dropped);
    this.#dropped = 0;
  }
}
