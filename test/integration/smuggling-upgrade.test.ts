/** A request that asks for another protocol and has a body is served as if it had not asked (RFC 9110 §7.8), with its body. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { RequestHandler, WebSocketHandler } from "../../src/index.ts";
import { TestClient } from "../../src/testing/index.ts";
import { certificate } from "../support/certificate.ts";
import { deferred } from "../support/deferred.ts";
import { RawSocket } from "../support/raw-socket.ts";
import { runApplication } from "../support/run-application.ts";

class Shout extends RequestHandler {
  async post() {
    return (await this.text()).toUpperCase();
  }
}

class Echo extends WebSocketHandler {
  override onMessage(message: string | Uint8Array) {
    this.writeMessage(message);
  }
}

/** What Java's HttpClient sends to a server of which it does not know what it speaks. */
const head = (bodyFields: string): string =>
  `POST /shout HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAA\r\n${bodyFields}\r\n`;

for (const tls of [undefined, certificate]) {
  test(`the body is read as it comes, and the connection goes on, ${tls === undefined ? "without" : "with"} TLS`, async (context) => {
    const { server, log } = await runApplication(
      context,
      [["/shout", Shout]],
      {},
      tls === undefined ? {} : { tls },
    );
    const raw = await RawSocket.connect(server.port, tls && { rejectUnauthorized: false });
    context.after(() => raw.socket.destroy());
    await raw.writeSegment(head("Content-Length: 10\r\n"));
    await raw.writeSegment("hello");
    await raw.writeSegment("world");
    assert.equal((await raw.response()).body, "HELLOWORLD");
    raw.write(`${head("Transfer-Encoding: chunked\r\n")}5\r\nagain\r\n0\r\n\r\n`);
    assert.equal((await raw.response()).body, "AGAIN");
    for (let i = 0; i < 2; i++) await log.expect(/^200 POST \/shout/);
  });
}

test("it waits for the answers before it, and what is behind it comes after", async (context) => {
  const answering = deferred();
  class Slow extends RequestHandler {
    async get() {
      await answering.promise;
      return "slow";
    }
  }
  const { connectRaw, at } = await runApplication(context, [
    ["/slow", Slow],
    ["/shout", Shout],
    ["/ws", Echo],
  ]);
  const raw = await connectRaw();
  await raw.writeSegment(
    `GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n${head("Content-Length: 3\r\n")}one${head("Content-Length: 3\r\n")}two`,
  );
  // The server has read on when it has talked to somebody else.
  const client = await TestClient.connect(at("/ws"));
  await client.close();
  assert.equal(raw.received, 0);
  answering.resolve();
  const bodies = [await raw.response(), await raw.response(), await raw.response()].map(({ body }) => body);
  assert.deepEqual(bodies, ["slow", "ONE", "TWO"]);
});

test("what waits behind a request that expects 100 is served in order once that has been answered", async (context) => {
  const seen: string[] = [];
  const going = deferred();
  class Late extends RequestHandler {
    override prepare() {
      seen.push(this.request.path);
    }
    get() {
      return "got";
    }
    async post() {
      await going.promise;
      return await this.text();
    }
  }
  const { connectRaw, at } = await runApplication(context, [
    ["/ws", Echo],
    ["/*", Late],
  ]);
  const raw = await connectRaw();
  const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
  raw.write(
    `POST /first HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\nbody${get("/second")}${get("/third")}`,
  );
  const client = await TestClient.connect(at("/ws"));
  await client.close();
  assert.deepEqual(seen, ["/first"], "the answer to the first one may be the last");
  going.resolve();
  assert.equal((await raw.head()).startLine, "HTTP/1.1 100 Continue");
  const bodies = [await raw.response(), await raw.response(), await raw.response()].map(({ body }) => body);
  assert.deepEqual(bodies, ["body", "got", "got"]);
  assert.deepEqual(seen, ["/first", "/second", "/third"]);
});
