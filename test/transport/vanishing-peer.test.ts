import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { RequestHandler, WebSocketHandler } from "../../src/index.ts";
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

for (const how of ["reset", "destroyed", "ended"] as const) {
  test(`a peer that is gone (${how}) before prepare has finished: open, then onClose with 1006, once each`, async (context) => {
    const calls = new Inbox<string>();
    const preparing = deferred();
    const started = deferred();
    class Slow extends WebSocketHandler {
      override async prepare() {
        started.resolve();
        await preparing.promise;
      }
      override open() {
        calls.add("open");
        this.writeMessage("into the void");
      }
      override onMessage(message: string | Uint8Array) {
        calls.add(String(message));
      }
      override onClose(code: number, reason: string) {
        calls.add(`close ${code} ${reason}`);
      }
    }
    const { at, log, connectRaw } = await runApplication(
      context,
      [
        ["/ws", Slow],
        ["/echo", Echo],
      ],
      // Were the end missed, the heartbeat would find it out, but with another code.
      { websocket: { pingIntervalMs: 1000, pingTimeoutMs: 1 } },
    );
    const raw = await connectRaw();
    raw.write(
      Buffer.concat([Buffer.from(handshake()), encodeRawFrame({ opcode: 1, payload: "last words" })]),
    );
    await started.promise;
    if (how === "reset") raw.reset();
    else if (how === "destroyed") raw.socket.destroy();
    else raw.end();
    await once(raw.socket, how === "ended" ? "finish" : "close");
    // The server has turned its event loop, and could have noticed.
    const client = await TestClient.connect(at("/echo"));
    client.send("x");
    await client.nextMessage();
    preparing.resolve();
    assert.equal(await calls.next(), "open");
    let call = await calls.next();
    // What came in the segment of the handshake was there before the end.
    if (call === "last words") call = await calls.next();
    assert.equal(call, "close 1006 ");
    assert.equal((await log.expect(/^1006 GET \/ws/)).level, "info");
    calls.end(new Error("no more"));
    await assert.rejects(calls.next(), /no more/);
  });
}

test("a peer that is gone before it is refused harms nobody", async (context) => {
  const preparing = deferred();
  const started = new Inbox<void>();
  class Slow extends WebSocketHandler {
    override async prepare() {
      started.add();
      await preparing.promise;
      this.getQueryArgument("missing");
    }
  }
  class SlowPage extends RequestHandler {
    async get() {
      started.add();
      await preparing.promise;
      return "page";
    }
  }
  const { at, log, connectRaw } = await runApplication(context, [
    ["/ws", Slow],
    ["/page", SlowPage],
    ["/echo", Echo],
  ]);
  for (const request of [handshake(), handshake({ Upgrade: "h2c" }, "GET /page HTTP/1.1")]) {
    const raw = await connectRaw();
    raw.write(request);
    await started.next();
    raw.reset();
    await once(raw.socket, "close");
  }
  preparing.resolve();
  const client = await TestClient.connect(at("/echo"));
  client.send("alive");
  assert.equal(await client.nextMessage(), "alive");
  await log.expect(/^400 GET \/ws/);
  await log.expect(/^ARGUMENT_MISSING/);
  await log.expect(/^200 GET \/page/);
});

test("a client whose side of the connection is closed for writing is closed, too", async (context) => {
  const closes = new Inbox<number>();
  class Recorder extends Echo {
    override onClose(code: number) {
      closes.add(code);
    }
  }
  const { server } = await runApplication(context, [["/ws", Recorder]]);
  const socket = connect({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
  socket.write(handshake());
  await once(socket, "data");
  socket.end(encodeRawFrame({ opcode: 1, payload: "echo me" }));
  // The echo still reaches it, and then the end.
  const [echo] = (await once(socket, "data")) as [Buffer];
  assert.equal(echo.toString("utf8", 2), "echo me");
  await once(socket, "end");
  assert.equal(await closes.next(), 1006);
});

test("heartbeats reach an application's connections, and one that is silent is closed and logged", async (context) => {
  // The wheel of an application ticks once a second; here a thousand times as often.
  const { setInterval: realSetInterval } = globalThis;
  context.mock.method(globalThis, "setInterval", (action: () => void, delayMs: number) =>
    realSetInterval(action, delayMs / 1000),
  );
  const closes = new Inbox<string>();
  class Recorder extends Echo {
    override onClose(code: number, reason: string) {
      closes.add(`${code} ${reason}`);
    }
  }
  const { at, log, connectRaw } = await runApplication(context, [["/ws", Recorder]], {
    websocket: { pingIntervalMs: 2000, pingTimeoutMs: 20_000 },
  });
  const alive = await TestClient.connect(at("/ws"));
  const silent = await connectRaw();
  silent.write(handshake());
  await silent.response();
  assert.deepEqual(await silent.frame(), { opcode: 9, payload: Buffer.alloc(0) });
  assert.equal((await silent.frame()).opcode, 8);
  await silent.ended();
  silent.end();
  assert.equal(await closes.next(), "1001 HEARTBEAT_TIMEOUT");
  const { level, text } = await log.expect(/^1001 GET \/ws/);
  assert.equal(level, "warn");
  assert.match(
    text,
    /HEARTBEAT_TIMEOUT: nothing was received for 20000 ms after a ping\. To allow more: websocket: \{ pingTimeoutMs \}; of connect\(\), pingTimeoutMs\.$/,
  );
  // The one that answers is served as before.
  assert.deepEqual(await alive.nextPing(), new Uint8Array(0));
  alive.send("still here");
  assert.equal(await alive.nextMessage(), "still here");
});

for (const sharedReadBuffer of [true, false]) {
  test(
    `a peer that resets an idle connection is lost at once, without a heartbeat (sharedReadBuffer: ${sharedReadBuffer})`,
    { timeout: 5000 },
    async (context) => {
      const calls = new Inbox<string>();
      class Quiet extends WebSocketHandler {
        override open() {
          calls.add("open");
        }
        override onClose(code: number) {
          calls.add(`close ${code}`);
        }
      }
      const websocket = { pingIntervalMs: 0, sharedReadBuffer };
      const { connectRaw, log } = await runApplication(context, [["/ws", Quiet]], { websocket });
      const raw = await connectRaw();
      raw.write(handshake());
      await raw.response();
      assert.equal(await calls.next(), "open");
      raw.reset();
      assert.equal(await calls.next(), "close 1006");
      await log.expect(/^1006 /);
    },
  );
}
