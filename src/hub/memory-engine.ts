import type { Engine, Subscriber } from "./engine.ts";

interface Channel<Message> {
  readonly subscribers: Set<Subscriber<Message>>;
  /** The same as a list, which a delivery goes through: made when one is published, gone with the next change. */
  list: readonly Subscriber<Message>[] | undefined;
}

interface Publication<Message> {
  readonly channel: string;
  readonly message: Message;
  readonly except: Subscriber<Message> | undefined;
}

/** The engine for one process. */
export class MemoryEngine<Message> implements Engine<Message> {
  readonly #channels = new Map<string, Channel<Message>>();
  /** What is published while something is delivered comes behind it; undefined when nothing is. */
  #waiting: Publication<Message>[] | undefined;

  /** Channels that have subscribers. */
  get size(): number {
    return this.#channels.size;
  }

  subscribe(channel: string, subscriber: Subscriber<Message>): void {
    const existing = this.#channels.get(channel);
    if (existing === undefined) {
      this.#channels.set(channel, { subscribers: new Set([subscriber]), list: undefined });
    } else {
      existing.subscribers.add(subscriber);
      existing.list = undefined;
    }
    (subscriber.channels ??= new Set()).add(channel);
  }

  unsubscribe(channel: string, subscriber: Subscriber<Message>): void {
    if (subscriber.channels?.delete(channel) === true) this.#remove(channel, subscriber);
  }

  unsubscribeAll(subscriber: Subscriber<Message>): void {
    for (const channel of subscriber.channels ?? []) this.#remove(channel, subscriber);
    subscriber.channels = undefined;
  }

  publish(channel: string, message: Message, except?: Subscriber<Message>): void {
    if (this.#waiting !== undefined) {
      this.#waiting.push({ channel, message, except });
      return;
    }
    const waiting: Publication<Message>[] = (this.#waiting = []);
    try {
      this.#deliver(channel, message, except);
      // More may come while these are delivered.
      for (const next of waiting) this.#deliver(next.channel, next.message, next.except);
    } finally {
      // A message that cannot be encoded is its publisher's exception, and no reason to keep the next ones waiting.
      this.#waiting = undefined;
    }
  }

  #deliver(name: string, message: Message, except: Subscriber<Message> | undefined): void {
    const channel = this.#channels.get(name);
    if (channel === undefined) return;
    const { subscribers } = channel;
    // Who joins meanwhile is in another list, and who leaves not in the set any more.
    for (const subscriber of (channel.list ??= [...subscribers])) {
      if (subscriber !== except && subscribers.has(subscriber)) subscriber.receivePublication(message);
    }
  }

  #remove(name: string, subscriber: Subscriber<Message>): void {
    const channel = this.#channels.get(name);
    if (channel === undefined) return;
    channel.subscribers.delete(subscriber);
    channel.list = undefined;
    if (channel.subscribers.size === 0) this.#channels.delete(name);
  }
}
