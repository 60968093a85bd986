import assert from "node:assert/strict";
import { test } from "node:test";
import { WebSocketHandler } from "../../src/index.ts";
import { encodeRawFrame, TestClient } from "../../src/testing/index.ts";
import { Inbox } from "../../src/testing/inbox.ts";
import type { Deferred } from "../support/deferred.ts";
import { deferred } from "../support/deferred.ts";
import { handshake } from "../support/raw-socket.ts";
import { runApplication } from "../support/run-application.ts";

test("open has finished before the first message, sync and async", async (context) => {
  const calls = new Inbox<string>();
  const opening = deferred();
  class Sync extends WebSocketHandler {
    override open(): void | Promise<void> {
      calls.add("open");
    }
    override onMessage(message: string | Uint8Array) {
      calls.add(`message ${String(message)}`);
    }
  }
  class Async extends Sync {
    override async open() {
      calls.add("open begins");
      await opening.promise;
      calls.add("open ends");
    }
  }
  const { at, connectRaw } = await runApplication(context, [
    ["/sync", Sync],
    ["/ws", Async],
  ]);
  const client = await TestClient.connect(at("/sync"));
  client.send("1");
  assert.equal(await calls.next(), "open");
  assert.equal(await calls.next(), "message 1");
  await client.close();

  // Frames in the segment of the handshake are there before `open` is even called.
  const raw = await connectRaw();
  const frames = [
    encodeRawFrame({ opcode: 1, payload: "1" }),
    encodeRawFrame({ opcode: 9, payload: "still served" }),
    encodeRawFrame({ opcode: 1, payload: "2" }),
  ];
  raw.write(Buffer.concat([Buffer.from(handshake()), ...frames]));
  assert.equal((await raw.response()).status, 101);
  assert.equal(await calls.next(), "open begins");
  // RFC 6455 §5.5.2: a ping is answered as soon as is practical; the handler's business does not delay it.
  assert.deepEqual(await raw.frame(), { opcode: 10, payload: Buffer.from("still served") });
  opening.resolve();
  assert.deepEqual(
    [await calls.next(), await calls.next(), await calls.next()],
    ["open ends", "message 1", "message 2"],
  );
});

test("messages are handed over one at a time and in order, whatever time each takes", async (context) => {
  const calls = new Inbox<string>();
  const gates = new Map<string, Deferred>([
    ["slow", deferred()],
    ["slower", deferred()],
  ]);
  class Worker extends WebSocketHandler {
    override onMessage(message: string | Uint8Array): void | Promise<void> {
      const text = String(message);
      calls.add(`${text} begins`);
      const gate = gates.get(text);
      if (gate === undefined) {
        calls.add(`${text} ends`);
        return;
      }
      return gate.promise.then(() => calls.add(`${text} ends`));
    }
  }
  const { at } = await runApplication(context, [["/ws", Worker]]);
  const client = await TestClient.connect(at("/ws"));
  const texts = ["slow", "quick 1", "slower", "quick 2", "quick 3"];
  for (const text of texts) client.send(text);
  const order = [await calls.next()];
  // The second one is settled first: that must not let it overtake.
  gates.get("slower")?.resolve();
  client.ping();
  await client.nextPong();
  gates.get("slow")?.resolve();
  while (order.length < texts.length * 2) order.push(await calls.next());
  assert.deepEqual(
    order,
    texts.flatMap((text) => [`${text} begins`, `${text} ends`]),
  );
});

