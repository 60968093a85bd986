import assert from "node:assert/strict";
import { once } from "node:events";
import type { Socket } from "node:net";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { describe } from "../../src/base/errors.ts";
import { noBytes } from "../../src/base/bytes.ts";
import type { WebSocketLimits } from "../../src/base/limits.ts";
import { defaultWebSocketLimits } from "../../src/base/limits.ts";
import { encodeRawFrame } from "../../src/testing/index.ts";
import { Inbox } from "../../src/testing/inbox.ts";
import { HeartbeatWheel } from "../../src/transport/heartbeat.ts";
import type { TransportEvents } from "../../src/transport/transport.ts";
import { WebSocketTransport } from "../../src/transport/websocket-transport.ts";
import { closeOf, RawSocket } from "../support/raw-socket.ts";

// Each tick takes at least one turn of the event loop, in which both ends read: a peer that answers is never too late,
// however slow the machine is.
const tickMs = 1;

interface Pair {
  readonly transport: WebSocketTransport;
  /** The server's end of the connection. */
  readonly socket: Socket;
  readonly peer: RawSocket;
  readonly wheel: HeartbeatWheel;
  /** What the transport reported, in order. */
  readonly events: Inbox<string>;
}

/** A transport on one end of a TCP connection, and bare bytes on the other. */
async function connectPair(
  context: TestContext,
  limits: Partial<WebSocketLimits>,
  head: Uint8Array = noBytes,
): Promise<Pair> {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const accepted = once(server, "connection");
  const peer = await RawSocket.connect((server.address() as AddressInfo).port);
  const [socket] = (await accepted) as [Socket];
  const wheel = new HeartbeatWheel(tickMs);
  const transport = new WebSocketTransport(socket, {
    role: "server",
    subprotocol: "",
    limits: { ...defaultWebSocketLimits, pingIntervalMs: 0, ...limits },
    accepts: "any",
    heartbeats: wheel,
    head,
  });
  const events = new Inbox<string>();
  transport.start(recorder(transport, events));
  context.after(() => {
    peer.socket.destroy();
    socket.destroy();
    server.close();
  });
  return { transport, socket, peer, wheel, events };
}

function recorder(transport: WebSocketTransport, events: Inbox<string>): TransportEvents {
  return {
    receiveText: (text, byteLength) => events.add(`text ${text} ${byteLength}`),
    receiveBinary: (bytes) => events.add(`binary ${bytes.join()}`),
    receivePing: (payload) => events.add(`ping ${payload.join()}`),
    receivePong: (payload) => events.add(`pong ${payload.join()}`),
    receiveClosing: (problem) => events.add(`closing ${problem?.code ?? "without a problem"}`),
    receiveClosed: () => events.add(`closed ${transport.closeCode} ${transport.closeReason}`),
  };
}

/** Timers that keep this process alive. */
function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
}

const emptyPing = { opcode: 9, payload: Buffer.alloc(0) };

