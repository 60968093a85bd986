import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { describe } from "../../src/base/errors.ts";
import { noBytes } from "../../src/base/bytes.ts";
import { defaultWebSocketLimits } from "../../src/base/limits.ts";
import { encodeRawFrame } from "../../src/testing/index.ts";
import { Inbox } from "../../src/testing/inbox.ts";
import { SocketStream } from "../../src/transport/socket-stream.ts";
import { WebSocketTransport } from "../../src/transport/websocket-transport.ts";
import { closeOf } from "../support/raw-socket.ts";
import { connectPair, recorder } from "../support/transport-pair.ts";

/** Timers that keep this process alive. */
function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
}

test("a WebSocket's socket is never idle for too long, and sends small messages at once", async (context) => {
  const { socket, wheel } = await connectPair(context, {});
  const setNoDelay = context.mock.method(socket, "setNoDelay");
  // What Node's HTTP server sets for connections that wait for their next request.
  socket.setTimeout(60_000);
  const transport = new WebSocketTransport(new SocketStream(socket), {
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
  const transport = new WebSocketTransport(new SocketStream(socket), {
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
