import type { Engine, Subscriber } from "./engine.ts";

/** The engine for one process: a set of subscribers for each channel. */
export class MemoryEngine<Message> implements Engine<Message> {
  readonly #channels = new Map<string, Set<Subscriber<Message>>>();

  /** Channels that have subscribers. */
  get size(): number {
    return this.#channels.size;
  }

  subscribe(channel: string, subscriber: Subscriber<Message>): void {
    const subscribers = this.#channels.get(channel);
    if (subscribers === undefined) this.#channels.set(channel, new Set([subscriber]));
    else subscribers.add(subscriber);
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
    // Those that leave meanwhile are not visited any more: a slow consumer may be closed by this very message.
    for (const subscriber of this.#channels.get(channel) ?? []) {
      if (subscriber !== except) subscriber.receivePublication(message);
    }
  }

  #remove(channel: string, subscriber: Subscriber<Message>): void {
    const subscribers = this.#channels.get(channel);
    subscribers?.delete(subscriber);
    if (subscribers?.size === 0) this.#channels.delete(channel);
  }
}
