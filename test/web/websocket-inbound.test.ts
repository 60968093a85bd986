import assert from "node:assert/strict";
import { test } from "node:test";
import { WebSocketHandler } from "../../src/index.ts";
import { encodeRawFrame, TestClient } from "../../src/testing/index.ts";
import { Inbox } from "../../src/testing/inbox.ts";
import { deferred } from "../support/deferred.ts";
import { handshake } from "../support/raw-socket.ts";
import { runApplication } from "../support/run-application.ts";

class Echo extends WebSocketHandler {
  override onMessage(message: string | Uint8Array) {
    this.writeMessage(message);
  }
}

/**
 * Lets the server do whatever it would do: in each round trip it turns its event loop at least once, and would read up
 * to 64 KiB from every connection that it reads at all.
 */
async function letTheServerRead(url: string, roundTrips = 60): Promise<void> {
  const client = await TestClient.connect(url);
  for (let i = 0; i < roundTrips; i++) {
    client.send(String(i));
    await client.nextMessage();
  }
  await client.close();
}

/** What one read can carry past a limit: the buffer that all connections read into holds so much. */
const readBytesMax = 131_072;

for (const { name, limits, messageBytes, count, queuedMax } of [
  {
    name: "maxQueuedMessages",
    limits: { maxQueuedMessages: 10, maxQueuedBytes: 1 << 30 },
    messageBytes: 1000,
    count: 2000,
    queuedMax: 10 + readBytesMax / 1000,
  },
  {
    name: "maxQueuedBytes",
    limits: { maxQueuedMessages: 1 << 30, maxQueuedBytes: 20_000 },
    messageBytes: 1000,
    count: 2000,
    queuedMax: 20 + readBytesMax / 1000,
  },
]) {
  test(`past ${name} the socket is not read while a handler awaits, and is read again later`, async (context) => {
    const received = new Inbox<string>();
    const working = deferred();
    const connected = new Inbox<WebSocketHandler>();
    class Worker extends WebSocketHandler {
      override open() {
        connected.add(this);
      }
      override async onMessage(message: string | Uint8Array) {
        received.add(String(message).trimStart());
        await working.promise;
      }
      override onClose(code: number) {
        received.add(`close ${code}`);
      }
    }
    const { at, log, connectRaw } = await runApplication(
      context,
      [
        ["/ws", Worker],
        ["/echo", Echo],
      ],
      { websocket: limits },
    );
    const frames = Buffer.concat(
      Array.from({ length: count }, (_, index) =>
        encodeRawFrame({ opcode: 1, payload: String(index).padStart(messageBytes) }),
      ),
    );
    const closing = await connectRaw();
    const reading = await connectRaw();
    for (const raw of [closing, reading]) {
      raw.write(handshake());
      await raw.response();
      raw.write(frames);
      assert.equal(await received.next(), "0");
      await letTheServerRead(at("/echo"));
      await log.expect(/^1005 GET \/echo/);
      if (raw === reading) break;
      // How much was read until now stands in the line about the close. Nothing that waited is handed over.
      (await connected.next()).close(4000);
      raw.socket.destroy();
      const { text } = await log.expect(/^4000 /);
      const read = Number(/received (\d+) /.exec(text)?.[1]);
      assert.ok(read >= 10 && read <= queuedMax + 1, `${read} messages were read`);
    }
    // The first handler ends now, too.
    working.resolve();
    assert.equal(await received.next(), "close 4000");
    for (let index = 1; index < count; index++) assert.equal(await received.next(), String(index));
    reading.socket.end();
    assert.equal(await received.next(), "close 1006");
  });
}

test("one message more than the limits allow is no reason to stop reading for good", async (context) => {
  const received: string[] = [];
  const done = deferred();
  class Slow extends WebSocketHandler {
    override async onMessage(message: string | Uint8Array) {
      // As long as it takes for a timer: the queue is full again and again.
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      received.push(String(message));
      if (message === "499") done.resolve();
    }
  }
  const { at } = await runApplication(context, [["/ws", Slow]], {
    websocket: { maxQueuedMessages: 1, maxQueuedBytes: 1 },
  });
  const client = await TestClient.connect(at("/ws"));
  for (let i = 0; i < 500; i++) client.send(String(i));
  await done.promise;
  assert.deepEqual(
    received,
    Array.from({ length: 500 }, (_, index) => String(index)),
  );
  // And when the queue is empty, pings are served as ever.
  client.ping();
  await client.nextPong();
});

