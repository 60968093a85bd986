/** A record that waits for its acknowledgement. */
interface Entry {
  readonly line: string;
  /** What all records up to this one have counted for, from the first on. */
  readonly end: number;
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
  /** What all records have counted for, and those that have been dropped. */
  #total = 0;
  #droppedTotal = 0;

  /** The number of the record that came last; 0 before the first. */
  get last(): number {
    return this.#last;
  }

  /** The number before that of the first record that is kept. */
  get acknowledged(): number {
    return this.#last - this.#entries.length + this.#dropped;
  }

  /** What all records that are kept count for. */
  get byteLength(): number {
    return this.#total - this.#droppedTotal;
  }

  add(line: string, size: number): void {
    this.#total += size;
    this.#entries.push({ line, end: this.#total });
    this.#last++;
  }

  /** Drops the records up to `number`; false when there never was such a number. */
  acknowledge(number: number): boolean {
    if (number > this.#last) return false;
    while (this.acknowledged < number) this.#dropFirst();
    return true;
  }

  /** Drops the oldest records up to `number` as long as what is kept counts for more than `bytesMax`. */
  shrink(bytesMax: number, number: number): void {
    while (this.byteLength > bytesMax && this.acknowledged < number) this.#dropFirst();
  }

  /** Whether all records behind `number` are still kept, so that a peer who has that one can go on. */
  reaches(number: number): boolean {
    return number <= this.#last && number >= this.acknowledged;
  }

  /** The records behind `number` that are kept, in order. */
  *after(number: number): Generator<string> {
    for (let at = this.#indexAfter(number); at < this.#entries.length; at++) yield this.#entries[at]!.line;
  }

  /** What the records behind `number` that are kept count for. */
  bytesAfter(number: number): number {
    const index = this.#indexAfter(number);
    return this.#total - (index === this.#dropped ? this.#droppedTotal : this.#entries[index - 1]!.end);
  }

  /** Where the first record behind `number` stands that is kept. */
  #indexAfter(number: number): number {
    return this.#entries.length - (this.#last - Math.max(number, this.acknowledged));
  }

  #dropFirst(): void {
    this.#droppedTotal = this.#entries[this.#dropped]!.end;
    this.#dropped++;
    // All at once or half of it, so that a long queue is not moved for each.
    if (this.#dropped * 2 < this.#entries.length) return;
    this.#entries.splice(0, this.#dropped);
    this.#dropped = 0;
  }
}
