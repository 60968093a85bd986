import assert from "node:assert/strict";
import { once } from "node:events";
import type { Socket } from "node:net";
import { test } from "node:test";
import { RequestHandler, WebSocketHandler } from "../../src/index.ts";
import { MemoryEngine } from "../../src/hub/memory-engine.ts";
import { encodeRawFrame, startApplication, TestClient } from "../../src/testing/index.ts";
import { Inbox } from "../../src/testing/inbox.ts";
import { resolveCompression } from "../../src/protocol/websocket/compression-options.ts";
import { createMessageCodec } from "../../src/transport/deflate-codec.ts";
import { CompressingClient } from "../support/compressing-client.ts";
import { handshake } from "../support/raw-socket.ts";
import type { Running } from "../support/run-application.ts";
import { runApplication } from "../support/run-application.ts";

const connected = new Inbox<WebSocketHandler>();

/** A handler that the test holds by its strings. */
class Puppet extends WebSocketHandler {
  override open() {
    connected.add(this);
  }
}

async function connectPair(
  running: Running,
  ...channels: string[]
): Promise<[handler: WebSocketHandler, client: TestClient]> {
  const client = await TestClient.connect(running.at("/ws"));
  const handler = await connected.next();
  for (const channel of channels) assert.equal(handler.subscribe(channel), true);
  return [handler, client];
}

/** Whatever was on its way to a client has come: what it got besides `end`, which stands behind. */
async function messagesOf(handler: WebSocketHandler, client: TestClient): Promise<(string | Uint8Array)[]> {
  handler.writeMessage("end");
  const messages: (string | Uint8Array)[] = [];
  for (;;) {
    const message = await client.nextMessage();
    if (message === "end") return messages;
    messages.push(message);
  }
}

/** The error code with which something is refused. */
function codeOf(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return (error as { code: unknown }).code;
  }
  return assert.fail("nothing was thrown");
}

test("publish reaches all subscribers but the publisher, Application.publish reaches all", async (context) => {
  const running = await runApplication(context, [["/ws", Puppet]]);
  const [one, oneClient] = await connectPair(running, "room");
  const [two, twoClient] = await connectPair(running, "room", "other");
  const [three, threeClient] = await connectPair(running, "other");
  one.publish("room", "from one");
  three.publish("room", "from three, who is not there");
  two.publish("other", "from two");
  running.app.publish("room", "from the server");
  running.app.publish("nowhere", "nobody");
  const expected = ["from three, who is not there", "from the server"];
  assert.deepEqual(await messagesOf(one, oneClient), expected);
  assert.deepEqual(await messagesOf(two, twoClient), ["from one", ...expected]);
  assert.deepEqual(await messagesOf(three, threeClient), ["from two"]);
});

test("a request publishes to all subscribers", async (context) => {
  class Messages extends RequestHandler {
    async post() {
      this.publish("room", await this.text());
      return [codeOf(() => this.publish("", "x")), codeOf(() => this.publish("room", 5 as never))];
    }
  }
  const running = await runApplication(context, [
    ["/ws", Puppet],
    ["/messages", Messages],
  ]);
  const [one, oneClient] = await connectPair(running, "room");
  const [two, twoClient] = await connectPair(running, "other");
  const answer = await fetch(running.at("/messages"), { method: "POST", body: "from a request" });
  assert.deepEqual(await answer.json(), ["CHANNEL_INVALID", "ARGUMENT_TYPE_INVALID"]);
  assert.deepEqual(await messagesOf(one, oneClient), ["from a request"]);
  assert.deepEqual(await messagesOf(two, twoClient), []);
});

test("to subscribe twice or to unsubscribe what is not subscribed does nothing", async (context) => {
  const running = await runApplication(context, [["/ws", Puppet]]);
  const [handler, client] = await connectPair(running, "room", "room");
  handler.unsubscribe("other");
  running.app.publish("room", "once");
  handler.unsubscribe("room");
  handler.unsubscribe("room");
  running.app.publish("room", "not at all");
  handler.subscribe("room");
  running.app.publish("room", "again");
  assert.deepEqual(await messagesOf(handler, client), ["once", "again"]);
});

