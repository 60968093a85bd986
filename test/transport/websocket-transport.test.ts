import assert from "node:assert/strict";
import { test } from "node:test";
import { describe } from "../../src/base/errors.ts";
import { noBytes } from "../../src/base/bytes.ts";
import { encodeRawFrame } from "../../src/testing/index.ts";
import { deferred } from "../support/deferred.ts";
import { closeOf } from "../support/raw-socket.ts";
import { connectStream, streamKinds, turns } from "../support/stream-pair.ts";
import { connectPair, startTransport } from "../support/transport-pair.ts";

/** Timers that keep this process alive. */
function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
}

for (const kind of streamKinds) {
  test(`${kind}: a peer that never answers our close frame is cut after closeTimeoutMs, and the code stays ours`, async (context) => {
    const { peer, transport, events } = await connectPair(context, kind, { closeTimeoutMs: 30 });
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

  test(`${kind}: a peer that answers our close frame but never ends the connection is cut, too`, async (context) => {
    const { peer, transport, events } = await connectPair(context, kind, { closeTimeoutMs: 30 });
    transport.close(1000);
    await peer.frame();
    peer.write(encodeRawFrame({ opcode: 8, payload: Uint8Array.of(3, 232) }));
    // RFC 6455 §7.1.1: the server ends its side at once; the peer keeps its own open.
    assert.equal(await peer.ended(), "end");
    assert.equal(await events.next(), "closing without a problem");
    assert.equal(await events.next(), "closed 1000 ");
  });

  test(`${kind}: a peer that pings and reads nothing is bounded while it is being closed, too`, async (context) => {
    const maxSendQueueBytes = 100_000;
    const { peer, transport, stream, events } = await connectPair(context, kind, {
      maxSendQueueBytes,
      closeTimeoutMs: 60_000,
    });
    peer.socket.pause();
    transport.close(4000);
    const pings = Buffer.concat(
      Array<Uint8Array>(4000).fill(encodeRawFrame({ opcode: 9, payload: "x".repeat(120) })),
    );
    // Far more than the operating system keeps; the server may also have cut the connection by then.
    for (let sent = 0; sent < 32 << 20 && !stream.isDestroyed; sent += pings.length) {
      await peer.writeSegment(pings);
      assert.ok(
        transport.bufferedAmount <= maxSendQueueBytes + 2 * 65_536,
        `${transport.bufferedAmount} bytes of pongs are waiting`,
      );
    }
    peer.socket.destroy();
    let event = "";
    while (!event.startsWith("closed")) event = await events.next();
  });

  test(`${kind}: a close timer is gone as soon as the connection is`, async (context) => {
    const before = timers();
    const { peer, transport, events } = await connectPair(context, kind, { closeTimeoutMs: 60_000 });
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

  test(`${kind}: a peer that ends without a close frame is ended in turn; what came before is still reported`, async (context) => {
    const { peer, events } = await connectPair(context, kind);
    peer.write(encodeRawFrame({ opcode: 1, payload: "last" }));
    peer.write(encodeRawFrame({ opcode: 1, payload: "cut off" }).subarray(0, 9));
    peer.end();
    assert.equal(await events.next(), "text last 4");
    assert.equal(await events.next(), "closing without a problem");
    assert.equal(await events.next(), "closed 1006 ");
    assert.deepEqual([await peer.rest(), await peer.ended()], [Buffer.alloc(0), "end"]);
  });

  test(`${kind}: a peer that resets the connection while much waits for it is lost: 1006, and nothing throws`, async (context) => {
    const { peer, transport, events } = await connectPair(context, kind, { maxSendQueueBytes: 1 << 30 });
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

  test(`${kind}: a stream that is gone before the start is closed with 1006 at once`, async (context) => {
    const { stream } = await connectStream(context, kind);
    stream.destroy();
    const head = encodeRawFrame({ opcode: 1, payload: "x" });
    const { events, wheel } = startTransport(stream, { pingIntervalMs: 10, head });
    assert.equal(await events.next(), "closing without a problem");
    assert.equal(await events.next(), "closed 1006 ");
    assert.equal(wheel.size, 0);
  });

  test(`${kind}: bytes that came with the handshake are received first`, async (context) => {
    const first = encodeRawFrame({ opcode: 1, payload: "first" });
    const { peer, events } = await connectPair(context, kind, { head: first.subarray(0, 8) });
    peer.write(first.subarray(8));
    peer.write(encodeRawFrame({ opcode: 2, payload: Uint8Array.of(2) }));
    assert.deepEqual([await events.next(), await events.next()], ["text first 5", "binary 2"]);
  });

  test(`${kind}: fail closes with the code of the problem, reports it once, and sends nothing afterwards`, async (context) => {
    const { peer, transport, events } = await connectPair(context, kind);
    transport.sendText("before");
    transport.fail(describe("WS_HANDLER_FAILED", {}));
    transport.fail(describe("SERVER_CLOSING", {}));
    assert.equal(transport.sendText("after"), false);
    assert.deepEqual(await peer.frame(), { opcode: 1, payload: Buffer.from("before") });
    // What went wrong on this side is none of the peer's business.
    assert.deepEqual(closeOf(await peer.frame()), { code: 1011, reason: "" });
    assert.deepEqual([await peer.rest(), await peer.ended()], [Buffer.alloc(0), "end"]);
    peer.end();
    assert.deepEqual(
      [await events.next(), await events.next()],
      ["closing WS_HANDLER_FAILED", "closed 1011 "],
    );
  });

  test(`${kind}: traffic counts messages and the bytes of their payloads, each way`, async (context) => {
    const { peer, transport, events } = await connectPair(context, kind);
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

  test(`${kind}: a paused transport reads no more until it is resumed, and reads the rest when it is closed`, async (context) => {
    const { peer, transport, events, stream } = await connectPair(context, kind);
    const resumed = context.mock.method(stream, "resumeReading");
    transport.pauseReading();
    await peer.writeSegment(encodeRawFrame({ opcode: 1, payload: "waits" }));
    await peer.writeSegment(encodeRawFrame({ opcode: 8 }));
    // The peer's close frame cannot be seen before the message; ours goes out, and then both are read.
    assert.equal(resumed.mock.callCount(), 0);
    transport.close(4000);
    assert.equal(resumed.mock.callCount(), 1);
    assert.deepEqual(closeOf(await peer.frame()), { code: 4000, reason: "" });
    assert.equal(await peer.ended(), "end");
    peer.end();
    assert.equal(await events.next(), "closing without a problem");
    assert.equal(await events.next(), "closed 4000 ");
  });

  test(`${kind}: what waits for a slow peer is not written over by what others send at once`, async (context) => {
    const slow = await connectPair(context, kind, { maxSendQueueBytes: 1 << 30 });
    const quick = await connectPair(context, kind);
    slow.peer.socket.pause();
    const expected: Buffer[] = [];
    let index = 0;
    const sendSlowly = (length: number): void => {
      const text = String(index++ % 10).repeat(length);
      slow.transport.sendText(text);
      const header = length < 126 ? [0x81, length] : length < 65_536 ? [0x81, 126, length >> 8, length & 0xff] : [0x81, 127, 0, 0, 0, 0, 0, 0, 0, 0]; // prettier-ignore
      const bytes = Buffer.concat([Buffer.from(header), Buffer.from(text)]);
      if (length >= 65_536) bytes.writeUInt32BE(length, 6);
      expected.push(bytes);
    };
    // Until the operating system takes no more, and then as much again.
    while (slow.stream.pendingBytes === 0) {
      for (const length of [10, 5000, 100, 40_000, 70_000, 120_000]) sendSlowly(length);
      await turns(1);
    }
    for (let round = 0; round < 20; round++) {
      for (const length of [10, 5000, 100, 40_000, 70_000]) sendSlowly(length);
      await turns(1);
      for (let count = 0; count < 20; count++) {
        quick.transport.sendText("x".repeat(5000));
        await quick.peer.read(5004);
      }
    }
    slow.peer.socket.resume();
    const all = Buffer.concat(expected);
    assert.ok((await slow.peer.read(all.length)).equals(all));
  });

  test(`${kind}: what is sent in one turn leaves in one write, the answers to one read too`, async (context) => {
    const { peer, transport, stream, events } = await connectPair(context, kind);
    const { mock } = context.mock.method(stream, "write");
    for (let count = 0; count < 100; count++) transport.sendText(`${count}`);
    transport.sendPing(Buffer.from("ping"));
    assert.equal(mock.callCount(), 0);
    assert.equal(transport.bufferedAmount, 390 + 6);
    await turns(1);
    assert.equal(mock.callCount(), 1);
    assert.equal(mock.calls[0]?.arguments[0].length, 1, "and it lies in one piece");
    await peer.read(396);
    // Pongs, and what a receiver answers while it is called.
    const ping = encodeRawFrame({ opcode: 9, payload: "p" });
    peer.write(Buffer.concat([ping, ping, ping]));
    await events.next();
    await peer.read(9);
    assert.equal(mock.callCount(), 2);
  });

  test(`${kind}: messages are the receiver's: what is read later does not change them`, async (context) => {
    const { stream, peer } = await connectStream(context, kind);
    const given: Uint8Array[] = [];
    const { transport } = startTransport(stream);
    const { promise, resolve } = deferred();
    transport.receiveBinary = (bytes) => {
      given.push(bytes);
      if (given.length === 20) resolve();
    };
    for (let count = 0; count < 20; count++) {
      await peer.writeSegment(encodeRawFrame({ opcode: 2, payload: new Uint8Array(1000).fill(count) }));
    }
    await promise;
    for (const [index, bytes] of given.entries()) {
      assert.ok(bytes.every((byte) => byte === index), `message ${index}`); // prettier-ignore
      assert.equal(bytes.buffer.byteLength, 1000, "the memory of the read is not kept");
    }
  });
}