test("text comes as a string, binary as bytes of its own, fragments as one message", async (context) => {
  const received = new Inbox<string | Uint8Array>();
  class Keeper extends WebSocketHandler {
    override onMessage(message: string | Uint8Array) {
      received.add(message);
    }
  }
  const { at } = await runApplication(context, [["/ws", Keeper]]);
  const client = await TestClient.connect(at("/ws"));
  client.sendFrame({ opcode: 1, payload: "郑老板" });
  client.sendFrame({ opcode: 2, payload: Uint8Array.of(0, 255) });
  client.sendFrame({ opcode: 1, fin: false, payload: "one " });
  client.sendFrame({ opcode: 9, payload: "between fragments" });
  client.sendFrame({ opcode: 0, fin: true, payload: "message" });
  client.send("");
  client.send(new Uint8Array(0));
  assert.equal(await received.next(), "郑老板");
  const kept = await received.next();
  assert.equal(await received.next(), "one message");
  assert.equal(await received.next(), "");
  assert.deepEqual(await received.next(), new Uint8Array(0));
  assert.deepEqual(await client.nextPong(), new Uint8Array(Buffer.from("between fragments")));
  // Looked at last: bytes that lay in a read buffer would have been overwritten by now.
  assert.deepEqual(kept, Uint8Array.of(0, 255));
  assert.ok(!Buffer.isBuffer(kept), "plain bytes, so that slice() copies");
});

test("ping, pong and close are served while a message is being handled", async (context) => {
  const calls = new Inbox<string>();
  const working = deferred();
  class Busy extends WebSocketHandler {
    override async onMessage() {
      calls.add("message begins");
      await working.promise;
      calls.add(`message ends, open: ${this.isOpen}, aborted: ${this.signal.aborted}`);
    }
    override onPing(data: Uint8Array) {
      calls.add(`ping ${Buffer.from(data).toString()}`);
    }
    override onPong(data: Uint8Array) {
      calls.add(`pong ${Buffer.from(data).toString()}`);
    }
    override onClose(code: number, reason: string) {
      calls.add(`close ${code} ${reason}`);
    }
  }
  const { at, log } = await runApplication(context, [["/ws", Busy]]);
  const client = await TestClient.connect(at("/ws"));
  client.send("work");
  assert.equal(await calls.next(), "message begins");
  client.ping(Buffer.from("a"));
  assert.deepEqual(Buffer.from(await client.nextPong()).toString(), "a");
  assert.equal(await calls.next(), "ping a");
  client.sendFrame({ opcode: 10, payload: "b" });
  assert.equal(await calls.next(), "pong b");
  // The close frame is answered now; only `onClose` waits for the message that is being handled.
  assert.deepEqual(await client.close(4001, "bye"), { code: 4001, reason: "bye" });
  await log.expect(/^4001 GET \/ws/);
  working.resolve();
  assert.equal(await calls.next(), "message ends, open: false, aborted: true");
  assert.equal(await calls.next(), "close 4001 bye");
});

test("pings and pongs wait for open, and an async onPing delays no message", async (context) => {
  const calls = new Inbox<string>();
  const opening = deferred();
  const pinging = deferred();
  class Pinged extends WebSocketHandler {
    override async open() {
      await opening.promise;
      calls.add("open");
    }
    override async onPing() {
      calls.add("ping");
      await pinging.promise;
    }
    override onMessage() {
      calls.add("message");
    }
  }
  const { at } = await runApplication(context, [["/ws", Pinged]]);
  const client = await TestClient.connect(at("/ws"));
  client.ping();
  await client.nextPong();
  client.send("");
  opening.resolve();
  assert.deepEqual([await calls.next(), await calls.next(), await calls.next()], ["open", "ping", "message"]);
  pinging.resolve();
});

test("each connection has a handler of its own, and one that waits holds up no other", async (context) => {
  const waiting = deferred();
  const started = deferred();
  class Counter extends WebSocketHandler {
    #count = 0;
    override async onMessage(message: string | Uint8Array) {
      if (message === "wait") {
        started.resolve();
        await waiting.promise;
      }
      this.writeMessage(String(++this.#count));
    }
  }
  const { at } = await runApplication(context, [["/ws", Counter]]);
  const [first, second] = await Promise.all([TestClient.connect(at("/ws")), TestClient.connect(at("/ws"))]);
  first.send("wait");
  await started.promise;
  second.send("");
  second.send("");
  assert.deepEqual([await second.nextMessage(), await second.nextMessage()], ["1", "2"]);
  waiting.resolve();
  assert.equal(await first.nextMessage(), "1");
});
