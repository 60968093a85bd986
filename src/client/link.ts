import type { ResolvedOptions } from "./options.ts";

/** The ways in which messages can travel. */
export type TransportName = "websocket" | "sse" | "long-polling" | "polling";

/** What a program sends: text, or bytes in one of their forms. */
export type OutgoingData = string | ArrayBufferLike | ArrayBufferView | Blob;

/** How a connection, or the attempt to make one, ended. */
export interface Ending {
  /** A close code. 1006 where nobody said anything; 4000 + status where HTTP refused. */
  readonly code: number;
  /** The reason of the close, or what a refusal said, such as `WS_ORIGIN_REFUSED: …`. */
  readonly reason: string;
  /** Whether both sides said goodbye. */
  readonly wasClean: boolean;
  /** The HTTP status of a refusal, where it is known. */
  readonly status?: number;
  /** How long the server asks to be left alone. */
  readonly retryAfterMs?: number;
}

/** Where a link goes, and how. */
export interface LinkTarget {
  /** `http:` or `https:`, without a token. */
  readonly url: URL;
  /** For the argument `access_token` of what opens a connection. */
  readonly token: string | undefined;
  readonly protocols: readonly string[];
  readonly options: ResolvedOptions;
}

/** What a link reports. Nothing is called before the function that made the link has returned. */
export interface LinkEvents {
  /** The server speaks. */
  receiveOpen(protocol: string, extensions: string): void;
  receiveMessage(data: string | Uint8Array<ArrayBuffer>): void;
  /** Called once, unless the link was abandoned. */
  receiveEnd(ending: Ending): void;
}

/** One connection, by whatever transport, from the attempt to its end. */
export interface Link {
  readonly transport: TransportName;
  /** Bytes of messages that have not reached the network, or not been acknowledged. */
  readonly bufferedAmount: number;
  send(data: OutgoingData): void;
  /** Says goodbye behind what was sent; ends with `receiveEnd`. */
  close(code: number | undefined, reason: string): void;
  /** Ends it at once and reports nothing more; the server is told if it can be. */
  abandon(): void;
}

/** An end without a goodbye. */
export function lost(reason: string): Ending {
  return { code: 1006, reason, wasClean: false };
}

/** The URL that opens a connection. */
export function openingUrl({ url, token }: LinkTarget): URL {
  const opening = new URL(url);
  if (token !== undefined) opening.searchParams.append("access_token", token);
  return opening;
}

/** How many bytes a message is, by which queues and acknowledgements count. */
export function byteLengthOf(data: OutgoingData): number {
  if (typeof data === "string") return new TextEncoder().encode(data).length;
  return data instanceof Blob ? data.size : data.byteLength;
}
