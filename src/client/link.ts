import type { ResolvedOptions } from "./options.ts";

/** The ways in which messages can travel. */
export type TransportName = "websocket" | "sse" | "long-polling" | "polling";

/** What travels to the server. A Blob is read when its turn comes. */
export type OutgoingMessage = string | Uint8Array<ArrayBuffer> | Blob;

/** What comes from there. */
export type IncomingMessage = string | Uint8Array<ArrayBuffer>;

/** How a connection, or the attempt to make one, ended. */
export interface Ending {
  /** A close code. 1006 where nobody said anything; 4000 + status where HTTP refused. */
  readonly code: number;
  /** The reason of the close, or what a refusal said, such as `WS_ORIGIN_REFUSED: …`. */
  readonly reason: string;
  /** Whether both sides said goodbye. */
  readonly wasClean: boolean;
  /** How long the server asks to be left alone, in milliseconds. */
  readonly retryAfterMs?: number;
}

/** Where a link goes, and how. */
export interface LinkTarget {
  /** `http:` or `https:`, without a token. */
  readonly url: URL;
  /** The same with the token, for what opens a connection. */
  readonly openingUrl: URL;
  readonly options: ResolvedOptions;
}

/** What a link reports. Nothing is called before the function that made the link has returned. */
export interface LinkEvents {
  /** The server speaks. */
  receiveOpen(protocol: string, extensions: string): void;
  readonly receiveMessage: (message: IncomingMessage) => void;
  /** Called once, unless the link was abandoned. */
  receiveEnd(ending: Ending): void;
}

/** One connection, by whatever transport, from the attempt to its end. */
export interface Link {
  readonly transport: TransportName;
  /** Bytes of messages that have not reached the network, or not been acknowledged. */
  readonly bufferedAmount: number;
  send(message: OutgoingMessage): void;
  /** Says goodbye behind what was sent; ends with `receiveEnd`. */
  close(code: number | undefined, reason: string): void;
  /** Ends it at once and reports nothing more; the server is told if it can be. */
  abandon(): void;
}

/** An end without a goodbye. */
export function lost(reason: string): Ending {
  return { code: 1006, reason, wasClean: false };
}

/** Close codes after which it makes sense to come back; those from 4000 on are 4000 + an HTTP status. */
const passing = new Set([1001, 1006, 1011, 1012, 1013, 1014, 4408, 4425, 4429]);

/** Whether what ended with this code may go well another time. */
export function isPassing(code: number): boolean {
  return passing.has(code) || (code >= 4500 && code < 4600);
}

/** How many bytes a message is, by which queues and acknowledgements count. */
export function byteLengthOf(message: OutgoingMessage): number {
  if (typeof message === "string") return new TextEncoder().encode(message).length;
  return message instanceof Blob ? message.size : message.length;
}
