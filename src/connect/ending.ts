import type { Problem } from "../base/errors.ts";
import { misuse, WaterspoutError } from "../base/errors.ts";
import { printable } from "../base/text.ts";
import { CloseCode } from "../protocol/websocket/close-code.ts";
import type { Transport } from "../transport/transport.ts";

/** How a connection ended, as the standard counts it. */
export interface Ending {
  /** The code of the close frame that the server sent: 1005 for one without, 1006 where none came. */
  readonly code: number;
  /** The reason that stood beside it. */
  readonly reason: string;
  /** Whether both sides said goodbye. */
  readonly wasClean: boolean;
}

/** The end of a connection without a goodbye. */
export const abnormalEnding: Ending = { code: CloseCode.abnormal, reason: "", wasClean: false };

/** What the standard makes of the end of a transport: only what the server said counts (RFC 6455 §7.1.5). */
export function endingOf(
  transport: Pick<Transport, "closeCode" | "closeReason" | "peerClose">,
  problem: Problem | undefined,
): Ending {
  const { closeCode = CloseCode.abnormal, closeReason, peerClose } = transport;
  if (problem !== undefined || closeCode === CloseCode.abnormal) return abnormalEnding;
  if (peerClose === null) return abnormalEnding;
  return peerClose === undefined
    ? { code: closeCode, reason: closeReason, wasClean: true }
    : { ...peerClose, wasClean: true };
}

/** Codes with which a server ends what it had to say. */
const ordinaryCodes: ReadonlySet<number> = new Set([1000, 1001, CloseCode.noStatus]);

/** Whether a reader of messages may take this for the end of the messages, and not for the loss of some. */
export function isOrdinary(ending: Ending): boolean {
  return ending.wasClean && ordinaryCodes.has(ending.code);
}

/** What a promise rejects with that the end of the connection has made impossible to keep. */
export function connectionClosed(url: string, ending: Ending, cause: unknown): WaterspoutError {
  const { code, reason } = ending;
  const said =
    cause instanceof WaterspoutError
      ? cause.message
      : reason === ""
        ? "no reason was given"
        : printable(reason);
  const options = cause === undefined ? {} : { cause };
  return misuse("CONNECTION_CLOSED", { url, closeCode: code, reason: said }, options);
}