test("a channel can be subscribed to from open() on and until the connection closes", async (context) => {
  const seen = new Inbox<unknown>();
  class Timid extends Puppet {
    constructor(...args: ConstructorParameters<typeof Puppet>) {
      super(...args);
      seen.add(codeOf(() => this.subscribe("room")));
    }
    override prepare() {
      seen.add(codeOf(() => this.subscribe("room")));
      this.unsubscribe("room");
      this.publish("room", "here I come");
    }
    override open() {
      seen.add(this.subscribe("room"));
      this.publish("room", "here I am");
      super.open();
    }
    override onClose() {
      seen.add(this.subscribe("room"));
      this.unsubscribe("room");
      this.publish("room", "there I went");
      seen.add("closed");
    }
  }
  const running = await runApplication(context, [["/ws", Timid]]);
  const [first, firstClient] = await connectPair(running);
  const [, secondClient] = await connectPair(running);
  for (let count = 0; count < 2; count++) {
    assert.deepEqual([await seen.next(), await seen.next(), await seen.next()], ["NOT_OPEN_YET", "NOT_OPEN_YET", true]); // prettier-ignore
  }
  await secondClient.close(1000);
  assert.deepEqual([await seen.next(), await seen.next()], [false, "closed"]);
  assert.deepEqual(await messagesOf(first, firstClient), ["here I come", "here I am", "there I went"]);
});

test("after close() nothing is subscribed or received", async (context) => {
  const running = await runApplication(context, [["/ws", Puppet]]);
  const [handler, client] = await connectPair(running, "room");
  handler.close(4000);
  assert.equal(handler.subscribe("room"), false);
  running.app.publish("room", "too late");
  assert.deepEqual(await client.closed(), { code: 4000, reason: "" });
  await assert.rejects(client.nextMessage());
});

test("the name of a channel is a text of 1 to 255 bytes", async (context) => {
  const running = await runApplication(context, [["/ws", Puppet]]);
  const [handler, client] = await connectPair(running);
  for (const name of ["", "x".repeat(256), "郑".repeat(86), undefined, null, 5, {}, ["room"]] as string[]) {
    assert.equal(codeOf(() => handler.subscribe(name)), "CHANNEL_INVALID"); // prettier-ignore
    assert.equal(codeOf(() => handler.unsubscribe(name)), "CHANNEL_INVALID"); // prettier-ignore
    assert.equal(codeOf(() => handler.publish(name, "x")), "CHANNEL_INVALID"); // prettier-ignore
    assert.equal(codeOf(() => running.app.publish(name, "x")), "CHANNEL_INVALID"); // prettier-ignore
  }
  const names = [" ", "x".repeat(255), "郑".repeat(85), "__proto__", "a/b:c*"];
  for (const name of names) assert.equal(handler.subscribe(name), true);
  for (const name of names) running.app.publish(name, name);
  assert.deepEqual(await messagesOf(handler, client), names);
});

test("a connection subscribes to maxSubscriptions channels and no more; those it has it may ask for again", async (context) => {
  const running = await runApplication(context, [["/ws", Puppet]], { websocket: { maxSubscriptions: 2 } });
  const [handler] = await connectPair(running, "a", "b");
  assert.equal(codeOf(() => handler.subscribe("c")), "SUBSCRIPTIONS_TOO_MANY"); // prettier-ignore
  assert.equal(handler.subscribe("b"), true);
  handler.unsubscribe("a");
  assert.equal(handler.subscribe("c"), true);
  await connectPair(running, "a", "c");
});

test("text, bytes and objects are published as writeMessage sends them, and nothing else", async (context) => {
  const running = await runApplication(context, [["/ws", Puppet]]);
  const [handler, client] = await connectPair(running, "room");
  const bytes = Uint8Array.of(0, 255);
  for (const message of [
    "é郑",
    "",
    bytes,
    bytes.buffer,
    { a: [1] },
    [1, 2],
    "x".repeat(100_000),
    new Uint8Array(100_000),
  ]) {
    // prettier-ignore
    running.app.publish("room", message);
  }
  const expected = ["é郑", "", bytes, bytes, '{"a":[1]}', "[1,2]", "x".repeat(100_000), new Uint8Array(100_000)]; // prettier-ignore
  assert.deepEqual(await messagesOf(handler, client), expected);
  for (const message of [undefined, null, 5, true, Symbol("x")] as unknown as string[]) {
    assert.equal(codeOf(() => running.app.publish("room", message)), "ARGUMENT_TYPE_INVALID"); // prettier-ignore
    assert.equal(codeOf(() => handler.publish("nowhere", message)), "ARGUMENT_TYPE_INVALID"); // prettier-ignore
  }
});

