import { countsBetween, quantileOf } from "./delay-histogram.ts";
import type { Sample } from "./samples.ts";

/** Bytes, told apart by what they are for. */
export interface ByteSplit {
  /** Everything that is not a message: header fields, frames, envelopes, acknowledgements. */
  readonly headers: number;
  /** The messages themselves. */
  readonly payload: number;
}

/** What a transport cost between two samples. What is divided by messages is undefined where there were none. */
export interface Costs {
  readonly seconds: number;
  /** Messages to clients, each client's counted. */
  readonly messages: number;
  readonly messagesPerSecond: number;
  readonly requestsPerSecond: number;
  readonly bytesPerSecond: { readonly sent: ByteSplit; readonly received: ByteSplit };
  /** The part of one processor core that the server used. */
  readonly cpuShare: number;
  readonly perMessage:
    | {
        readonly sent: ByteSplit;
        readonly received: ByteSplit;
        readonly requests: number;
        readonly cpuMicroseconds: number;
      }
    | undefined;
  readonly delayMs: { readonly p50: number; readonly p99: number } | undefined;
}

/** What happened between two samples of the same transport. */
export function costsBetween(before: Sample, after: Sample): Costs {
  const [from, to] = [before.server, after.server];
  const seconds = (to.atMs - from.atMs) / 1000;
  const messages = to.messagesSent - from.messagesSent;
  const sent = split(to.bytesSent - from.bytesSent, to.payloadBytesSent - from.payloadBytesSent);
  const received = split(
    to.bytesReceived - from.bytesReceived,
    to.payloadBytesReceived - from.payloadBytesReceived,
  );
  const requests = to.requests - from.requests;
  const cpuMicroseconds = to.cpuMicroseconds - from.cpuMicroseconds;
  return {
    seconds,
    messages,
    messagesPerSecond: messages / seconds,
    requestsPerSecond: requests / seconds,
    bytesPerSecond: { sent: divide(sent, seconds), received: divide(received, seconds) },
    cpuShare: cpuMicroseconds / 1e6 / seconds,
    perMessage:
      messages === 0
        ? undefined
        : {
            sent: divide(sent, messages),
            received: divide(received, messages),
            requests: requests / messages,
            cpuMicroseconds: cpuMicroseconds / messages,
          },
    delayMs: delaysBetween(before, after),
  };
}

function delaysBetween(before: Sample, after: Sample): Costs["delayMs"] {
  const counts = countsBetween(before.clients.delays, after.clients.delays);
  const [p50, p99] = [quantileOf(counts, 0.5), quantileOf(counts, 0.99)];
  return p50 === undefined || p99 === undefined ? undefined : { p50, p99 };
}

/**
 * A message that waits for the next poll is counted when the handler sends it, and its bytes when they leave. Where the time between
 * two samples is a multiple of the polling interval, as many wait at its end as did at its beginning; otherwise there can be
 * a moment with more messages than bytes.
 */
function split(bytes: number, payload: number): ByteSplit {
  return { headers: Math.max(0, bytes - payload), payload };
}

function divide({ headers, payload }: ByteSplit, by: number): ByteSplit {
  return { headers: headers / by, payload: payload / by };
}
