import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeRawFrame } from "../../src/testing/index.ts";
import { HeartbeatWheel } from "../../src/transport/heartbeat.ts";
import { closeOf } from "../support/raw-socket.ts";
import { streamKinds } from "../support/stream-pair.ts";
import type { TransportPair } from "../support/transport-pair.ts";
import { connectPair, tickMs } from "../support/transport-pair.ts";
import { defaultWebSocketLimits } from "../../src/base/limits.ts";
import { noBytes } from "../../src/base/bytes.ts";
import type { ByteStream } from "../../src/transport/byte-stream.ts";
import { WebSocketTransport } from "../../src/transport/websocket-transport.ts";

const emptyPing = { opcode: 9, payload: Buffer.alloc(0) };

for (const kind of streamKinds) {
  test(`${kind}: a silent peer is pinged once, and closed with 1001 HEARTBEAT_TIMEOUT when no byte comes`, async (context) => {
    const { peer, events, wheel, transport } = await connectPair(context, kind, {
      pingIntervalMs: 3,
      pingTimeoutMs: 7,
    });
    assert.equal(wheel.size, 1);
    assert.deepEqual(await peer.frame(), emptyPing);
    assert.deepEqual(closeOf(await peer.frame()), { code: 1001, reason: "HEARTBEAT_TIMEOUT" });
    assert.deepEqual([await peer.rest(), await peer.ended()], [Buffer.alloc(0), "end"]);
    assert.equal(transport.isOpen, false);
    assert.equal(wheel.size, 0);
    peer.end();
    assert.equal(await events.next(), "closing HEARTBEAT_TIMEOUT");
    assert.equal(await events.next(), "closed 1001 HEARTBEAT_TIMEOUT");
  });

  test(`${kind}: silence is judged one turn of the event loop late, and each ping anew`, async (context) => {
    // Without an interval the wheel leaves it alone: the beats are called by hand, so that nothing depends on time.
    const { peer, transport, events } = await connectPair(context, kind, {
      pingIntervalMs: 0,
      pingTimeoutMs: 7,
    });
    assert.equal(transport.beat(), 7);
    // After a long pause of this process the answer may wait unread: before it is read nobody is judged.
    assert.equal(transport.beat(), 0);
    peer.write(encodeRawFrame({ opcode: 10 }));
    assert.equal(await events.next(), "pong ");
    assert.equal(transport.beat(), 0, "the interval is shorter than the timeout: at once");
    assert.equal(transport.beat(), 7);
    assert.equal(transport.beat(), 0);
    assert.equal(transport.isOpen, true);
    assert.equal(transport.beat(), undefined);
    assert.equal(transport.closeReason, "HEARTBEAT_TIMEOUT");
    assert.equal(transport.beat(), undefined);
  });

  test(`${kind}: any byte is a sign of life, also one that completes nothing`, async (context) => {
    const { peer, transport, events } = await connectPair(context, kind, {
      pingIntervalMs: 3,
      pingTimeoutMs: 7,
    });
    // A message of 50 bytes, of which one comes after each ping.
    const bytes = encodeRawFrame({ opcode: 1, payload: "x".repeat(50) });
    for (const byte of bytes.subarray(0, 8)) {
      assert.deepEqual(await peer.frame(), emptyPing);
      peer.write(Uint8Array.of(byte));
    }
    assert.equal(transport.isOpen, true);
    assert.deepEqual(await peer.frame(), emptyPing);
    peer.write(bytes.subarray(8));
    assert.equal(await events.next(), `text ${"x".repeat(50)} 50`);
  });

  test(`${kind}: pings come at pingIntervalMs, not sooner for a shorter timeout, and pongs are reported`, async (context) => {
    const { peer, wheel, events } = await connectPair(context, kind, {
      pingIntervalMs: 40,
      pingTimeoutMs: 4,
    });
    let ticks = 0;
    wheel.add({ beat: () => (ticks++, tickMs) }, 0);
    const seen: number[] = [];
    for (let i = 0; i < 3; i++) {
      assert.deepEqual(await peer.frame(), emptyPing);
      seen.push(ticks);
      peer.write(encodeRawFrame({ opcode: 10 }));
      assert.equal(await events.next(), "pong ");
    }
    for (const [index, tick] of seen.entries()) {
      assert.ok(tick >= (index + 1) * 40, `ping ${index} after ${tick} ticks`);
    }
  });

  test(`${kind}: a peer that is not read is not killed for its silence`, async (context) => {
    const { peer, transport, events } = await connectPair(context, kind, {
      pingIntervalMs: 2,
      pingTimeoutMs: 4,
    });
    transport.pauseReading();
    for (let i = 0; i < 5; i++) assert.deepEqual(await peer.frame(), emptyPing);
    assert.equal(transport.isOpen, true);
    // Once it is read again, its silence counts again.
    transport.resumeReading();
    let frame = await peer.frame();
    while (frame.opcode === 9) frame = await peer.frame();
    assert.deepEqual(closeOf(frame), { code: 1001, reason: "HEARTBEAT_TIMEOUT" });
    assert.equal(await events.next(), "closing HEARTBEAT_TIMEOUT");
  });

  test(`${kind}: a process that was busy for long kills nobody whose answer waits unread`, async (context) => {
    const wheel = new HeartbeatWheel(tickMs);
    const pairs: TransportPair[] = [];
    for (let count = 0; count < 20; count++) {
      pairs.push(await connectPair(context, kind, { pingIntervalMs: 0, pingTimeoutMs: 7 }));
    }
    // Only now, since to connect takes time.
    for (const { transport } of pairs) wheel.add(transport, tickMs);
    for (let round = 0; round < 3; round++) {
      for (const { peer } of pairs) assert.deepEqual(await peer.frame(), emptyPing);
      // All answers are under way, none has been read, and the time for them is long over when they are.
      for (const { peer } of pairs) peer.write(encodeRawFrame({ opcode: 10 }));
      const until = performance.now() + 30;
      while (performance.now() < until);
      for (const { events } of pairs) assert.equal(await events.next(), "pong ");
      assert.ok(pairs.every(({ transport }) => transport.isOpen));
    }
  });

  test(`${kind}: with pingIntervalMs 0 there is no heartbeat`, async (context) => {
    const { wheel, transport } = await connectPair(context, kind, { pingIntervalMs: 0 });
    assert.equal(wheel.size, 0);
    assert.equal(transport.isOpen, true);
  });

  for (const [ending, end] of [
    ["our close()", ({ transport }: TransportPair) => transport.close(1000)],
    ["the peer's close frame", ({ peer }: TransportPair) => peer.write(encodeRawFrame({ opcode: 8 }))],
    ["a broken rule", ({ peer }: TransportPair) => peer.write(encodeRawFrame({ opcode: 3 }))],
    ["the peer's end", ({ peer }: TransportPair) => peer.end()],
    ["a reset", ({ peer }: TransportPair) => peer.reset()],
  ] as const) {
    test(`${kind}: the heart stops with ${ending}`, async (context) => {
      const pair = await connectPair(context, kind, { pingIntervalMs: 60_000 });
      assert.equal(pair.wheel.size, 1);
      end(pair);
      assert.match(await pair.events.next(), /^closing /);
      assert.equal(pair.wheel.size, 0);
    });
  }
}

test("a client that does not read sends no pings: one could draw a reset, and what was sent before would be lost", () => {
  let written = 0;
  const stream: ByteStream = {
    isDestroyed: false,
    writesAtOnce: true,
    pendingBytes: 0,
    start() {},
    write: () => void written++,
    end() {},
    destroy() {},
    pauseReading() {},
    resumeReading() {},
  };
  const transport = new WebSocketTransport(stream, {
    role: "client",
    subprotocol: "",
    limits: { ...defaultWebSocketLimits, pingIntervalMs: 500, pingTimeoutMs: 300 },
    accepts: "any",
    heartbeats: new HeartbeatWheel(),
    head: noBytes,
  });
  transport.pauseReading();
  for (let i = 0; i < 3; i++) assert.equal(transport.beat(), 500);
  transport.flush();
  assert.equal(written, 0);
  transport.resumeReading();
  assert.equal(transport.beat(), 300);
  transport.flush();
  assert.equal(written, 1);
});
