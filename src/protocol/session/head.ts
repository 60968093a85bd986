/**
 * The heads of requests and answers of the session protocol (docs/session-protocol.md), as they stand on the wire. Types
 * only, so that the client in a browser shares them at no cost.
 */

/** The ways in which a session's records travel to the client. */
export type SessionKind = "sse" | "long-polling" | "polling";

/** Why a session ends; without a code it is 1005. */
export interface CloseRecord {
  readonly code?: number;
  readonly reason?: string;
}

/** The first line of a request's body. */
export interface RequestHead {
  /** Opens a session of this kind. */
  readonly transport?: SessionKind;
  /** With `transport`: makes the opening one that can be repeated. */
  readonly key?: string;
  readonly subprotocols?: readonly string[];
  /** The token of an open session. */
  readonly session?: string;
  /** The number of the last record received; 0 if left out. */
  readonly ack?: number;
  /** The number of the first record in this body. */
  readonly seq?: number;
  /** For how many milliseconds the answer may be held back while there is no record for it. */
  readonly poll?: number;
  readonly close?: CloseRecord;
}

/** The first line of an answer's body, and the data of the event `session`. */
export interface AnswerHead {
  readonly ack: number;
  readonly seq?: number;
  readonly close?: CloseRecord;
  /** Of an opening, as is all that follows: the token. */
  readonly session?: string;
  readonly subprotocol?: string;
  readonly sessionTimeoutMs?: number;
  readonly pollTimeoutMs?: number;
  readonly heartbeatMs?: number;
  readonly ackBytes?: number;
}

/** What a record counts for beside its payload, so that empty messages are not free. */
export const recordOverheadBytes = 64;

/** How many records one request may bring. */
export const recordsMax = 1000;

/** The subprotocol by which a client asks a WebSocket to say hello: an empty text ahead of everything else. */
export const helloSubprotocol = "waterspout.hello";
