import type { LaneOptions } from "../../examples/transport-lab/lane.ts";
import { Lane } from "../../examples/transport-lab/lane.ts";
import type { Costs } from "../../examples/transport-lab/metering/costs.ts";
import { costsBetween } from "../../examples/transport-lab/metering/costs.ts";
import type { TransportName } from "../../examples/transport-lab/transports.ts";
import { transports } from "../../examples/transport-lab/transports.ts";
import { onCore } from "../pinning.ts";
import type { LoadPlan, LoadPoint } from "./load-points.ts";
import { roundMs } from "./load-points.ts";

/** What one transport cost under one load. */
export interface PointResult extends LoadPoint {
  readonly rounds: readonly Costs[];
  /** Messages that a client did not get between two that it got, in all rounds. */
  readonly missed: number;
  /** Connections that ended, of which there should be none. */
  readonly failures: number;
}

/** What one transport cost under all loads. */
export interface TransportResult {
  readonly transport: TransportName;
  readonly points: readonly PointResult[];
}

/** Of this load the code of server and clients has become machine code when the first round begins. */
const warmup: LoadPoint = { clients: 100, ticksPerSecond: 20 };
const warmupMs = 2000;
const pause = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));
/** How long a thousand clients may take to come in. */
const openTimeoutMs = 10_000;

/** Measures one transport after the other, with the server on one core and the clients on another. */
export async function measureTransports(
  plan: LoadPlan,
  node: string,
  begin: (transport: TransportName) => void,
): Promise<readonly TransportResult[]> {
  const results: TransportResult[] = [];
  for (const transport of transports) {
    begin(transport);
    const lane = await Lane.start(transport, laneOptions(node));
    try {
      await load(lane, plan, warmup);
      await pause(warmupMs);
      const points: PointResult[] = [];
      for (const point of plan.points) points.push(await measurePoint(lane, plan, point));
      results.push({ transport, points });
    } finally {
      await lane.stop();
    }
  }
  return results;
}

async function measurePoint(lane: Lane, plan: LoadPlan, point: LoadPoint): Promise<PointResult> {
  await load(lane, plan, point);
  await pause(plan.settleMs);
  const first = await lane.sample();
  let before = first;
  const rounds: Costs[] = [];
  for (let round = 0; round < plan.rounds; round++) {
    await pause(roundMs(plan, point));
    const after = await lane.sample();
    rounds.push(costsBetween(before, after));
    before = after;
  }
  return {
    ...point,
    rounds,
    missed: before.clients.missed - first.clients.missed,
    failures: before.clients.failures - first.clients.failures,
  };
}

/** Resolves when there are as many clients as there should be, which come in before the first tick. */
async function load(lane: Lane, plan: LoadPlan, point: LoadPoint): Promise<void> {
  const { payloadBytes, pollIntervalMs } = plan;
  const settings = { ...point, payloadBytes, pollIntervalMs };
  await lane.configure({ ...settings, ticksPerSecond: 0 });
  const patienceEnds = performance.now() + openTimeoutMs;
  for (;;) {
    const { server, clients } = await lane.sample();
    if (server.open === point.clients && clients.open === point.clients) break;
    if (performance.now() > patienceEnds) {
      throw new Error(
        `${lane.transport} has ${clients.open} clients after ${openTimeoutMs} ms, not ${point.clients}`,
      );
    }
    await pause(50);
  }
  await lane.configure(settings);
}

function laneOptions(node: string): LaneOptions {
  const [server, clients] = [0, 1].map((core) => {
    const [execPath, ...execArgv] = onCore(core, [node]);
    return { execPath, execArgv };
  });
  return {
    host: "127.0.0.1",
    allowedOrigins: [],
    phase: 0,
    ...(server === undefined ? {} : { serverCommand: server }),
    ...(clients === undefined ? {} : { clientsCommand: clients }),
  };
}
