import assert from "node:assert/strict";
import { test } from "node:test";
import { HttpError, RequestHandler, WebSocketHandler } from "../../src/index.ts";
import { TestClient } from "../../src/testing/index.ts";
import { closeOf, handshake } from "../support/raw-socket.ts";
import { runApplication } from "../support/run-application.ts";

const calls: string[] = [];

class Guarded extends WebSocketHandler {
  override open() {
    calls.push("open");
  }
  override onMessage() {
    calls.push("message");
  }
  override onClose() {
    calls.push("close");
  }
}

class Page extends RequestHandler {
  get() {
    return "page";
  }
}

const elsewhere = "http://localhost:3000";

test("a refused origin: 403 and a sentence for the peer, everything for the log", async (context) => {
  const { server, at, log } = await runApplication(context, [["/url", Guarded]]);
  const refusal = await TestClient.refusal(at("/url?token=secret"), { origin: elsewhere });
  assert.equal(refusal.status, 403);
  assert.equal(
    refusal.body,
    "403: Forbidden\nWS_ORIGIN_REFUSED: This origin may not open a WebSocket here.\n",
  );
  assert.equal(refusal.headers["connection"], "close");
  assert.equal(
    (await log.expect(/^403 GET \/url\?token=secret \(127\.0\.0\.1\) \d+\.\d\dms$/)).level,
    "warn",
  );
  const { level, text } = await log.expect(/^WS_ORIGIN_REFUSED/);
  assert.equal(level, "warn");
  const host = `127.0.0.1:${server.port}`;
  assert.equal(
    text,
    `WS_ORIGIN_REFUSED  Origin http://localhost:3000 may not open ws://${host}/url (same origin is http://${host}).\n` +
      '                   To allow it: new Application(routes, { allowedOrigins: ["http://localhost:3000"] }), or override checkOrigin().',
  );
});

test("what the advice says works: the origin is let in with allowedOrigins", async (context) => {
  const { at } = await runApplication(context, [["/url", Guarded]], { allowedOrigins: [elsewhere] });
  await (await TestClient.connect(at("/url"), { origin: elsewhere })).close();
});

test("the server's own origin, and no origin at all, are let in", async (context) => {
  const { server, at } = await runApplication(context, [["/url", Guarded]]);
  await (await TestClient.connect(at("/url"), { origin: server.url })).close();
  await (await TestClient.connect(at("/url"), { origin: server.url.toUpperCase() })).close();
  await (await TestClient.connect(at("/url"))).close();
});

test("repeated refusals of one origin are explained once, those of another by themselves", async (context) => {
  const { at, log } = await runApplication(context, [["/url", Guarded]]);
  for (const origin of [elsewhere, elsewhere, "http://other.example", elsewhere, "null", "null"]) {
    assert.equal((await TestClient.refusal(at("/url"), { origin })).status, 403);
    await log.expect(/^403 GET \/url/);
  }
  for (const origin of [elsewhere, "http://other.example", "null"]) {
    await log.expect(new RegExp(`^WS_ORIGIN_REFUSED {2}Origin ${origin} may not open`));
  }
  // Each request has its line; the explanations are not repeated.
  assert.deepEqual(log.lines, []);
});