test("a silent peer is pinged once, and closed with 1001 HEARTBEAT_TIMEOUT when no byte comes", async (context) => {
  const { peer, events, wheel, transport } = await connectPair(context, {
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

test("silence is judged one turn of the event loop late, and each ping anew", async (context) => {
  // Without an interval the wheel leaves it alone: the beats are called by hand, so that nothing depends on time.
  const { peer, transport, events } = await connectPair(context, { pingIntervalMs: 0, pingTimeoutMs: 7 });
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

test("a WebSocket's socket is never idle for too long, and sends small messages at once", async (context) => {
  const { socket, wheel } = await connectPair(context, {});
  const setNoDelay = context.mock.method(socket, "setNoDelay");
  // What Node's HTTP server sets for connections that wait for their next request.
  socket.setTimeout(60_000);
  const transport = new WebSocketTransport(socket, {
    role: "server",
    subprotocol: "",
    limits: { ...defaultWebSocketLimits, pingIntervalMs: 0 },
    accepts: "any",
    heartbeats: wheel,
    head: noBytes,
  });
  transport.start(recorder(transport, new Inbox()));
  assert.equal(socket.timeout, 0);
  assert.deepEqual(setNoDelay.mock.calls[0]?.arguments, [true]);
});

test("any byte is a sign of life, also one that completes nothing", async (context) => {
  const { peer, transport, events } = await connectPair(context, { pingIntervalMs: 3, pingTimeoutMs: 7 });
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

test("pings come at pingIntervalMs, not sooner for a shorter timeout, and pongs are reported", async (context) => {
  const { peer, wheel, events } = await connectPair(context, { pingIntervalMs: 40, pingTimeoutMs: 4 });
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

test("a peer that is not read is not killed for its silence", async (context) => {
  const { peer, transport, events } = await connectPair(context, { pingIntervalMs: 2, pingTimeoutMs: 4 });
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

test("with pingIntervalMs 0 there is no heartbeat", async (context) => {
  const { wheel, transport } = await connectPair(context, { pingIntervalMs: 0 });
  assert.equal(wheel.size, 0);
  assert.equal(transport.isOpen, true);
});

for (const [ending, end] of [
  ["our close()", ({ transport }: Pair) => transport.close(1000)],
  ["the peer's close frame", ({ peer }: Pair) => peer.write(encodeRawFrame({ opcode: 8 }))],
  ["a broken rule", ({ peer }: Pair) => peer.write(encodeRawFrame({ opcode: 3 }))],
  ["the peer's end", ({ peer }: Pair) => peer.end()],
  ["a reset", ({ peer }: Pair) => peer.reset()],
] as const) {
  test(`the heart stops with ${ending}`, async (context) => {
    const pair = await connectPair(context, { pingIntervalMs: 60_000 });
    assert.equal(pair.wheel.size, 1);
    end(pair);
    assert.match(await pair.events.next(), /^closing /);
    assert.equal(pair.wheel.size, 0);
  });
}

test("a peer that never answers our close frame is cut after closeTimeoutMs, and the code stays ours", async (context) => {
  const { peer, transport, events } = await connectPair(context, { closeTimeoutMs: 30 });
  transport.close(4000, "leave");
  assert.equal(transport.isOpen, false);
  assert.equal(await events.next(), "closing without a problem");
  assert.deepEqual(closeOf(await peer.frame()), { code: 4000, reason: "leave" });
  // Meanwhile it sends as if nothing had happened: nothing is reported any more, and only pings are answered.
  peer.write(encodeRawFrame({ opcode: 1, payload: "ignored" }));
  peer.write(encodeRawFrame({ opcode: 9, payload: "answered" }));
  assert.deepEqual(await peer.frame(), { opcode: 10, payload: Buffer.from("answered") });
  assert.equal(await events.next(), "closed 4000 leave");
  await peer.ended();
  assert.equal(peer.received, 0);
});

test("a peer that answers our close frame but never ends the connection is cut, too", async (context) => {
  const { peer, transport, events } = await connectPair(context, { closeTimeoutMs: 30 });
  transport.close(1000);
  await peer.frame();
  peer.write(encodeRawFrame({ opcode: 8, payload: Uint8Array.of(3, 232) }));
  // RFC 6455 §7.1.1: the server ends its side at once; the peer keeps its own open.
  assert.equal(await peer.ended(), "end");
  assert.equal(await events.next(), "closing without a problem");
  assert.equal(await events.next(), "closed 1000 ");
});

test("a peer that pings and reads nothing is bounded while it is being closed, too", async (context) => {
  const maxSendQueueBytes = 100_000;
  const { peer, transport, socket, events } = await connectPair(context, {
    maxSendQueueBytes,
    closeTimeoutMs: 60_000,
  });
  peer.socket.pause();
  transport.close(4000);
  const pings = Buffer.concat(
    Array<Uint8Array>(4000).fill(encodeRawFrame({ opcode: 9, payload: "x".repeat(120) })),
  );
  // Far more than the operating system keeps; the server may also have cut the connection by then.
  for (let sent = 0; sent < 32 << 20 && !socket.destroyed; sent += pings.length) {
    await peer.writeSegment(pings);
    assert.ok(
      transport.bufferedAmount <= maxSendQueueBytes + 2 * 65_536,
      `${transport.bufferedAmount} bytes of pongs are waiting`,
    );
  }
  peer.socket.destroy();
  let event = "";
  while (!event.startsWith("closed")) event = await events.next();
  if (!socket.destroyed) await once(socket.destroy(), "close");
});

test("a close timer is gone as soon as the connection is", async (context) => {
  const before = timers();
  const { peer, transport, events } = await connectPair(context, { closeTimeoutMs: 60_000 });
  transport.close();
  assert.equal(timers(), before + 1);
  assert.deepEqual(await peer.frame(), { opcode: 8, payload: Buffer.alloc(0) });
  peer.write(encodeRawFrame({ opcode: 8 }));
  await peer.ended();
  peer.end();
  assert.equal(await events.next(), "closing without a problem");
  assert.equal(await events.next(), "closed 1005 ");
  assert.equal(timers(), before);
});

test("a peer that ends without a close frame is ended in turn; what came before is still reported", async (context) => {
  const { peer, events } = await connectPair(context, {});
  peer.write(encodeRawFrame({ opcode: 1, payload: "last" }));
  peer.write(encodeRawFrame({ opcode: 1, payload: "cut off" }).subarray(0, 9));
  peer.end();
  assert.equal(await events.next(), "text last 4");
  assert.equal(await events.next(), "closing without a problem");
  assert.equal(await events.next(), "closed 1006 ");
  assert.deepEqual([await peer.rest(), await peer.ended()], [Buffer.alloc(0), "end"]);
});

test("a peer that resets the connection while much waits for it is lost: 1006, and nothing throws", async (context) => {
  const { peer, transport, events } = await connectPair(context, { maxSendQueueBytes: 1 << 30 });
  peer.socket.pause();
  transport.sendBinary(new Uint8Array(16 << 20));
  const drained = transport.drained();
  peer.reset();
  assert.equal(await events.next(), "closing without a problem");
  assert.equal(await events.next(), "closed 1006 ");
  await drained;
  assert.equal(transport.sendText("too late"), false);
  assert.equal(transport.sendPing(noBytes), false);
  transport.close(1000);
  assert.equal(transport.closeCode, 1006);
});

test("a socket that is gone before the start is closed with 1006 at once", async (context) => {
  const { socket, wheel } = await connectPair(context, {});
  socket.destroy();
  const transport = new WebSocketTransport(socket, {
    role: "server",
    subprotocol: "",
    limits: { ...defaultWebSocketLimits, pingIntervalMs: 10 },
    accepts: "any",
    heartbeats: wheel,
    head: encodeRawFrame({ opcode: 1, payload: "x" }),
  });
  const events = new Inbox<string>();
  transport.start(recorder(transport, events));
  assert.equal(await events.next(), "closing without a problem");
  assert.equal(await events.next(), "closed 1006 ");
  assert.equal(wheel.size, 0);
});

test("bytes that came with the handshake are received first", async (context) => {
  const first = encodeRawFrame({ opcode: 1, payload: "first" });
  const { peer, events } = await connectPair(context, {}, first.subarray(0, 8));
  peer.write(first.subarray(8));
  peer.write(encodeRawFrame({ opcode: 2, payload: Uint8Array.of(2) }));
  assert.deepEqual([await events.next(), await events.next()], ["text first 5", "binary 2"]);
});

test("fail closes with the code of the problem, reports it once, and sends nothing afterwards", async (context) => {
  const { peer, transport, events } = await connectPair(context, {});
  transport.sendText("before");
  transport.fail(describe("WS_HANDLER_FAILED", {}));
  transport.fail(describe("SERVER_CLOSING", {}));
  assert.equal(transport.sendText("after"), false);
  assert.deepEqual(await peer.frame(), { opcode: 1, payload: Buffer.from("before") });
  // What went wrong on this side is none of the peer's business.
  assert.deepEqual(closeOf(await peer.frame()), { code: 1011, reason: "" });
  assert.deepEqual([await peer.rest(), await peer.ended()], [Buffer.alloc(0), "end"]);
  peer.end();
  assert.deepEqual([await events.next(), await events.next()], ["closing WS_HANDLER_FAILED", "closed 1011 "]);
});

test("traffic counts messages and the bytes of their payloads, each way", async (context) => {
  const { peer, transport, events } = await connectPair(context, {});
  peer.write(encodeRawFrame({ opcode: 1, payload: "é" }));
  peer.write(encodeRawFrame({ opcode: 2, fin: false, payload: "abc" }));
  peer.write(encodeRawFrame({ opcode: 9, payload: "no message" }));
  peer.write(encodeRawFrame({ opcode: 0, payload: "de" }));
  for (let i = 0; i < 3; i++) await events.next();
  transport.sendText("郑");
  transport.sendBinary(new Uint8Array(10));
  transport.sendPing(new Uint8Array(10));
  assert.deepEqual(transport.traffic, {
    messagesReceived: 2,
    bytesReceived: 7,
    messagesSent: 2,
    bytesSent: 13,
  });
});

test("a paused transport reads no more until it is resumed, and reads the rest when it is closed", async (context) => {
  const { peer, transport, events, socket } = await connectPair(context, {});
  transport.pauseReading();
  peer.write(encodeRawFrame({ opcode: 1, payload: "waits" }));
  peer.write(encodeRawFrame({ opcode: 8 }));
  // The peer's close frame cannot be seen before the message; ours goes out, and then both are read.
  assert.equal(socket.isPaused(), true);
  transport.close(4000);
  assert.equal(socket.isPaused(), false);
  assert.deepEqual(closeOf(await peer.frame()), { code: 4000, reason: "" });
  assert.equal(await peer.ended(), "end");
  peer.end();
  assert.equal(await events.next(), "closing without a problem");
  assert.equal(await events.next(), "closed 4000 ");
});
