import assert from "node:assert/strict";
import { test } from "node:test";
import { RequestHandler, WebSocketHandler } from "../../src/index.ts";
import { TestClient } from "../../src/testing/index.ts";
import { handshake } from "../support/raw-socket.ts";
import { runApplication } from "../support/run-application.ts";

class Page extends RequestHandler {
  get() {
    return `<p>${this.request.header("Upgrade") ?? "plain"}`;
  }
}

class Echo extends WebSocketHandler {
  override onMessage(message: string | Uint8Array) {
    this.writeMessage(message);
  }
}

/** What `curl --http2` sends to a server of which it does not know what it speaks (RFC 7540 §3.2). */
const h2c = {
  Connection: "Upgrade, HTTP2-Settings",
  Upgrade: "h2c",
  "HTTP2-Settings": "AAMAAABkAAQAoAAAAAIAAAAA",
};
const noWebSocket = { "Sec-WebSocket-Key": null, "Sec-WebSocket-Version": null };

test("an upgrade to a protocol that is not spoken is served over HTTP/1.1, as RFC 9110 §7.8 allows", async (context) => {
  const { connectRaw, log } = await runApplication(context, [
    ["/", Page],
    ["/ws", Echo],
  ]);
  const raw = await connectRaw();
  raw.write(handshake({ ...noWebSocket, ...h2c }, "GET / HTTP/1.1"));
  const response = await raw.response();
  assert.equal(response.status, 200);
  assert.equal(response.body, "<p>h2c");
  assert.deepEqual(response.headers["content-type"], ["text/html; charset=utf-8"]);
  // What comes behind the header fields cannot be told from the other protocol: the connection serves no more.
  assert.deepEqual(response.headers["connection"], ["close"]);
  assert.deepEqual([await raw.rest(), await raw.ended()], [Buffer.alloc(0), "end"]);
  await log.expect(/^200 GET \/ \(127\.0\.0\.1\) \d+\.\d\dms$/);
});

test("a large response, too, reaches a client that asked for another protocol", async (context) => {
  const chunk = new Uint8Array(65_536).fill(7);
  const chunks = 200;
  class Large extends RequestHandler {
    get() {
      let sent = 0;
      return new Response(
        new ReadableStream<Uint8Array>({
          pull(controller) {
            if (sent++ < chunks) controller.enqueue(chunk);
            else controller.close();
          },
        }),
      );
    }
  }
  const { connectRaw, log } = await runApplication(context, [["/", Large]], {
    websocket: { closeTimeoutMs: 100 },
  });
  const raw = await connectRaw();
  raw.socket.setTimeout(1000, () => raw.socket.destroy());
  raw.write(handshake({ ...noWebSocket, ...h2c }, "GET / HTTP/1.1"));
  const all = await raw.rest();
  assert.equal(await raw.ended(), "end");
  assert.ok(all.length > chunks * chunk.length, `${all.length} bytes came`);
  await log.expect(/^200 GET /);
});

test("an upgrade to another protocol is refused by the same rules as any request", async (context) => {
  const { connectRaw, log } = await runApplication(context, [["/", Page]]);
  for (const [requestLine, status, code] of [
    ["GET /nowhere HTTP/1.1", 404, "ROUTE_NOT_FOUND"],
    ["POST / HTTP/1.1", 405, "METHOD_NOT_ALLOWED"],
  ] as const) {
    const raw = await connectRaw();
    raw.write(handshake({ ...noWebSocket, ...h2c }, requestLine));
    const response = await raw.response();
    assert.equal(response.status, status);
    assert.match(response.body, new RegExp(code));
    assert.equal(await raw.ended(), "end");
    await log.expect(new RegExp(`^${status} `));
  }
});

test("CONNECT is no way through this server", async (context) => {
  const { connectRaw, log } = await runApplication(context, [["/*", Page]]);
  for (const [target, code, status] of [
    ["example.com:443", "REQUEST_TARGET_INVALID", 400],
    ["127.0.0.1:22", "REQUEST_TARGET_INVALID", 400],
    ["/", "METHOD_NOT_ALLOWED", 405],
  ] as const) {
    const raw = await connectRaw();
    raw.write(`CONNECT ${target} HTTP/1.1\r\nHost: localhost\r\n\r\n\x16\x03\x01 a TLS hello`);
    const response = await raw.response();
    assert.equal(response.status, status, target);
    assert.match(response.body, new RegExp(`^${code}: `, "m"));
    assert.deepEqual([await raw.rest(), await raw.ended()], [Buffer.alloc(0), "end"]);
    await log.expect(new RegExp(`^${status} CONNECT `));
  }
  // The same refusal of the same peer is explained once.
  await log.expect(
    /^REQUEST_TARGET_INVALID {2}the request target must be a path .*, got "example\.com:443"\.$/,
  );
});

test("a WebSocket to a page is refused, and the reason says what was found there", async (context) => {
  const { at, log } = await runApplication(context, [["/page", Page]]);
  const refusal = await TestClient.refusal(at("/page"));
  assert.equal(refusal.status, 400);
  assert.equal(refusal.body, "400: Bad Request\nWS_NOT_SPOKEN_HERE: This path does not speak WebSocket.\n");
  await log.expect(/^400 GET \/page/);
  const { text } = await log.expect(/^WS_NOT_SPOKEN_HERE {2}/);
  assert.match(
    text,
    /Page at this path is no WebSocketHandler, but a WebSocket was asked for\.\n {20}Check the path/,
  );
});

test("a WebSocket to an unknown path is refused with 404, and explained, which a page is not", async (context) => {
  const { at, log } = await runApplication(context, [["/ws", Echo]]);
  const refusal = await TestClient.refusal(at("/wss?x=1"));
  assert.equal(refusal.status, 404);
  assert.match(refusal.body, /^ROUTE_NOT_FOUND: There is nothing here\.$/m);
  await log.expect(/^404 GET \/wss\?x=1 \(127\.0\.0\.1\)/);
  await log.expect(/^ROUTE_NOT_FOUND {2}no route matches "\/wss"\.$/);
  const page = await fetch(at("/wss"));
  assert.equal(page.status, 404);
  await page.text();
  await log.expect(/^404 GET \/wss \(127\.0\.0\.1\)/);
  log.assertNothingElse();
});
