/**
 * A client may send more while its last request is still being answered, and what it sends may be anything. Responses
 * are sent in the order of the requests (RFC 9112 §9.3.2), and nothing that a stranger sends makes the server fail.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { RequestHandler, WebSocketHandler } from "../../src/index.ts";
import type { RouteEntry } from "../../src/index.ts";
import { encodeRawFrame, TestClient } from "../../src/testing/index.ts";
import { Inbox } from "../../src/testing/inbox.ts";
import type { Deferred } from "../support/deferred.ts";
import { deferred } from "../support/deferred.ts";
import { closeOf, handshake } from "../support/raw-socket.ts";
import { runApplication, takeWarnings } from "../support/run-application.ts";

class Echo extends WebSocketHandler {
  override onMessage(message: string | Uint8Array) {
    this.writeMessage(message);
  }
}

interface Slow {
  readonly routes: readonly RouteEntry[];
  readonly answering: Deferred;
  readonly started: Inbox<string>;
}

/** A page that is answered when the test says so, and an echo. */
function slowRoutes(): Slow {
  const answering = deferred();
  const started = new Inbox<string>();
  class SlowPage extends RequestHandler {
    async get() {
      const name = this.getQueryArgument("name", "slow");
      started.add(name);
      await answering.promise;
      return name;
    }
  }
  return {
    answering,
    started,
    routes: [
      ["/slow", SlowPage],
      ["/ws", Echo],
    ],
  };
}

const slowRequest = (name: string, fields = ""): string =>
  `GET /slow?name=${name} HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n`;

/** Lets the server do what it would, and shows that it still serves. */
async function converse(url: string): Promise<void> {
  const client = await TestClient.connect(url);
  client.send("alive");
  assert.equal(await client.nextMessage(), "alive");
  await client.close();
}

test("a handshake behind requests that are being answered waits for the answers", async (context) => {
  const { routes, answering, started } = slowRoutes();
  const { at, connectRaw, log } = await runApplication(context, routes);
  const raw = await connectRaw();
  // A frame glued to the handshake waits as well.
  raw.write(slowRequest("one") + slowRequest("two") + handshake());
  raw.write(encodeRawFrame({ opcode: 1, payload: "glued" }));
  assert.deepEqual([await started.next(), await started.next()], ["one", "two"]);
  await converse(at("/ws"));
  assert.equal(raw.received, 0);
  answering.resolve();
  for (const name of ["one", "two"]) {
    const { status, body } = await raw.response();
    assert.deepEqual([status, body], [200, name]);
  }
  assert.equal((await raw.response()).status, 101);
  assert.deepEqual(await raw.frame(), { opcode: 1, payload: Buffer.from("glued") });
  raw.write(encodeRawFrame({ opcode: 8, payload: Uint8Array.of(3, 232) }));
  assert.equal(closeOf(await raw.frame()).code, 1000);
  assert.deepEqual([await raw.rest(), await raw.ended()], [Buffer.alloc(0), "end"]);
  raw.end();
  await log.expect(/^1000 GET \/ws .* received 1 \(5 bytes\), sent 1 \(5 bytes\)$/);
});

test("a handshake that is wrong is refused behind the answers that are under way", async (context) => {
  const { routes, answering, started } = slowRoutes();
  const { at, connectRaw, log } = await runApplication(context, routes);
  const raw = await connectRaw();
  raw.write(slowRequest("one") + handshake({ "Sec-WebSocket-Key": "short" }));
  await started.next();
  await converse(at("/ws"));
  answering.resolve();
  assert.equal((await raw.response()).body, "one");
  const { status, body } = await raw.response();
  assert.equal(status, 400);
  assert.match(body, /^WS_KEY_INVALID: /m);
  assert.deepEqual([await raw.rest(), await raw.ended()], [Buffer.alloc(0), "end"]);
  await log.expect(/^400 GET \/ws/);
  await log.expect(/^WS_KEY_INVALID/);
});

test("rubbish behind a request that is being answered gets its 400 behind the answer, and one line", async (context) => {
  const { routes, answering, started } = slowRoutes();
  const { at, connectRaw, log } = await runApplication(context, routes);
  const raw = await connectRaw();
  raw.write(`${slowRequest("one")}\x16\x03\x01 rubbish`);
  await started.next();
  await converse(at("/ws"));
  answering.resolve();
  assert.equal((await raw.response()).body, "one");
  const { status, body } = await raw.response();
  assert.deepEqual([status, body], [400, "REQUEST_MALFORMED: The request is malformed.\n"]);
  assert.deepEqual([await raw.rest(), await raw.ended()], [Buffer.alloc(0), "end"]);
  await log.expect(/^400 \(127\.0\.0\.1\) REQUEST_MALFORMED: /);
  log.assertNothingElse();
});

