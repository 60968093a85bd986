import assert from "node:assert/strict";
import { test } from "node:test";
import { WebSocketHandler } from "../../src/index.ts";
import { TestClient } from "../../src/testing/index.ts";
import { Inbox } from "../../src/testing/inbox.ts";
import type { Running } from "../support/run-application.ts";
import { runApplication } from "../support/run-application.ts";

const MiB = 1024 * 1024;

/** More than the operating system's buffers take on a loopback connection, so that the rest stays with the server. */
const moreThanTheKernelTakes = 16 * MiB;

const connected = new Inbox<WebSocketHandler>();

class Puppet extends WebSocketHandler {
  override open() {
    connected.add(this);
  }
  override onMessage(message: string | Uint8Array) {
    this.writeMessage(message);
  }
}

async function connectPair(running: Running): Promise<[handler: WebSocketHandler, client: TestClient]> {
  const client = await TestClient.connect(running.at("/ws"));
  return [await connected.next(), client];
}

/** A round trip: whatever the server was about to do on its own, it has done. */
async function roundTrip(client: TestClient): Promise<void> {
  client.ping();
  await client.nextPong();
}

test("writeMessage returns false once more than highWaterMarkBytes is waiting, headers included", async (context) => {
  const running = await runApplication(context, [["/ws", Puppet]], {
    websocket: { highWaterMarkBytes: 1000 },
  });
  const [handler, client] = await connectPair(running);
  // Nothing leaves before the end of the turn: a header of 4 bytes and 896 of payload.
  assert.equal(handler.writeMessage("x".repeat(896)), true);
  assert.equal(handler.bufferedAmount, 900);
  assert.equal(handler.writeMessage(new Uint8Array(98)), true);
  assert.equal(handler.bufferedAmount, 1000);
  assert.equal(handler.writeMessage(""), false);
  assert.equal(handler.bufferedAmount, 1002);
  // It was accepted all the same.
  await handler.drained();
  assert.equal(handler.bufferedAmount, 0);
  assert.equal(handler.writeMessage("again"), true);
  await client.nextMessage();
  await client.nextMessage();
  assert.deepEqual([await client.nextMessage(), await client.nextMessage()], ["", "again"]);
});

test("drained resolves when a slow client reads, and not before", async (context) => {
  const running = await runApplication(context, [["/ws", Puppet]], {
    websocket: { maxSendQueueBytes: 2 * moreThanTheKernelTakes },
  });
  const [handler, client] = await connectPair(running);
  const [, other] = await connectPair(running);
  client.pause();
  assert.equal(handler.writeMessage(new Uint8Array(moreThanTheKernelTakes)), false);
  const order: string[] = [];
  const drained = Promise.all([handler.drained(), handler.drained()]).then(() => {
    order.push("drained");
    assert.ok(handler.bufferedAmount <= 256 * 1024, `${handler.bufferedAmount} bytes are waiting`);
  });
  for (let i = 0; i < 20; i++) await roundTrip(other);
  assert.ok(handler.bufferedAmount > 256 * 1024, "the client reads nothing");
  order.push("resumed");
  client.resume();
  await drained;
  assert.deepEqual(order, ["resumed", "drained"]);
  assert.equal((await client.nextMessage()).length, moreThanTheKernelTakes);
  // With nothing waiting it resolves at once.
  await handler.drained();
});

test("who waits for drained is released when the connection ends instead", async (context) => {
  const running = await runApplication(context, [["/ws", Puppet]], {
    // So long that only the close itself, and not its end, can be what releases.
    websocket: { maxSendQueueBytes: 2 * moreThanTheKernelTakes, closeTimeoutMs: 60_000 },
  });
  for (const [ending, end] of [
    ["lost", (_handler: WebSocketHandler, client: TestClient) => client.terminate()],
    ["closed", (handler: WebSocketHandler) => handler.close(1000)],
  ] as const) {
    const [handler, client] = await connectPair(running);
    client.pause();
    handler.writeMessage(new Uint8Array(moreThanTheKernelTakes));
    const drained = handler.drained();
    end(handler, client);
    await drained;
    assert.equal(handler.isOpen, false, ending);
    await handler.drained();
    client.terminate();
    await running.log.expect(/^1(?:006|000) /);
  }
});

test("SLOW_CONSUMER: a client that does not read is closed with 1013 and logged; another does not notice", async (context) => {
  const closes = new Inbox<string>();
  class Feed extends Puppet {
    override onClose(code: number, reason: string) {
      closes.add(`${code} ${reason}`);
    }
  }
  const running = await runApplication(context, [["/ws", Feed]]);
  const [slowHandler, slow] = await connectPair(running);
  const [quickHandler, quick] = await connectPair(running);
  const chunk = new Uint8Array(200_000).fill(1);
  slow.pause();
  let sent = 0;
  while (slowHandler.isOpen) {
    slowHandler.writeMessage(chunk);
    sent++;
    assert.ok(sent * chunk.length < 100 * MiB, "the queue grows without bound");
    quickHandler.writeMessage(chunk);
    assert.equal((await quick.nextMessage()).length, chunk.length);
  }
  assert.equal(slowHandler.writeMessage("more"), false);
  // The close frame stands behind what was queued: the client learns why as soon as it reads.
  slow.resume();
  for (let i = 0; i < sent; i++) assert.equal((await slow.nextMessage()).length, chunk.length);
  assert.deepEqual(await slow.closed(), { code: 1013, reason: "SLOW_CONSUMER" });
  assert.equal(await closes.next(), "1013 SLOW_CONSUMER");
  const { level, text } = await running.log.expect(/^1013 GET \/ws/);
  assert.equal(level, "warn");
  const buffered = Number(
    / SLOW_CONSUMER: (\d+) bytes wait to be read by a slow peer, at most 1048576 may\./.exec(text)?.[1],
  );
  assert.ok(buffered > MiB && buffered <= MiB + chunk.length + 10, `${buffered} bytes were waiting`);
  assert.match(text, /To allow more: websocket: \{ maxSendQueueBytes \}/);
  await roundTrip(quick);
});