for (const sharedReadBuffer of [true, false]) {
  const how = `sharedReadBuffer: ${sharedReadBuffer}`;

  test(`published messages stand in order with written ones, and leave in one write a turn (${how})`, async (context) => {
    const running = await runApplication(context, [["/ws", Puppet]], { websocket: { sharedReadBuffer } });
    const handlers: WebSocketHandler[] = [];
    const reads: { socket: Socket; chunks: Buffer[] }[] = [];
    for (let index = 0; index < 3; index++) {
      const raw = await running.connectRaw();
      raw.write(handshake());
      await raw.response();
      handlers.push(await connected.next());
      handlers[index]?.subscribe("room");
      const chunks: Buffer[] = [];
      raw.socket.on("data", (chunk: Buffer) => chunks.push(chunk));
      reads.push({ socket: raw.socket, chunks });
    }
    const expected: string[][] = [[], [], []];
    for (let count = 0; count < 50; count++) {
      running.app.publish("room", `shared ${count}`);
      for (const messages of expected) messages.push(`shared ${count}`);
      // Only some of them write for themselves, and not behind every message.
      if (count % 7 !== 0) continue;
      handlers[0]?.writeMessage(`own ${count}`);
      expected[0]?.push(`own ${count}`);
      handlers[1]?.publish("room", `from the second ${count}`);
      for (const index of [0, 2]) expected[index]?.push(`from the second ${count}`);
    }
    for (const [index, { socket, chunks }] of reads.entries()) {
      const messages = expected[index] ?? [];
      const frames = Buffer.concat(messages.map((payload) => encodeRawFrame({ opcode: 1, payload, mask: null }))); // prettier-ignore
      while (Buffer.concat(chunks).length < frames.length) await once(socket, "data");
      assert.ok(Buffer.concat(chunks).equals(frames), `subscriber ${index}`);
      assert.equal(chunks.length, 1);
    }
  });

  test(`a slow subscriber is closed with 1013, and the others get everything (${how})`, async (context) => {
    const running = await runApplication(context, [["/ws", Puppet]], { websocket: { sharedReadBuffer } });
    const [slowHandler, slow] = await connectPair(running, "feed");
    const others = await Promise.all([1, 2, 3].map(() => connectPair(running, "feed")));
    slow.pause();
    let sent = 0;
    while (slowHandler.isOpen) {
      const message = `${sent++} ${"x".repeat(100_000)}`;
      assert.ok(sent < 1000, "the queue grows without bound");
      running.app.publish("feed", message);
      for (const [, client] of others) assert.equal(await client.nextMessage(), message);
    }
    running.app.publish("feed", "behind");
    for (const [, client] of others) assert.equal(await client.nextMessage(), "behind");
    // What was sent before is still there to be read, and then the reason.
    slow.resume();
    for (let count = 0; count < sent; count++) assert.match(String(await slow.nextMessage()), new RegExp(`^${count} x+$`)); // prettier-ignore
    assert.deepEqual(await slow.closed(), { code: 1013, reason: "SLOW_CONSUMER" });
    await running.log.expect(/^1013 GET \/ws .* SLOW_CONSUMER/);
  });
}

test("a message to many is encoded once", async (context) => {
  const running = await runApplication(context, [["/ws", Puppet]]);
  const pairs = [];
  for (let count = 0; count < 20; count++) pairs.push(await connectPair(running, "room"));
  // So long that each copy of it would have memory of its own.
  const text = "郑".repeat(40_000);
  const object = { toJSON: () => (stringified++, text) };
  let stringified = 0;
  const { mock } = context.mock.method(Buffer, "allocUnsafeSlow");
  running.app.publish("room", text);
  running.app.publish("room", object);
  const copies = mock.calls.filter((call) => call.arguments[0] >= 120_000);
  mock.restore();
  assert.equal(copies.length, 2);
  assert.equal(stringified, 1);
  for (const [handler, client] of pairs) {
    assert.deepEqual(await messagesOf(handler, client), [text, JSON.stringify(text)]);
  }
});

