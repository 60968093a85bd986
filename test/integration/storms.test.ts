/**
 * Connections come and go in storms, in all the ways in which connections go, and the server is as it was before: no
 * session, handle, timer or subscription is left, and its memory does not grow from one wave to the next.
 *
 *     npm test -- storms                                                        5 waves of 100
 *     WATERSPOUT_STORMS=100 WATERSPOUT_STORM_SIZE=10000 npm test -- storms      until there are a million, some minutes each
 */
import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import type { TestContext } from "node:test";
import { suite, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Way } from "../support/storm.ts";
import { quickWays, slowWays, storm } from "../support/storm.ts";
import type { Holdings, StormOptions } from "../support/storm-server.ts";

const waves = Number(process.env["WATERSPOUT_STORMS"] ?? 5);
const size = Number(process.env["WATERSPOUT_STORM_SIZE"] ?? 100);
const isLong = waves > 5 || size > 100;

/** A storm must have come before the first heartbeat, or all would leave by it. */
const heartbeatMs = size > 1000 ? 10_000 : 1000;

/** What leaves slowly: few, since each waits for the server's patience to end, and the silent ones not in each wave. */
const slowCount = 6;
const silentCount = 10;
const silentEvery = heartbeatMs > 1000 ? 50 : 10;

/**
 * What may be held more after each wave of the last third than after the worst of the second: in all, for slabs and pools that are made
 * when they are first needed, and for each connection between.
 */
const growthBytes = 512 * 1024;
const growthBytesPerConnection = 30;

/** The same of resident memory, which also depends on when the allocator gives pages back. */
const residentGrowthBytes = 24 * 1024 * 1024;

function waysOf(wave: number): Way[] {
  const quick = Array.from(
    { length: size - slowCount - silentCount },
    (_, at) => quickWays[at % quickWays.length]!,
  );
  const slow = Array.from({ length: slowCount }, (_, at) => slowWays[at % slowWays.length]!);
  const silent = Array.from({ length: wave % silentEvery === 0 ? silentCount : 0 }, () => "silence" as const);
  return [...quick, ...slow, ...silent];
}

interface StormServer {
  readonly port: number;
  readonly takeStock: () => Promise<Holdings>;
  /** Closes the server, and resolves with the exit code when nothing keeps the process alive any more. */
  readonly close: () => Promise<number | null>;
}

type ServerKind = Omit<StormOptions, "heartbeatMs">;

async function startServer(context: TestContext, kind: ServerKind): Promise<StormServer> {
  const options: StormOptions = { ...kind, heartbeatMs };
  const path = fileURLToPath(import.meta.resolve("../support/storm-server.js"));
  const child = fork(path, [JSON.stringify(options)], { execArgv: ["--enable-source-maps"] });
  context.after(() => child.kill("SIGKILL"));
  const [port] = (await once(child, "message")) as [number];
  return {
    port,
    async takeStock() {
      child.send("take stock");
      const [holdings] = (await once(child, "message")) as [Holdings];
      return holdings;
    },
    async close() {
      child.send("close");
      const [code] = (await once(child, "exit")) as [number | null];
      return code;
    },
  };
}

/** What must be as it was, whatever happened. */
function countsOf({ open, kept, hearts, channels, resources, errors }: Holdings): unknown {
  return { open, kept, hearts, channels, resources, errors };
}

const takeover = { serverNoContextTakeover: false, clientNoContextTakeover: false, thresholdBytes: 0 };
const servers: readonly (readonly [name: string, options: ServerKind])[] = [
  ["the fast path", { tls: false, sharedReadBuffer: true, compression: false }],
  ["the fast path, compressed", { tls: false, sharedReadBuffer: true, compression: takeover }],
  ["the fallback", { tls: false, sharedReadBuffer: false, compression: false }],
  ["TLS", { tls: true, sharedReadBuffer: true, compression: takeover }],
];

/** The long form is about memory and takes its time; the short one mostly waits for heartbeats. */
const how = isLong ? { concurrency: 1, timeout: 7_200_000 } : { concurrency: servers.length };

suite("storms leave nothing behind", how, () => {
  for (const [name, options] of servers) test(`on ${name}`, (context) => stormAt(context, options));
});

async function stormAt(context: TestContext, options: ServerKind): Promise<void> {
  const server = await startServer(context, options);
  const before = await server.takeStock();
  assert.deepEqual(countsOf(before), {
    open: 0,
    kept: 0,
    hearts: 0,
    channels: 0,
    resources: before.resources,
    errors: [],
  });
  const after: Holdings[] = [];
  for (let wave = 0; wave < waves; wave++) {
    await storm(server.port, options.tls, waysOf(wave));
    const holdings = await server.takeStock();
    assert.deepEqual(countsOf(holdings), countsOf(before), `after wave ${wave + 1}`);
    after.push(holdings);
  }
  assertPlateau(context, after);
  assert.equal(await server.close(), 0);
}

function assertPlateau(context: TestContext, after: readonly Holdings[]): void {
  const third = Math.ceil(after.length / 3);
  const parts = [after.slice(0, third), after.slice(third, -third), after.slice(-third)];
  const most = (part: readonly Holdings[], of: (holdings: Holdings) => number): number =>
    Math.max(...part.map(of));
  const megabytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(2);
  const held = ({ heap, buffers }: Holdings): number => heap + buffers;
  const resident = (holdings: Holdings): number => holdings.resident;
  for (const [what, of] of [
    ["held", held],
    ["resident", resident],
  ] as const) {
    const thirds = parts.map((part) => megabytes(most(part, of))).join(", ");
    context.diagnostic(`most that was ${what} in each third of the waves, MiB: ${thirds}`);
  }
  const last = after.at(-1);
  context.diagnostic(`${last?.opened} WebSockets, closed with ${JSON.stringify(last?.codes)}`);
  const [, second = [], end = []] = parts;
  const connections = (end.at(-1)?.opened ?? 0) - (second[0]?.opened ?? 0);
  // What is only held for a while is no growth.
  const growth = Math.min(...end.map(held)) - most(second, held);
  assert.ok(
    growth <= growthBytes + connections * growthBytesPerConnection,
    `${growth} bytes more for ${connections} connections`,
  );
  assert.ok(most(end, resident) - most(second, resident) <= residentGrowthBytes, "resident memory grows");
}