test("a slow client that never reads again is cut off after closeTimeoutMs", async (context) => {
  const closes = new Inbox<number>();
  class Feed extends Puppet {
    override onClose(code: number) {
      closes.add(code);
    }
  }
  const running = await runApplication(context, [["/ws", Feed]], { websocket: { closeTimeoutMs: 50 } });
  const [handler, client] = await connectPair(running);
  client.pause();
  while (handler.isOpen) handler.writeMessage(new Uint8Array(500_000));
  assert.equal(await closes.next(), 1013);
  await running.log.expect(/^1013 .* SLOW_CONSUMER/);
  client.terminate();
});

test("what fits is sent in one turn, however much the operating system takes", async (context) => {
  const running = await runApplication(context, [["/ws", Puppet]], {
    websocket: { maxSendQueueBytes: 1000 },
  });
  const [handler, client] = await connectPair(running);
  // A hundred times the limit in one turn: past it the queue is flushed, and the kernel takes it all.
  for (let i = 0; i < 1000; i++) handler.writeMessage("x".repeat(100));
  assert.equal(handler.isOpen, true);
  for (let i = 0; i < 1000; i++) await client.nextMessage();
});

test("one message larger than maxSendQueueBytes goes while nothing else waits", async (context) => {
  const running = await runApplication(context, [["/ws", Puppet]]);
  const [handler, client] = await connectPair(running);
  assert.equal(handler.writeMessage(new Uint8Array(moreThanTheKernelTakes)), false);
  assert.equal((await client.nextMessage()).length, moreThanTheKernelTakes);
  assert.equal(handler.isOpen, true);
  await handler.drained();
  // The next one, too, and behind it what the limit allows; but not a second one.
  handler.writeMessage(new Uint8Array(moreThanTheKernelTakes));
  handler.writeMessage("behind it");
  assert.equal(handler.isOpen, true);
  handler.writeMessage(new Uint8Array(moreThanTheKernelTakes));
  assert.equal(handler.isOpen, false);
  assert.equal((await client.nextMessage()).length, moreThanTheKernelTakes);
  await client.closed();
  await running.log.expect(/^1013 .* SLOW_CONSUMER/);
});

test("a large message goes also as the answer to a message, and while the client sends others", async (context) => {
  class Answering extends Puppet {
    override onMessage(message: string | Uint8Array) {
      if (message === "all of it") this.writeMessage(new Uint8Array(moreThanTheKernelTakes));
    }
  }
  const running = await runApplication(context, [["/ws", Answering]]);
  const [, client] = await connectPair(running);
  // The answer is written while the message is being received.
  client.send("all of it");
  assert.equal((await client.nextMessage()).length, moreThanTheKernelTakes);
  // What comes in while it is under way makes the queue no longer.
  client.pause();
  client.send("all of it");
  for (let i = 0; i < 5; i++) client.send("something else");
  const [, other] = await connectPair(running);
  for (let i = 0; i < 20; i++) await roundTrip(other);
  client.resume();
  assert.equal((await client.nextMessage()).length, moreThanTheKernelTakes);
  await roundTrip(client);
});

test("pings count as well: a handler that only pings a client that does not read is told to stop", async (context) => {
  const running = await runApplication(context, [["/ws", Puppet]], {
    websocket: { maxSendQueueBytes: 10_000, closeTimeoutMs: 50 },
  });
  const [handler, client] = await connectPair(running);
  client.pause();
  const payload = new Uint8Array(125);
  let sent = 0;
  while (handler.isOpen && sent++ < 400_000) handler.ping(payload);
  assert.equal(handler.isOpen, false, "the queue of pings grows without bound");
  assert.equal(handler.ping(payload), false);
  await running.log.expect(/^1013 .* SLOW_CONSUMER/);
  client.terminate();
});

test("a client that pings without reading the pongs is a slow consumer as well", async (context) => {
  const running = await runApplication(context, [["/ws", Puppet]], {
    websocket: { maxSendQueueBytes: 10_000 },
  });
  const [handler, client] = await connectPair(running);
  const payload = new Uint8Array(125);
  client.pause();
  let sent = 0;
  while (handler.isOpen && sent < 64 * MiB) {
    for (let i = 0; i < 1000; i++) client.ping(payload);
    sent += 1000 * payload.length;
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  assert.equal(handler.isOpen, false, "the pongs are bounded, too");
  client.terminate();
  await running.log.expect(/^1013 .* SLOW_CONSUMER/);
});
