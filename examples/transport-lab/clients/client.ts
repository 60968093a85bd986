/** What a simulated client tells the crowd that it is part of. */
export interface ClientEvents {
  receiveOpen(): void;
  receiveMessage(message: string): void;
  /** The connection or session has ended otherwise than by `close`. Called once. */
  receiveFailure(): void;
}

/** One simulated client: it connects when it is made, and tries nothing again. */
export interface SimulatedClient {
  /** Says goodbye. No event comes any more. */
  close(): void;
}

/** Where a client connects, and how. */
export interface ClientOptions {
  /** `http://` and the server's host and port. */
  readonly origin: string;
  /** Read before each poll, so that it can be changed. */
  readonly pollIntervalMs: () => number;
}