test("debug: a browser is told by close 4403 and the reason, since it hides the answer to a handshake", async (context) => {
  calls.length = 0;
  const { connectRaw, log, server } = await runApplication(context, [["/url", Guarded]], { debug: true });
  const raw = await connectRaw();
  raw.write(handshake({ Origin: elsewhere, Host: `localhost:${server.port}` }, "GET /url HTTP/1.1"));
  const { status, headers } = await raw.response();
  assert.equal(status, 101);
  assert.deepEqual(headers["sec-websocket-accept"], ["s3pPLMBiTxaQ9kYGzzhZRbK+xOo="]);
  const frame = await raw.frame();
  assert.equal(frame.opcode, 8);
  const { code, reason } = closeOf(frame);
  assert.equal(code, 4403);
  const sentence = `WS_ORIGIN_REFUSED: Origin http://localhost:3000 may not open ws://localhost:${server.port}/url (same`;
  assert.ok(reason.startsWith(sentence), reason);
  // RFC 6455 §5.5: a control frame has at most 125 bytes, two of which are the code.
  assert.ok(frame.payload.length <= 125 && reason.endsWith("…"), reason);
  // Until the peer answers, no handler hears of what it sends.
  raw.write(Buffer.from("818137fa213d56", "hex"));
  raw.write(Buffer.from("888237fa213d3412", "hex"));
  assert.deepEqual([await raw.rest(), await raw.ended()], [Buffer.alloc(0), "end"]);
  raw.end();
  await server.close();
  assert.deepEqual(calls, []);
  // For the log it is the refusal that it would be in production: one status line, one explanation, no line about a close.
  await log.expect(/^403 GET \/url \(127\.0\.0\.1\)/);
  await log.expect(/^WS_ORIGIN_REFUSED {2}Origin http:\/\/localhost:3000 may not open/);
  assert.deepEqual(log.lines, []);
});

test("debug: a client that is no browser gets plain HTTP, with everything in the body", async (context) => {
  class Private extends WebSocketHandler {
    override prepare() {
      throw new HttpError(401, "no token in the cookie");
    }
  }
  const { at, log } = await runApplication(context, [["/ws", Private]], { debug: true });
  const refusal = await TestClient.refusal(at("/ws"));
  assert.equal(refusal.status, 401);
  assert.equal(
    refusal.body,
    "401: Unauthorized\nHANDLER_REFUSED: Private refused the request: no token in the cookie\n",
  );
  await log.expect(/^401 GET \/ws/);
  await log.expect(/^HANDLER_REFUSED/);
});

test("debug: every refusal of a browser's handshake closes with 4000 and the status", async (context) => {
  class Private extends WebSocketHandler {
    override prepare() {
      throw new HttpError(401, "no token");
    }
  }
  class Broken extends WebSocketHandler {
    override prepare() {
      throw new Error("broken");
    }
  }
  const { at, log, server } = await runApplication(
    context,
    [
      ["/private", Private],
      ["/broken", Broken],
      ["/page", Page],
    ],
    { debug: true },
  );
  for (const [path, code, reason, explanation] of [
    ["/private", 4401, "HANDLER_REFUSED: Private refused the request: no token", /^HANDLER_REFUSED/],
    ["/nowhere", 4404, 'ROUTE_NOT_FOUND: no route matches "/nowhere"', /^ROUTE_NOT_FOUND/],
    [
      "/page",
      4400,
      "WS_NOT_SPOKEN_HERE: Page at this path is no WebSocketHandler, but a WebSocket was asked for",
      /^WS_NOT_SPOKEN_HERE/,
    ],
    ["/broken", 4500, "HANDLER_FAILED: Broken threw an exception", /^Uncaught exception/],
  ] as const) {
    const client = await TestClient.connect(at(path), { origin: server.url, subprotocols: ["v2", "v1"] });
    // A browser that offered subprotocols would hide the close as well if none was chosen.
    assert.equal(client.subprotocol, "v2");
    assert.deepEqual(await client.closed(), { code, reason });
    await log.expect(new RegExp(`^${code - 4000} GET ${path} `));
    await log.expect(explanation);
  }
});

test("debug: a handshake that is itself wrong is answered as HTTP, also to a browser", async (context) => {
  const { connectRaw, log } = await runApplication(context, [["/url", Guarded]], { debug: true });
  const raw = await connectRaw();
  raw.write(handshake({ Origin: elsewhere, "Sec-WebSocket-Version": "8" }, "GET /url HTTP/1.1"));
  const { status, body } = await raw.response();
  assert.equal(status, 426);
  assert.equal(
    body,
    '426: Upgrade Required\nWS_VERSION_UNSUPPORTED: Sec-WebSocket-Version must be 13, got "8"\n',
  );
  await log.expect(/^426 /);
  await log.expect(/^WS_VERSION_UNSUPPORTED/);
});

