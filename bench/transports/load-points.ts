/** A load under which every transport is measured: so many clients, each of which gets so many messages a second. */
export interface LoadPoint {
  readonly clients: number;
  readonly ticksPerSecond: number;
}

/** What is measured, and for how long. */
export interface LoadPlan {
  readonly points: readonly LoadPoint[];
  readonly rounds: number;
  /** How many messages each client gets in a round, at least. */
  readonly ticksMin: number;
  /** How long everything runs before the first round, when all clients are there: a polling interval at least. */
  readonly settleMs: number;
  readonly payloadBytes: number;
  readonly pollIntervalMs: number;
}

const clientCounts = [1, 100, 1000] as const;

function pointsAt(...rates: readonly number[]): readonly LoadPoint[] {
  return rates.flatMap((ticksPerSecond) => clientCounts.map((clients) => ({ clients, ticksPerSecond })));
}

const everywhere = { ticksMin: 4, settleMs: 1000, payloadBytes: 64, pollIntervalMs: 1000 } as const;

/** A chat's load and a game's, within three minutes. */
export const fullPlan: LoadPlan = { ...everywhere, points: pointsAt(2, 10), rounds: 3 };

/** The heavier of the two, once. */
export const quickPlan: LoadPlan = { ...everywhere, points: pointsAt(10), rounds: 1 };

/** How long a round is: a multiple of the polling interval, so that as many messages wait for a poll at its end as did at its beginning. */
export function roundMs({ ticksMin, pollIntervalMs }: LoadPlan, { ticksPerSecond }: LoadPoint): number {
  return Math.ceil((ticksMin * 1000) / ticksPerSecond / pollIntervalMs) * pollIntervalMs;
}
