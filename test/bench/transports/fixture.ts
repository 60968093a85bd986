import type { Costs } from "../../../examples/transport-lab/metering/costs.ts";
import type { TransportName } from "../../../examples/transport-lab/transports.ts";
import type { LoadPlan } from "../../../bench/transports/load-points.ts";
import type { TransportResult } from "../../../bench/transports/measure.ts";

/** Two loads, two rounds. */
export const plan: LoadPlan = {
  points: [
    { clients: 1, ticksPerSecond: 2 },
    { clients: 100, ticksPerSecond: 2 },
  ],
  rounds: 2,
  ticksMin: 4,
  settleMs: 0,
  payloadBytes: 64,
  pollIntervalMs: 1000,
};

/** What a round cost in which each message took so many microseconds, and had so many bytes of headers. */
export function costsOf(cpuMicroseconds: number, headers: number): Costs {
  return {
    seconds: 2,
    messages: 4,
    messagesPerSecond: 2,
    requestsPerSecond: 1,
    bytesPerSecond: { sent: { headers: 0, payload: 0 }, received: { headers: 0, payload: 0 } },
    cpuShare: cpuMicroseconds / 1e5,
    perMessage: {
      sent: { headers, payload: 64 },
      received: { headers: 3 * headers, payload: 0 },
      requests: 0.5,
      cpuMicroseconds,
    },
    delayMs: { p50: 2, p99: 5 },
  };
}

/** A transport with these rounds under each load of the plan. */
export function resultOf(
  transport: TransportName,
  rounds: readonly (readonly Costs[])[],
  losses: { readonly missed?: number; readonly failures?: number } = {},
): TransportResult {
  const { missed = 0, failures = 0 } = losses;
  const points = plan.points.map(({ clients, ticksPerSecond }, index) => {
    return { clients, ticksPerSecond, rounds: rounds[index] ?? [], missed, failures };
  });
  return { transport, points };
}

/** Polling that costs twice what WebSocket does for one client, and eight times for a hundred. */
export const results: readonly TransportResult[] = [
  resultOf("polling", [
    [costsOf(90, 200), costsOf(110, 200)],
    [costsOf(80, 200), costsOf(80, 200)],
  ]),
  resultOf("websocket", [
    [costsOf(50, 2), costsOf(50, 2)],
    [costsOf(10, 2), costsOf(10, 2)],
  ]),
];
