import type { StateChange } from "./connector.ts";
import type { Ending, OutgoingMessage } from "./link.ts";

/** The end of a socket; after it nothing more comes. */
export interface CloseEvent extends Event {
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;
}

/** What a socket does has changed, and why. */
export interface StateChangeEvent extends Event, StateChange {}

/** A message was dropped from the offline queue, to make room for a newer one. */
export interface DroppedEvent extends Event {
  readonly data: OutgoingMessage;
}

/** An event with properties of its own. */
export function createEvent(type: string, properties: object): Event {
  return Object.assign(new Event(type), properties);
}

/** The event `close`, of the place's own class where there is one: Node has none before 23. */
export function createCloseEvent({ code, reason, wasClean }: Ending): Event {
  const { CloseEvent: Class } = globalThis as {
    readonly CloseEvent?: new (type: string, init: object) => Event;
  };
  const properties = { code, reason, wasClean };
  return Class ? new Class("close", properties) : createEvent("close", properties);
}
