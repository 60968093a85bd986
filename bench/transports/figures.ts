import type { Costs } from "../../examples/transport-lab/metering/costs.ts";
import type { TransportName } from "../../examples/transport-lab/transports.ts";
import { spreadOf } from "../statistics.ts";
import type { Spread } from "../statistics.ts";
import type { LoadPoint } from "./load-points.ts";
import type { TransportResult } from "./measure.ts";

/** The transports as people call them. */
export const titles: Readonly<Record<TransportName, string>> = {
  polling: "polling",
  "long-polling": "long polling",
  sse: "SSE",
  websocket: "WebSocket",
};

/** A number that costs have, if there were messages. */
export type Figure = (costs: Costs) => number | undefined;

/** Bytes both ways, headers and payload. */
export const bytesEach: Figure = ({ perMessage }) =>
  perMessage &&
  perMessage.sent.headers +
    perMessage.sent.payload +
    perMessage.received.headers +
    perMessage.received.payload;

/** The server's processor time. */
export const cpuMicroseconds: Figure = ({ perMessage }) => perMessage?.cpuMicroseconds;

/** The delay that half of the messages did not exceed, in milliseconds. */
export const delay50: Figure = ({ delayMs }) => delayMs?.p50;

/** A figure over all rounds of a transport under a load; undefined where nothing was measured. */
export function figureAt(
  { points }: TransportResult,
  { clients, ticksPerSecond }: LoadPoint,
  figure: Figure,
): Spread | undefined {
  const result = points.find((each) => each.clients === clients && each.ticksPerSecond === ticksPerSecond);
  const values = result?.rounds.flatMap((costs) => figure(costs) ?? []) ?? [];
  return values.length === 0 ? undefined : spreadOf(values);
}

/** The rates of some loads, each once. */
export function ratesOf(points: readonly LoadPoint[]): readonly number[] {
  return [...new Set(points.map(({ ticksPerSecond }) => ticksPerSecond))];
}
