/** An application that does not listen itself: another server accepts its connections. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo, Server as NetServer } from "node:net";
import type { TestContext } from "node:test";
import { test } from "node:test";
import type { ListenOptions, Settings } from "../../src/index.ts";
import { Application, RequestHandler, WebSocketHandler } from "../../src/index.ts";
import { TestClient } from "../../src/testing/index.ts";
import { certificate, trust } from "../support/certificate.ts";
import { expectedLog } from "../support/log.ts";
import { exchange, RawConnection, requestText } from "../support/raw-http.ts";

const log = expectedLog();

class Who extends RequestHandler {
  get() {
    return this.remoteAddress;
  }
}

class Echo extends WebSocketHandler {
  override onMessage(message: string | Uint8Array) {
    this.writeMessage(message);
  }
}

const routes = [
  ["/", Who],
  ["/ws", Echo],
] as const;

async function acceptElsewhere(context: TestContext): Promise<{ source: NetServer; port: number }> {
  const source = createServer({ pauseOnConnect: true }).listen(0, "127.0.0.1");
  await once(source, "listening");
  context.after(() => source.close());
  return { source, port: (source.address() as AddressInfo).port };
}

function listen(source: NetServer, settings: Settings = {}, options: ListenOptions = {}) {
  return new Application(routes, { logger: log, ...settings }).listen({ source }, options);
}

test("pages and WebSockets are served, with the addresses of their clients", async (context) => {
  const { source, port } = await acceptElsewhere(context);
  const server = await listen(source);
  assert.deepEqual([server.url, server.port], ["", 0]);
  assert.equal((await exchange(port, requestText("GET", "/"))).text, "127.0.0.1");
  const client = await TestClient.connect(`ws://127.0.0.1:${port}/ws`);
  client.send("hello");
  assert.equal(await client.nextMessage(), "hello");
  const closed = server.close();
  assert.equal((await client.closed()).code, 1001);
  await closed;
});

test("a client that ends its side gets its answer", async (context) => {
  const { source, port } = await acceptElsewhere(context);
  const server = await listen(source);
  const connection = await RawConnection.open(port);
  connection.send(requestText("GET", "/"));
  connection.end();
  assert.equal((await connection.nextResponse()).text, "127.0.0.1");
  await connection.ended();
  await server.close();
});

test("requests that take too long end as they do elsewhere", async (context) => {
  const { source, port } = await acceptElsewhere(context);
  const server = await listen(source, { http: { headersTimeoutMs: 50 } });
  const slow = await RawConnection.open(port);
  slow.send("GET / HT");
  assert.equal((await slow.nextResponse()).status, 408);
  await log.expect(/REQUEST_TIMEOUT/);
  await server.close();
});

test("closing ends what is idle, waits for what is not, and lets the source go on", async (context) => {
  const { source, port } = await acceptElsewhere(context);
  const first = await listen(source, { http: { keepAliveTimeoutMs: 60_000 } });
  const idle = await RawConnection.open(port);
  idle.send(requestText("GET", "/"));
  await idle.nextResponse();
  const silent = await RawConnection.open(port);
  await first.close();
  await Promise.all([idle.ended(), silent.ended()]);
  // Whoever comes between two servers is the source's affair; here it has nobody, and the client waits.
  const waiting = once(source, "connection");
  const early = await RawConnection.open(port);
  const [socket] = (await waiting) as [unknown];
  const second = await listen(source);
  source.emit("connection", socket);
  early.send(requestText("GET", "/"));
  assert.equal((await early.nextResponse()).text, "127.0.0.1");
  early.destroy();
  await second.close();
});

test("TLS is spoken on connections that come without", async (context) => {
  const { source, port } = await acceptElsewhere(context);
  const server = await listen(source, {}, { tls: certificate });
  assert.equal((await exchange(port, requestText("GET", "/"), { tls: trust })).text, "127.0.0.1");
  await server.close();
});
