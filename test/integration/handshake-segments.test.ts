import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import fc from "fast-check";
import { RequestHandler, WebSocketHandler } from "../../src/index.ts";
import { encodeRawFrame, TestClient } from "../../src/testing/index.ts";
import { deferred } from "../support/deferred.ts";
import type { HandshakeFields } from "../support/raw-socket.ts";
import { closeOf, handshake, RawSocket, sampleAccept, sampleKey } from "../support/raw-socket.ts";
import { runApplication, takeWarnings } from "../support/run-application.ts";

class Echo extends WebSocketHandler {
  override onMessage(message: string | Uint8Array) {
    this.writeMessage(message);
  }
}

/** Echo, but the handshake takes a while: what comes meanwhile must wait, not get lost. */
class SlowEcho extends Echo {
  override async prepare() {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

for (const Handler of [Echo, SlowEcho]) {
  test(`${Handler.name}: frames in the segment of the handshake are not lost, wherever it is cut`, async (context) => {
    const { server } = await runApplication(context, [["/ws", Handler]]);
    const head = Buffer.from(handshake());
    const frames = Buffer.concat([
      encodeRawFrame({ opcode: 1, payload: "first" }),
      encodeRawFrame({ opcode: 2, payload: "x".repeat(200) }),
      encodeRawFrame({ opcode: 9, payload: "ping" }),
    ]);
    const stream = Buffer.concat([head, frames]);
    // The first segment ends at every byte of the frames, from none of them to all of them.
    for (let cut = head.length; cut <= stream.length; cut++) {
      const raw = await RawSocket.connect(server.port);
      await raw.writeSegment(stream.subarray(0, cut));
      raw.write(stream.subarray(cut));
      const { status, headers } = await raw.response();
      assert.equal(status, 101);
      assert.deepEqual(headers["sec-websocket-accept"], [sampleAccept]);
      const received = [await raw.frame(), await raw.frame(), await raw.frame()];
      // The pong may overtake the echo: pings do not wait for messages.
      const texts = received.map(({ opcode, payload }) => `${opcode} ${payload.toString()}`);
      assert.deepEqual(texts.toSorted(), ["1 first", "10 ping", `2 ${"x".repeat(200)}`], `cut at ${cut}`);
      raw.write(encodeRawFrame({ opcode: 8 }));
      assert.deepEqual(await raw.frame(), { opcode: 8, payload: Buffer.alloc(0) });
      assert.deepEqual([await raw.rest(), await raw.ended()], [Buffer.alloc(0), "end"]);
      raw.socket.destroy();
    }
  });
}

test("a close frame in the segment of the handshake: the handler opens, then closes", async (context) => {
  const calls: string[] = [];
  const closed = deferred();
  class Recorder extends WebSocketHandler {
    override open() {
      calls.push(`open, isOpen: ${this.isOpen}`);
    }
    override onMessage(message: string | Uint8Array) {
      calls.push(String(message));
    }
    override onClose(code: number) {
      calls.push(`close ${code}`);
      closed.resolve();
    }
  }
  const { connectRaw } = await runApplication(context, [["/ws", Recorder]]);
  const raw = await connectRaw();
  raw.write(
    Buffer.concat([
      Buffer.from(handshake()),
      encodeRawFrame({ opcode: 1, payload: "message" }),
      encodeRawFrame({ opcode: 8, payload: Uint8Array.of(0x0f, 0xa0) }),
    ]),
  );
  assert.equal((await raw.response()).status, 101);
  assert.deepEqual(closeOf(await raw.frame()), { code: 4000, reason: "" });
  await raw.ended();
  raw.end();
  await closed.promise;
  assert.deepEqual(calls, ["open, isOpen: false", "message", "close 4000"]);
});

test("a connection that has served a page can become a WebSocket", async (context) => {
  class Page extends RequestHandler {
    get() {
      return "page";
    }
  }
  const { connectRaw } = await runApplication(context, [
    ["/page", Page],
    ["/ws", Echo],
  ]);
  const raw = await connectRaw();
  raw.write("GET /page HTTP/1.1\r\nHost: localhost\r\n\r\n");
  assert.equal((await raw.response()).body, "page");
  raw.write(Buffer.concat([Buffer.from(handshake()), encodeRawFrame({ opcode: 1, payload: "first" })]));
  assert.equal((await raw.response()).status, 101);
  assert.deepEqual(await raw.frame(), { opcode: 1, payload: Buffer.from("first") });
});

test("an absolute request target is served like its path (RFC 9112 §3.2.2)", async (context) => {
  const { server, connectRaw } = await runApplication(context, [["/ws", Echo]]);
  const raw = await connectRaw();
  // Its host overrules the Host header, for the check of the origin as well.
  const origin = `http://localhost:${server.port}`;
  raw.write(handshake({ Host: "127.0.0.1", Origin: origin }, `GET ${origin}/ws HTTP/1.1`));
  assert.equal((await raw.response()).status, 101);
});

test("a frame error in the segment of the handshake is answered after the 101", async (context) => {
  const { connectRaw, log } = await runApplication(context, [["/ws", Echo]]);
  const raw = await connectRaw();
  raw.write(
    Buffer.concat([Buffer.from(handshake()), encodeRawFrame({ opcode: 1, mask: null, payload: "x" })]),
  );
  assert.equal((await raw.response()).status, 101);
  assert.deepEqual(closeOf(await raw.frame()), { code: 1002, reason: "WS_MASK_MISSING" });
  assert.equal(await raw.ended(), "end");
  raw.end();
  await log.expect(/^1002 /);
});

test("bytes behind a handshake that is refused are not taken for another request", async (context) => {
  const { connectRaw, log } = await runApplication(context, [["/ws", Echo]]);
  const raw = await connectRaw();
  raw.write(handshake({ "Sec-WebSocket-Version": "8" }) + handshake());
  assert.equal((await raw.response()).status, 426);
  assert.deepEqual([await raw.rest(), await raw.ended()], [Buffer.alloc(0), "end"]);
  await log.expect(/^426 /);
  await log.expect(/^WS_VERSION_UNSUPPORTED/);
  log.assertNothingElse();
});

/** Checks that a server still serves after whatever a test did to it. */
async function assertAlive(url: string): Promise<void> {
  const client = await TestClient.connect(url);
  client.send("alive");
  assert.equal(await client.nextMessage(), "alive");
  await client.close();
}

test("duplicated, absent and odd header fields never throw", async (context: TestContext) => {
  const { server, at, log } = await runApplication(context, [["/ws", Echo]]);
  const seed = Number(process.env["SEED"] ?? Math.trunc(Math.random() * 2 ** 31));
  context.diagnostic(`SEED=${seed}`);
  const value = fc.oneof(
    fc.constantFrom(
      "",
      "websocket",
      "Upgrade",
      "13",
      sampleKey,
      ",",
      ", ,",
      ";",
      '"',
      "a, a",
      "localhost",
      "null",
    ),
    fc.constantFrom(
      "http://localhost",
      "0",
      "gzip, chunked",
      "\xff",
      "\t",
      "=;,",
      "__proto__",
      "constructor",
    ),
    fc.string({ unit: fc.constantFrom(...Array.from('aB0 ,;="\\/:.-_*\t\xe9')), maxLength: 12 }),
  );
  const names = [
    "Host",
    "Upgrade",
    "Connection",
    "Sec-WebSocket-Key",
    "Sec-WebSocket-Version",
    "Sec-WebSocket-Protocol",
    "Sec-WebSocket-Extensions",
    "Origin",
    "X-Forwarded-For",
    "Expect",
    "Accept",
    "Cookie",
    "__proto__",
  ];
  const change = fc.tuple(
    fc.constantFrom(...names),
    fc.oneof(fc.constant(null), value, fc.array(value, { minLength: 2, maxLength: 3 })),
  );
  for (const changes of fc.sample(fc.array(change, { minLength: 1, maxLength: 4 }), { seed, numRuns: 150 })) {
    const fields: HandshakeFields = Object.fromEntries(changes);
    const raw = await RawSocket.connect(server.port);
    raw.write(handshake(fields));
    const { status } = await raw.response();
    assert.ok([101, 400, 403, 417, 426].includes(status), `${status} for ${JSON.stringify(changes)}`);
    raw.socket.destroy();
  }
  await assertAlive(at("/ws"));
  // Each was refused for a reason, and none was a failure of ours.
  const failures = log.lines.filter(
    ({ level, text }) => level === "error" || text.includes("HANDLER_FAILED"),
  );
  assert.deepEqual(failures, []);
  for (const text of await takeWarnings(log)) assert.match(text, /^(?:4\d\d |[A-Z_]+ {2})/);
});
