import type { Problem } from "../../base/errors.ts";
import { describe } from "../../base/errors.ts";
import type { SessionKind } from "../../protocol/session/head.ts";
import type { SessionCall } from "./session-options.ts";

/** Why a request cannot be one of a session of this kind, which has sent so many records. */
export function findCallFault(
  kind: SessionKind,
  { ack, poll, asStream }: SessionCall,
  sent: number,
): Problem | undefined {
  if (ack > sent) return invalid(`ack is ${ack}, but no more than ${sent} records have been sent`);
  // The records of a session are written down in one form only: as events, or as lines.
  if (asStream && kind !== "sse") return invalid(`a session of ${kind} has no streams`);
  if (poll !== undefined && kind === "sse") return invalid("a session of sse has its records in a stream");
  return undefined;
}

function invalid(reason: string): Problem {
  return describe("SESSION_REQUEST_INVALID", { reason });
}
