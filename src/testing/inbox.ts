/** A queue whose readers wait: what arrived first is read first, and the end is known to all who still wait. */
export class Inbox<Item> {
  readonly #items: Item[] = [];
  readonly #readers: { resolve(item: Item): void; reject(reason: Error): void }[] = [];
  #ending: Error | undefined;

  /** Adds an item, or gives it to the reader that has waited longest. */
  add(item: Item): void {
    const reader = this.#readers.shift();
    if (reader === undefined) this.#items.push(item);
    else reader.resolve(item);
  }

  /** No more items will come: who waits, or comes when all are read, gets `reason`. */
  end(reason: Error): void {
    this.#ending = reason;
    for (const reader of this.#readers.splice(0)) reader.reject(reason);
  }

  /** The next item. */
  next(): Promise<Item> {
    if (this.#items.length > 0) return Promise.resolve(this.#items.shift() as Item);
    if (this.#ending !== undefined) return Promise.reject(this.#ending);
    return new Promise((resolve, reject) => {
      this.#readers.push({ resolve, reject });
    });
  }
}