test("a handshake behind an answer that ends the connection is not opened, and harms nobody", async (context) => {
  const { routes, answering, started } = slowRoutes();
  const { at, log, connectRaw } = await runApplication(context, routes);
  const raw = await connectRaw();
  raw.write(slowRequest("last", "Connection: close\r\n") + handshake());
  await started.next();
  answering.resolve();
  const { headers, body } = await raw.response();
  assert.deepEqual([headers["connection"], body], [["close"], "last"]);
  await raw.ended();
  assert.equal(raw.received, 0, "nothing follows");
  raw.end();
  await converse(at("/ws"));
  // Node's parser may say that nothing should have followed.
  for (const text of await takeWarnings(log)) assert.match(text, /^400 \(127\.0\.0\.1\) REQUEST_MALFORMED/);
});

test("a peer that vanishes while its handshake waits for an answer harms nobody", async (context) => {
  const { routes, answering, started } = slowRoutes();
  const { at, connectRaw } = await runApplication(context, routes);
  for (const request of [handshake(), handshake({ "Sec-WebSocket-Key": "short" })]) {
    const raw = await connectRaw();
    raw.write(slowRequest("one") + request);
    await started.next();
    raw.reset();
    await once(raw.socket, "close");
    await converse(at("/ws"));
  }
  answering.resolve();
  await converse(at("/ws"));
});

test("requests of sessions that wait behind another one are over when their connection is", async (context) => {
  const opened = new Inbox<string>();
  const closed = new Inbox<string>();
  class Room extends WebSocketHandler {
    override open() {
      opened.add(this.transport);
    }

    override onClose(code: number) {
      closed.add(`${this.transport} ${code}`);
    }
  }
  const { server, log } = await runApplication(
    context,
    [["/room", Room, { transports: ["sse", "long-polling"] }]],
    { fallback: { sessionTimeoutMs: 50 } },
  );
  const socket = connect(server.port, "127.0.0.1");
  const post = (body: string, accept: string): string =>
    `POST /room HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nAccept: ${accept}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const held = post('{"transport":"long-polling","poll":20000}', "*/*");
  const stream = post('{"transport":"sse"}', "text/event-stream");
  socket.write(held + stream + held);
  for (let i = 0; i < 3; i++) await opened.next();
  socket.destroy();
  const seen = [await closed.next(), await closed.next(), await closed.next()];
  assert.deepEqual(seen.toSorted(), ["long-polling 1006", "long-polling 1006", "sse 1006"]);
  for (const text of await takeWarnings(log)) assert.match(text, /SESSION_TIMEOUT/);
});

test("an answer that its client takes slowly is not stopped by a handshake behind it", async (context) => {
  const bytes = 8 << 20;
  class Large extends RequestHandler {
    get() {
      return new Uint8Array(bytes);
    }
  }
  const { connectRaw, log } = await runApplication(context, [
    ["/large", Large],
    ["/ws", Echo],
  ]);
  const raw = await connectRaw();
  raw.write(`GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n${handshake()}`);
  const { status, body } = await raw.response();
  assert.deepEqual([status, body.length], [200, bytes]);
  assert.equal((await raw.response()).status, 101);
  raw.write(encodeRawFrame({ opcode: 8, payload: Uint8Array.of(3, 232) }));
  assert.equal(closeOf(await raw.frame()).code, 1000);
  raw.end();
  await log.expect(/^1000 GET \/ws/);
});

test("who is to be told to go on is told so when it is its turn", async (context) => {
  const { routes, answering, started } = slowRoutes();
  const kinds = {
    text: (text: string) => text,
    bytes: (text: string) => Buffer.from(text),
    large: (text: string) => text.repeat(100_000),
  };
  class Reader extends RequestHandler<{ kind: keyof typeof kinds }> {
    async post() {
      return kinds[this.params.kind](await this.text());
    }
  }
  const { connectRaw } = await runApplication(context, [...routes, ["/read/:kind", Reader]]);
  answering.resolve();
  for (const kind of Object.keys(kinds) as (keyof typeof kinds)[]) {
    const raw = await connectRaw();
    const head = `POST /read/${kind} HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n`;
    raw.write(`${slowRequest("one")}${head}Content-Length: 5\r\n\r\nhello`);
    await started.next();
    assert.equal((await raw.response()).body, "one");
    assert.equal((await raw.head()).startLine, "HTTP/1.1 100 Continue", kind);
    const { status, body } = await raw.response();
    assert.deepEqual([status, body.slice(0, 5)], [200, "hello"], kind);
    raw.end();
  }
});
