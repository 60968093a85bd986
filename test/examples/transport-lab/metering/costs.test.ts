import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { costsBetween } from "../../../../examples/transport-lab/metering/costs.ts";
import { DelayHistogram } from "../../../../examples/transport-lab/metering/delay-histogram.ts";
import type { Sample, ServerSample } from "../../../../examples/transport-lab/metering/samples.ts";

function sampleOf(server: Partial<ServerSample>, delays: readonly number[] = []): Sample {
  const histogram = new DelayHistogram();
  for (const delay of delays) histogram.add(delay);
  return {
    server: {
      atMs: 0,
      bytesReceived: 0,
      bytesSent: 0,
      sockets: 1,
      requests: 0,
      messagesSent: 0,
      payloadBytesSent: 0,
      messagesReceived: 0,
      payloadBytesReceived: 0,
      cpuMicroseconds: 0,
      open: 1,
      ...server,
    },
    clients: { open: 1, messages: delays.length, missed: 0, failures: 0, delays: histogram.counts },
  };
}

suite("the costs between two samples", () => {
  const before = sampleOf({
    atMs: 1000,
    bytesSent: 500,
    bytesReceived: 100,
    requests: 1,
    cpuMicroseconds: 7000,
  });
  const after = sampleOf(
    {
      atMs: 3000,
      bytesSent: 500 + 10 * 90,
      bytesReceived: 100 + 10 * 300,
      requests: 6,
      messagesSent: 10,
      payloadBytesSent: 640,
      payloadBytesReceived: 1000,
      cpuMicroseconds: 9000,
    },
    [8],
  );
  const costs = costsBetween(before, after);

  test("are told apart by headers and payload, in each direction", () => {
    assert.deepEqual(costs.perMessage, {
      sent: { headers: 26, payload: 64 },
      received: { headers: 200, payload: 100 },
      requests: 0.5,
      cpuMicroseconds: 200,
    });
  });

  test("are also given by the second", () => {
    assert.equal(costs.seconds, 2);
    assert.equal(costs.messagesPerSecond, 5);
    assert.equal(costs.requestsPerSecond, 2.5);
    assert.equal(costs.cpuShare, 0.001);
    assert.deepEqual(costs.bytesPerSecond.sent, { headers: 130, payload: 320 });
  });

  test("have the delays of that time", () => {
    assert.ok(costs.delayMs !== undefined && Math.abs(costs.delayMs.p50 - 8) < 0.4);
  });

  test("have nothing by message where there was none", () => {
    const idle = costsBetween(before, {
      ...before,
      server: { ...before.server, atMs: 2000, bytesSent: 510 },
    });
    assert.equal(idle.perMessage, undefined);
    assert.equal(idle.delayMs, undefined);
    assert.deepEqual(idle.bytesPerSecond.sent, { headers: 10, payload: 0 });
  });

  test("are never less than nothing, also when messages wait for their bytes", () => {
    const waiting = costsBetween(before, sampleOf({ ...after.server, bytesSent: 500 }));
    assert.deepEqual(waiting.perMessage?.sent, { headers: 0, payload: 64 });
  });
});
