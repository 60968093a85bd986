/** A message as it was said. */
export interface Message {
  /** Chosen at random by the page that sent it, so that one that is sent twice is the same one. */
  readonly id: string;
  /** How it looks, on every page. */
  readonly html: string;
}

/** The last messages of a room, in the order in which they came. */
export class RecentMessages {
  readonly #countMax: number;
  readonly #messages: Message[] = [];

  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  /** False where it is here already: its page had no answer and sent it again. */
  add(message: Message): boolean {
    if (this.#messages.some(({ id }) => id === message.id)) return false;
    this.#messages.push(message);
    if (this.#messages.length > this.#countMax) this.#messages.shift();
    return true;
  }

  /** What came after a message: all there is where that one is not known, or not any more. */
  after(id: string): readonly Message[] {
    return this.#messages.slice(this.#messages.findIndex((each) => each.id === id) + 1);
  }
}
