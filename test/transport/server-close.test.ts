import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { RequestHandler, WebSocketHandler } from "../../src/index.ts";
import { encodeRawFrame, TestClient } from "../../src/testing/index.ts";
import { Inbox } from "../../src/testing/inbox.ts";
import { deferred } from "../support/deferred.ts";
import { certificate, trust } from "../support/certificate.ts";
import { closeOf, handshake, RawSocket } from "../support/raw-socket.ts";
import { runApplication } from "../support/run-application.ts";

/** Whether a promise is still open after everything that is due has run. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let pending = true;
  void promise.finally(() => {
    pending = false;
  });
  for (let i = 0; i < 10; i++) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  return pending;
}

test("close() closes every WebSocket with 1001, and resolves when the last onClose has finished", async (context) => {
  const finishing = deferred();
  const closes = new Inbox<string>();
  class Room extends WebSocketHandler {
    override async onClose(code: number, reason: string) {
      closes.add(`${code} ${reason}`);
      await finishing.promise;
      closes.add("finished");
    }
  }
  const { server, at, log } = await runApplication(context, [["/ws", Room]]);
  const clients = await Promise.all([TestClient.connect(at("/ws")), TestClient.connect(at("/ws"))]);
  const closing = server.close();
  assert.equal(server.close(), closing, "a second call waits for the first");
  for (const client of clients) {
    assert.deepEqual(await client.closed(), { code: 1001, reason: "SERVER_CLOSING" });
    assert.equal(await closes.next(), "1001 SERVER_CLOSING");
    // A server that closes is no reason for a warning.
    const { level } = await log.expect(
      /^1001 GET \/ws .* sent 0 \(0 bytes\) SERVER_CLOSING: the server is closing$/,
    );
    assert.equal(level, "info");
  }
  assert.ok(await isPending(closing), "the handlers have not finished");
  finishing.resolve();
  await closing;
  assert.deepEqual([await closes.next(), await closes.next()], ["finished", "finished"]);
  // Nobody listens any more.
  const socket = connect(server.port, "127.0.0.1");
  const [error] = (await once(socket, "error")) as [NodeJS.ErrnoException];
  assert.equal(error.code, "ECONNREFUSED");
});

test("what has arrived before close() is still handed over", async (context) => {
  const calls = new Inbox<string>();
  const working = deferred();
  class Worker extends WebSocketHandler {
    override async onMessage(message: string | Uint8Array) {
      calls.add(String(message));
      await working.promise;
    }
    override onClose(code: number) {
      calls.add(`close ${code}`);
    }
  }
  const { server, at } = await runApplication(context, [["/ws", Worker]]);
  const client = await TestClient.connect(at("/ws"));
  for (const text of ["1", "2", "3"]) client.send(text);
  client.ping();
  await client.nextPong();
  const closing = server.close();
  await client.closed();
  working.resolve();
  await closing;
  const order: string[] = [];
  for (let i = 0; i < 4; i++) order.push(await calls.next());
  assert.deepEqual(order, ["1", "2", "3", "close 1001"]);
});

test("a client that never answers the close frame is cut after closeTimeoutMs", async (context) => {
  const closes = new Inbox<number>();
  class Room extends WebSocketHandler {
    override onClose(code: number) {
      closes.add(code);
    }
  }
  const { server, connectRaw } = await runApplication(context, [["/ws", Room]], {
    websocket: { closeTimeoutMs: 50 },
  });
  const raw = await connectRaw();
  raw.write(handshake());
  await raw.response();
  const closing = server.close();
  assert.deepEqual(closeOf(await raw.frame()), { code: 1001, reason: "SERVER_CLOSING" });
  // The server ends its side at once, and waits for the peer to do the same, but not for ever.
  assert.equal(await raw.ended(), "end");
  await closing;
  assert.equal(await closes.next(), 1001);
});

test("an onClose that never finishes does not hold close() longer than closeTimeoutMs", async (context) => {
  class Stuck extends WebSocketHandler {
    override onClose() {
      return new Promise<void>(() => {});
    }
  }
  const { server, at } = await runApplication(context, [["/ws", Stuck]], {
    websocket: { closeTimeoutMs: 50 },
  });
  const client = await TestClient.connect(at("/ws"));
  const closing = server.close();
  await client.closed();
  await closing;
});

test("a request that never finishes is cut after closeTimeoutMs, one that does is waited for", async (context) => {
  const started = new Inbox<string>();
  const answering = deferred();
  class Slow extends RequestHandler {
    async get() {
      started.add("get");
      await (this.getQueryArgument("for", "a while") === "ever" ? new Promise(() => {}) : answering.promise);
      return "slow";
    }
  }
  const { server, connectRaw, log } = await runApplication(context, [["/slow", Slow]], {
    websocket: { closeTimeoutMs: 300 },
  });
  const waiting = await connectRaw();
  const stuck = await connectRaw();
  waiting.write("GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n");
  stuck.write("GET /slow?for=ever HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await started.next();
  await started.next();
  const closing = server.close();
  answering.resolve();
  assert.equal((await waiting.response()).body, "slow");
  await closing;
  await stuck.ended();
  assert.equal(stuck.received, 0);
  await log.expect(/^499 GET \/slow\?for=ever .* cut off$/);
});

test("a handshake that arrives while the server is closing is refused with 503", async (context) => {
  const finishing = deferred();
  let prepared = 0;
  class Room extends WebSocketHandler {
    override prepare() {
      prepared++;
    }
    override onClose() {
      return finishing.promise;
    }
  }
  const { server, at, log, connectRaw } = await runApplication(context, [["/ws", Room]]);
  const client = await TestClient.connect(at("/ws"));
  // A connection whose request has begun to arrive is not idle, so that it lives on.
  const late = await connectRaw();
  const request = handshake();
  await late.writeSegment(request.slice(0, 30));
  client.ping();
  await client.nextPong();
  const closing = server.close();
  await client.closed();
  late.write(request.slice(30));
  const { status, headers, body } = await late.response();
  assert.equal(status, 503);
  assert.match(body, /^SERVER_CLOSING: The server is closing\.$/m);
  assert.deepEqual(headers["connection"], ["close"]);
  assert.equal(await late.ended(), "end");
  late.end();
  assert.equal((await log.expect(/^503 GET \/ws/)).level, "error");
  await log.expect(/^SERVER_CLOSING {2}the server is closing\.$/);
  assert.equal(prepared, 1, "no hook runs for the late one");
  finishing.resolve();
  await closing;
});

test("a handshake that is being prepared when the server begins to close is refused with 503, not opened", async (context) => {
  const preparing = deferred();
  const started = deferred();
  class Room extends WebSocketHandler {
    override async prepare() {
      started.resolve();
      await preparing.promise;
    }
    override open() {
      throw new Error("must not be called");
    }
  }
  const { server, log, connectRaw } = await runApplication(context, [["/ws", Room]]);
  const raw = await connectRaw();
  raw.write(handshake());
  await started.promise;
  const closing = server.close();
  preparing.resolve();
  assert.equal((await raw.response()).status, 503);
  await raw.ended();
  raw.end();
  await closing;
  await log.expect(/^503 /);
  await log.expect(/^SERVER_CLOSING/);
});

test("a connection on which nothing was ever sent does not hold up close()", async (context) => {
  const closeTimeoutMs = 1000;
  const { server, connectRaw } = await runApplication(context, [], { websocket: { closeTimeoutMs } });
  // Browsers open connections in advance.
  const raw = await connectRaw();
  const before = performance.now();
  await server.close();
  assert.ok(performance.now() - before < closeTimeoutMs / 2, "it was closed at once");
  await raw.ended();
});

test("a server that has closed leaves no timer behind", async (context) => {
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  class Quiet extends WebSocketHandler {}
  const before = timers();
  const { server, at } = await runApplication(context, [["/ws", Quiet]], {
    websocket: { closeTimeoutMs: 60_000 },
  });
  const client = await TestClient.connect(at("/ws"));
  await server.close();
  await client.closed();
  assert.equal(timers(), before);
});

test("the same application can listen again, and several times at once", async (context) => {
  class Echo extends WebSocketHandler {
    override onMessage(message: string | Uint8Array) {
      this.writeMessage(message);
    }
  }
  const first = await runApplication(context, [["/ws", Echo]]);
  const client = await TestClient.connect(first.at("/ws"));
  const second = await runApplication(context, [["/ws", Echo]]);
  await first.server[Symbol.asyncDispose]();
  assert.deepEqual(await client.closed(), { code: 1001, reason: "SERVER_CLOSING" });
  const other = await TestClient.connect(second.at("/ws"));
  other.send("still served");
  assert.equal(await other.nextMessage(), "still served");
});

test("a socket refused in debug mode is closed like any other", async (context) => {
  class Guarded extends WebSocketHandler {}
  const { server, connectRaw, log } = await runApplication(context, [["/ws", Guarded]], {
    debug: true,
    websocket: { closeTimeoutMs: 50 },
  });
  const raw = await connectRaw();
  raw.write(handshake({ Origin: "null" }));
  assert.equal((await raw.response()).status, 101);
  assert.equal(closeOf(await raw.frame()).code, 4403);
  // It answers nothing, and it sends what no handler gets.
  raw.write(encodeRawFrame({ opcode: 1, payload: "x" }));
  await server.close();
  await raw.ended();
  await log.expect(/^403 /);
  await log.expect(/^WS_ORIGIN_REFUSED/);
});

for (const [how, options, sharedReadBuffer] of [
  ["adopted sockets", {}, true],
  ["sockets", {}, false],
  ["sockets with TLS", { tls: certificate }, true],
] as const) {
  test(`close() waits for ${how} of which nobody takes leave, and cuts them when their time is over`, async (context) => {
    const opened = new Inbox<WebSocketHandler>();
    const closes = new Inbox<number>();
    class Stubborn extends WebSocketHandler {
      override open() {
        opened.add(this);
      }
      override onClose(code: number) {
        closes.add(code);
      }
    }
    const websocket = { closeTimeoutMs: 100, sharedReadBuffer };
    const { server } = await runApplication(context, [["/ws", Stubborn]], { websocket }, options);
    const raw = await RawSocket.connect(server.port, "tls" in options ? trust : undefined);
    context.after(() => raw.socket.destroy());
    raw.write(handshake());
    await raw.response();
    const handler = await opened.next();
    // It does not even read: what is sent to it stays with the server.
    raw.socket.pause();
    handler.writeMessage(new Uint8Array(16 << 20));
    assert.ok(handler.bufferedAmount > 0);
    await server.close();
    assert.equal(await closes.next(), 1001);
    raw.socket.resume();
    await raw.ended();
    assert.ok(raw.received < 16 << 20, "it was cut");
  });
}