test("messages that wait for open are bounded, too", async (context) => {
  const opening = deferred();
  const connected = new Inbox<WebSocketHandler>();
  class Opening extends WebSocketHandler {
    override open() {
      connected.add(this);
      return opening.promise;
    }
  }
  const { at, log, connectRaw } = await runApplication(
    context,
    [
      ["/ws", Opening],
      ["/echo", Echo],
    ],
    { websocket: { maxQueuedMessages: 5 } },
  );
  const raw = await connectRaw();
  raw.write(handshake());
  await raw.response();
  // Pings count as well: each is kept for onPing.
  for (let i = 0; i < 40; i++) raw.write(Buffer.concat(Array<Uint8Array>(1000).fill(ping)));
  await letTheServerRead(at("/echo"));
  await log.expect(/^1005 GET \/echo/);
  (await connected.next()).close(4000);
  raw.socket.destroy();
  opening.resolve();
  await log.expect(/^4000 /);
  // Each ping that was read was answered: a server that had gone on reading would have written 40 000 pongs.
  assert.ok(raw.received <= 5 + (readBytesMax / ping.length) * pongBytes, `${raw.received} bytes of pongs`);
});

const ping = encodeRawFrame({ opcode: 9, payload: "0123456789" });
const pongBytes = 12;

test("a peer that closes or vanishes while its messages wait is noticed when they have been handed over", async (context) => {
  const calls = new Inbox<string>();
  const gates = { close: deferred(), reset: deferred() };
  class Worker extends WebSocketHandler {
    readonly #name = this.getQueryArgument("name") as "close" | "reset";
    #count = 0;
    override async onMessage() {
      this.#count++;
      if (this.#count === 1) calls.add("works");
      await gates[this.#name].promise;
    }
    override onClose(code: number) {
      calls.add(`${this.#name} ${code} after ${this.#count}`);
    }
  }
  const { connectRaw, log } = await runApplication(context, [["/ws", Worker]], {
    websocket: { maxQueuedMessages: 2 },
  });
  const message = encodeRawFrame({ opcode: 1, payload: "x" });
  for (const name of ["close", "reset"] as const) {
    const raw = await connectRaw();
    raw.write(handshake({}, `GET /ws?name=${name} HTTP/1.1`));
    await raw.response();
    // In one segment, so that all ten are there before reading pauses.
    await raw.writeSegment(Buffer.concat(Array<Uint8Array>(10).fill(message)));
    assert.equal(await calls.next(), "works");
    if (name === "reset") raw.reset();
    else raw.write(encodeRawFrame({ opcode: 8, payload: Buffer.from([0x0f, 0xa0]) }));
    gates[name].resolve();
    await raw.ended();
    raw.end();
    assert.equal(await calls.next(), name === "close" ? "close 4000 after 10" : "reset 1006 after 10");
    await log.expect(/^(?:4000|1006) /);
  }
});

for (const sharedReadBuffer of [true, false]) {
  test(`messages behind the handshake fill the queue for good, sharedReadBuffer: ${sharedReadBuffer}`, async (context) => {
    const handled = deferred();
    class Busy extends WebSocketHandler {
      override prepare() {
        return Promise.resolve();
      }
      override onMessage() {
        return handled.promise;
      }
    }
    const routes = [["/ws", Busy] as const, ["/echo", Echo] as const];
    const { at, log, connectRaw } = await runApplication(context, routes, {
      websocket: { maxQueuedMessages: 5, sharedReadBuffer },
    });
    const raw = await connectRaw();
    const message = encodeRawFrame({ opcode: 1, payload: "x" });
    raw.write(Buffer.concat([Buffer.from(handshake()), ...Array<Uint8Array>(20).fill(message)]));
    await raw.response();
    // Each ping that is read is answered: a server that goes on reading writes 40 000 pongs.
    for (let i = 0; i < 40; i++) raw.write(Buffer.concat(Array<Uint8Array>(1000).fill(ping)));
    await letTheServerRead(at("/echo"));
    await log.expect(/^1005 GET \/echo/);
    assert.ok(raw.received <= (2 * readBytesMax * pongBytes) / ping.length, `${raw.received} bytes of pongs`);
    raw.socket.destroy();
    handled.resolve();
    await log.expect(/^1006 /);
  });
}
