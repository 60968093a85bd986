/** A transport's two processes, as the lab and the benchmark use them. */
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { suite, test } from "node:test";
import { Lane } from "../../../examples/transport-lab/lane.ts";
import type { Costs } from "../../../examples/transport-lab/metering/costs.ts";
import { costsBetween } from "../../../examples/transport-lab/metering/costs.ts";
import type { Sample } from "../../../examples/transport-lab/metering/samples.ts";
import type { TransportName } from "../../../examples/transport-lab/transports.ts";
import { transports } from "../../../examples/transport-lab/transports.ts";

const settings = { ticksPerSecond: 20, payloadBytes: 100, clients: 3, pollIntervalMs: 100 };

/** The first sample of which something is true. */
async function sampleUntil(lane: Lane, isEnough: (sample: Sample) => boolean): Promise<Sample> {
  for (;;) {
    const sample = await lane.sample();
    if (isEnough(sample)) return sample;
    await pause(10);
  }
}

/** What is known of each transport without measuring it. */
const expected: Readonly<Record<TransportName, (each: NonNullable<Costs["perMessage"]>) => boolean>> = {
  polling: ({ sent, requests }) => requests > 0.2 && requests < 1 && sent.headers > 20,
  "long-polling": ({ sent, requests }) => requests > 0.5 && requests < 1.5 && sent.headers > 100,
  sse: ({ sent, received, requests }) => requests === 0 && received.headers === 0 && sent.headers < 40,
  websocket: ({ sent, received, requests }) => requests === 0 && received.headers === 0 && sent.headers === 2,
};

for (const transport of transports) {
  suite(`the lane of ${transport}`, () => {
    test("carries every tick to every client, and counts what that costs", async (context) => {
      const lane = await Lane.start(transport, { host: "127.0.0.1", allowedOrigins: [], phase: 0 });
      context.after(() => lane.stop());
      // Those that are not wanted any more when they are open leave again.
      await lane.configure({ ...settings, clients: 20 });
      await lane.configure(settings);
      const before = await sampleUntil(
        lane,
        ({ server, clients }) => server.open === 3 && clients.open === 3 && clients.messages >= 15,
      );
      const after = await sampleUntil(
        lane,
        ({ clients }) => clients.messages >= before.clients.messages + 45,
      );
      assert.deepEqual([after.clients.missed, after.clients.failures], [0, 0]);
      const costs = costsBetween(before, after);
      assert.equal(costs.perMessage?.sent.payload, settings.payloadBytes);
      assert.ok(expected[transport](costs.perMessage), JSON.stringify(costs.perMessage));
      assert.ok(costs.perMessage.cpuMicroseconds > 0);
      assert.ok(
        costs.delayMs !== undefined && costs.delayMs.p50 > 0 && costs.delayMs.p99 >= costs.delayMs.p50,
      );

      await lane.configure({ ...settings, clients: 0 });
      const { clients } = await sampleUntil(lane, ({ server }) => server.open === 0);
      assert.deepEqual([clients.open, clients.failures], [0, 0]);
    });
  });
}