test("it is compressed once for each set of parameters, and once more for each connection that remembers", async (context) => {
  const compression = { serverNoContextTakeover: false, clientNoContextTakeover: false, thresholdBytes: 50 };
  const running = await runApplication(context, [["/ws", Puppet]], { websocket: { compression } });
  const offers = [
    undefined,
    { serverNoContextTakeover: true },
    { serverNoContextTakeover: true, serverMaxWindowBits: 10 },
    { serverNoContextTakeover: false },
  ];
  const clients: CompressingClient[] = [];
  for (const offer of [...offers, ...offers, ...offers]) {
    clients.push(await CompressingClient.connect(running.connectRaw, offer));
    (await connected.next()).subscribe("room");
  }
  const resolved = resolveCompression(true, "server", "compression");
  const prototype = Object.getPrototypeOf(createMessageCodec("server", resolved, resolved)) as {
    compress: (payload: Uint8Array) => Uint8Array;
  };
  const { mock } = context.mock.method(prototype, "compress");
  const text = "what is published to many is compressed once. ".repeat(10);
  running.app.publish("room", text);
  assert.equal(mock.callCount(), 2 + 3);
  running.app.publish("room", "short");
  running.app.publish("room", text, { compress: false });
  assert.equal(mock.callCount(), 2 + 3);
  running.app.publish("room", Buffer.from(text));
  assert.equal(mock.callCount(), 2 * (2 + 3));
  mock.restore();
  for (const [index, client] of clients.entries()) {
    const compressed = index % 4 === 0 ? "" : "compressed ";
    assert.equal(await client.next(), `${compressed}text ${text}`);
    assert.deepEqual([await client.next(), await client.next()], ["text short", `text ${text}`]);
    assert.equal(await client.next(), `${compressed}binary ${Buffer.from(text).toString("hex")}`);
  }
});

test("messages come from anywhere: a timer, another handler, another server of the application", async (context) => {
  const running = await runApplication(context, [["/ws", Puppet]]);
  const other = await startApplication(running.app);
  context.after(() => other.close());
  const [, client] = await connectPair(running, "room");
  const otherClient = await TestClient.connect(`${other.url}/ws`);
  const otherHandler = await connected.next();
  otherHandler.subscribe("room");
  await new Promise<void>((resolve) => {
    setTimeout(() => {
      running.app.publish("room", "from a timer");
      resolve();
    }, 1);
  });
  otherHandler.publish("room", "from the other server");
  assert.deepEqual([await client.nextMessage(), await client.nextMessage()], ["from a timer", "from the other server"]); // prettier-ignore
  assert.deepEqual(await messagesOf(otherHandler, otherClient), ["from a timer"]);
  // Two applications have nothing to do with each other.
  const stranger = await runApplication(context, [["/ws", Puppet]]);
  stranger.app.publish("room", "from a stranger");
  assert.deepEqual(await messagesOf(otherHandler, otherClient), []);
});

test("a closed connection is gone from every channel, however it ended", async (context) => {
  const { mock } = context.mock.method(MemoryEngine.prototype, "subscribe");
  const closes = new Inbox<number>();
  class Room extends Puppet {
    override onMessage() {
      throw new Error("on purpose");
    }
    override onClose(code: number) {
      closes.add(code);
    }
  }
  const running = await runApplication(context, [["/ws", Room]]);
  const ends: readonly ((handler: WebSocketHandler, client: TestClient) => unknown)[] = [
    (handler) => handler.close(1000),
    (_handler, client) => client.close(1000),
    (_handler, client) => client.terminate(),
    (_handler, client) => client.sendFrame({ opcode: 3 }),
    (_handler, client) => client.send("fails"),
  ];
  for (const [index, end] of ends.entries()) {
    const [handler, client] = await connectPair(running, "all", `room ${index}`, "more");
    const engine = mock.calls[0]?.this as MemoryEngine<unknown>;
    assert.equal(engine.size, 3);
    end(handler, client);
    await closes.next();
    assert.equal(engine.size, 0, `way ${index}`);
    running.app.publish("all", "to nobody");
  }
  await running.log.expect(/^1002 /);
  await running.log.expect(/^Uncaught exception/);
  await running.log.expect(/^1011 /);
});

test("who is told by its signal that it was too slow may tell the others, and the order is the same for all", async (context) => {
  const running = await runApplication(context, [["/ws", Puppet]], {
    websocket: { maxSendQueueBytes: 100_000 },
  });
  const [slowHandler, slow] = await connectPair(running, "feed");
  const [, other] = await connectPair(running, "feed");
  slowHandler.signal.addEventListener("abort", () => running.app.publish("feed", "one has left"));
  slow.pause();
  let sent = 0;
  while (slowHandler.isOpen) {
    running.app.publish("feed", `${sent++} ${"x".repeat(90_000)}`);
    // All that came before the one that was too much, one by one.
    if (slowHandler.isOpen) await other.nextMessage();
  }
  assert.match(String(await other.nextMessage()), /^[0-9]+ x+$/);
  assert.equal(await other.nextMessage(), "one has left");
  slow.terminate();
  await running.log.expect(/^1013 /);
});
