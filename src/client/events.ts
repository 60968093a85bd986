import type { SocketState, StateReason } from "./connector.ts";
import type { Ending, OutgoingData } from "./link.ts";

/** The end of a socket; after it nothing more comes. */
export interface CloseEvent extends Event {
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;
}

/** What a socket does has changed, and why. */
export class StateChangeEvent extends Event {
  readonly state: SocketState;
  readonly previous: SocketState;
  readonly reason: StateReason;

  constructor(state: SocketState, previous: SocketState, reason: StateReason) {
    super("statechange");
    this.state = state;
    this.previous = previous;
    this.reason = reason;
  }
}

/** A message was dropped from the offline queue, to make room for a newer one. */
export class DroppedEvent extends Event {
  readonly data: OutgoingData;

  constructor(data: OutgoingData) {
    super("dropped");
    this.data = data;
  }
}

/** For Node before 23, which has no CloseEvent. */
class OwnCloseEvent extends Event implements CloseEvent {
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;

  constructor(type: string, { code, reason, wasClean }: Ending) {
    super(type);
    this.code = code;
    this.reason = reason;
    this.wasClean = wasClean;
  }
}

/** Makes the event `close`, of the place's own class where there is one. */
export function createCloseEvent(ending: Ending): CloseEvent {
  const globals = globalThis as { readonly CloseEvent?: typeof OwnCloseEvent };
  return new (globals.CloseEvent ?? OwnCloseEvent)("close", ending);
}
