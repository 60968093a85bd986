import type { Problem } from "../base/errors.ts";
import type { SessionKind } from "../protocol/session/head.ts";
import type { SharedMessage } from "../protocol/websocket/shared-message.ts";

/** The ways in which a handler's messages can travel. */
export type TransportKind = "websocket" | SessionKind;

export const transportKinds: readonly TransportKind[] = ["websocket", "sse", "long-polling", "polling"];

/** What went over a connection so far: messages, and the bytes of their payloads. */
export interface Traffic {
  messagesReceived: number;
  bytesReceived: number;
  messagesSent: number;
  bytesSent: number;
}

/** Takes what a transport receives. */
export interface TransportEvents {
  /** `byteLength` is the length of the text in UTF-8, as it came. */
  receiveText(text: string, byteLength: number): void;
  /** The bytes belong to the receiver. */
  receiveBinary(bytes: Uint8Array): void;
  receivePing(payload: Uint8Array): void;
  receivePong(payload: Uint8Array): void;
  /** Nothing more will be received or can be sent; `problem` says why, where a rule or limit was broken. Called once. */
  receiveClosing(problem: Problem | undefined): void;
  /** It is over, `closeCode` is final. Called once, after `receiveClosing`. */
  receiveClosed(): void;
}

/**
 * One client of a handler, whatever carries its messages. The handlers above know nothing else of a connection, so
 * that the same handler serves every transport.
 */
export interface Transport {
  readonly kind: TransportKind;
  /** What was agreed on in the handshake; empty when nothing was. */
  readonly subprotocol: string;
  readonly traffic: Readonly<Traffic>;
  readonly isOpen: boolean;
  /** Bytes accepted for sending that have not reached the operating system. */
  readonly bufferedAmount: number;
  /** Code and reason of the first close frame in either direction, 1006 where there was none; undefined while open. */
  readonly closeCode: number | undefined;
  readonly closeReason: string;
  /** Code and reason of the close frame that the peer sent; null where it sent none, undefined where that is not known. */
  readonly peerClose?: { readonly code: number; readonly reason: string } | null | undefined;

  /** MUST be called once, when the receiver is ready for events; nothing is read before. */
  start(events: TransportEvents): void;
  /**
   * False when the message was not accepted, or when more than the high-water mark is waiting now. `compress`: whether it
   * is worth compressing, where that was agreed on; true if not given.
   */
  sendText(text: string, compress?: boolean): boolean;
  /** Like `sendText`. The bytes MUST NOT change until they are sent. */
  sendBinary(bytes: Uint8Array, compress?: boolean): boolean;
  /** Like `sendText`, for a message that goes to others as well. */
  sendShared(message: SharedMessage): boolean;
  sendPing(payload: Uint8Array): boolean;
  /** Resolves when no more than the high-water mark is waiting, or the connection is over. */
  drained(): Promise<void>;
  /** Begins the closing handshake. The caller has checked code and reason. */
  close(code?: number, reason?: string): void;
  /** Closes with the code of `problem`, which is reported to `receiveClosing`. */
  fail(problem: Problem): void;
  /** Stops reading, so that the peer is slowed down. A few messages that were read already MAY still arrive. */
  pauseReading(): void;
  resumeReading(): void;
}