test("debug: a reason is cut at 123 bytes, between characters, and is valid UTF-8", async (context) => {
  class Wordy extends WebSocketHandler {
    override prepare() {
      throw new HttpError(418, this.getQueryArgument("reason"));
    }
  }
  const { at, log, server } = await runApplication(context, [["/ws", Wordy]], { debug: true });
  const prefix = "HANDLER_REFUSED: Wordy refused the request: ";
  // Characters of one to four bytes, so that the cut falls on every place inside one.
  for (const character of ["x", "é", "郑", "🌊"]) {
    for (let length = 70; length <= 84; length++) {
      const message =
        character.repeat(Math.ceil(length / Buffer.byteLength(character))) + "!".repeat(length % 4);
      const url = at(`/ws?reason=${encodeURIComponent(message)}`);
      const { code, reason } = await (await TestClient.connect(url, { origin: server.url })).closed();
      assert.equal(code, 4418);
      const whole = prefix + message;
      if (Buffer.byteLength(whole) <= 123) {
        assert.equal(reason, whole);
      } else {
        assert.ok(reason.endsWith("…"), reason);
        assert.ok(
          whole.startsWith(reason.slice(0, -1)),
          "whole characters of the sentence, and nothing else",
        );
        const bytes = Buffer.byteLength(reason);
        assert.ok(bytes <= 123 && bytes > 123 - 4, `${bytes} bytes`);
      }
      await log.expect(/^418 /);
      await log.expect(/^HANDLER_REFUSED/);
    }
  }
});

test("production: a refused browser gets the HTTP answer, and no 101", async (context) => {
  const { connectRaw, log } = await runApplication(context, [["/url", Guarded]]);
  const raw = await connectRaw();
  raw.write(handshake({ Origin: "null" }, "GET /url HTTP/1.1"));
  assert.equal((await raw.response()).status, 403);
  assert.deepEqual([await raw.rest(), await raw.ended()], [Buffer.alloc(0), "end"]);
  await log.expect(/^403 /);
  await log.expect(/^WS_ORIGIN_REFUSED {2}Origin null may not open/);
});

test("behind a trusted proxy the forwarded scheme and host decide what is the same origin", async (context) => {
  const forwarded = {
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "app.example.com",
    "X-Forwarded-For": "192.0.2.7",
  };
  const trusting = await runApplication(context, [["/url", Guarded]], { trustedProxies: ["loopback"] });
  const client = await TestClient.connect(trusting.at("/url"), {
    origin: "https://app.example.com",
    headers: forwarded,
  });
  await client.close();
  await trusting.log.expect(/^101 GET \/url \(192\.0\.2\.7\)/);
  const http = await TestClient.refusal(trusting.at("/url"), {
    origin: "http://app.example.com",
    headers: forwarded,
  });
  assert.equal(http.status, 403);
  await trusting.log.expect(/^403 GET \/url \(192\.0\.2\.7\)/);
  await trusting.log.expect(
    / may not open wss:\/\/app\.example\.com\/url \(same origin is https:\/\/app\.example\.com\)/,
  );

  // Anybody can write such header fields: without the setting they count for nothing.
  const wary = await runApplication(context, [["/url", Guarded]]);
  const refusal = await TestClient.refusal(wary.at("/url"), {
    origin: "https://app.example.com",
    headers: forwarded,
  });
  assert.equal(refusal.status, 403);
  await wary.log.expect(/^403 GET \/url \(127\.0\.0\.1\)/);
  await wary.log.expect(/^WS_ORIGIN_REFUSED/);
});

test("a page whose name was made to resolve to this machine is refused by its Host (DNS rebinding)", async (context) => {
  const { connectRaw, log, server } = await runApplication(context, [["/url", Guarded]]);
  const raw = await connectRaw();
  const host = `evil.example:${server.port}`;
  raw.write(handshake({ Host: host, Origin: `http://${host}` }, "GET /url HTTP/1.1"));
  const { status, body } = await raw.response();
  assert.equal(status, 403);
  assert.match(body, /^HOST_REFUSED: /m);
  await log.expect(/^403 GET \/url/);
  await log.expect(/^HOST_REFUSED {2}Host "evil\.example" is not served here/);
});
