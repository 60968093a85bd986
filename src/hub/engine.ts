/** Somebody who can subscribe to channels. */
export interface Subscriber<Message> {
  /** What it subscribes to: kept by the engine, which alone changes it. */
  channels: Set<string> | undefined;
  /** MUST NOT throw. It may unsubscribe meanwhile, itself or others. */
  receivePublication(message: Message): void;
}

/**
 * Carries messages from those who publish to those who subscribe. The one there is works within a process; one that
 * spans several has to keep the same promises:
 *
 * - A channel exists while it has subscribers. Subscribing again, or unsubscribing what is not subscribed, does nothing.
 * - A message goes once to each subscriber there is when it arrives, and to none that comes later.
 * - Messages of one publisher arrive in the order in which they were published; what a publisher subscribes to after a
 *   `publish` does not bring that message back.
 * - The cost of a message follows the number of subscribers of its channel, and of nothing else.
 */
export interface Engine<Message> {
  subscribe(channel: string, subscriber: Subscriber<Message>): void;
  unsubscribe(channel: string, subscriber: Subscriber<Message>): void;
  /** Takes it out of all its channels. */
  unsubscribeAll(subscriber: Subscriber<Message>): void;
  /** Sends to all subscribers of the channel but `except`. */
  publish(channel: string, message: Message, except?: Subscriber<Message>): void;
}
