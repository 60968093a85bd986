import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { Application, RequestHandler, WaterspoutError, WebSocketHandler } from "../../src/index.ts";
import type { TlsOptions } from "../../src/index.ts";
import { TestClient } from "../../src/testing/index.ts";
import { certificate, trust } from "../support/certificate.ts";
import { expectedLog } from "../support/log.ts";
import { RawConnection, exchange, requestText } from "../support/raw-http.ts";
import { serveRoutes } from "../support/serve-routes.ts";

const log = expectedLog();

class Url extends RequestHandler {
  get() {
    return this.request.fullUrl();
  }
}

class Echo extends WebSocketHandler {
  override onMessage(message: string | Uint8Array) {
    this.writeMessage(message);
  }
}

const routes = [
  ["/", Url],
  ["/ws", Echo],
] as const;

test("with a certificate the server speaks https, and knows it", async (context) => {
  const server = await serveRoutes(context, log, routes, {}, { tls: certificate });
  assert.equal(server.url, `https://127.0.0.1:${server.port}`);
  const lines = [`Host: localhost:${server.port}`];
  const { text } = await exchange(server.port, requestText("GET", "/", lines), { tls: trust });
  assert.equal(text, `https://localhost:${server.port}/`);
  const standard = await exchange(server.port, requestText("GET", "/", ["Host: localhost:443"]), {
    tls: trust,
  });
  assert.equal(standard.text, "https://localhost/");
});

test("a WebSocket over TLS is one like any other, with its own origin", async (context) => {
  const server = await serveRoutes(context, log, routes, {}, { tls: certificate });
  const client = await TestClient.connect(`${server.url}/ws`, { origin: server.url, tls: trust });
  client.send("你好");
  assert.equal(await client.nextMessage(), "你好");
  assert.deepEqual(await client.close(1000, "done"), { code: 1000, reason: "done" });
  // A page that anybody on the way could have written is not the same origin.
  const plain = server.url.replace("https:", "http:");
  assert.equal((await TestClient.refusal(`${server.url}/ws`, { origin: plain, tls: trust })).status, 403);
  await log.expect(/^403 GET \/ws/);
  await log.expect(/^WS_ORIGIN_REFUSED {2}Origin http:/);
});

test("TLS options that make no sense are refused as a setting, without the key in the message", async () => {
  const key = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n";
  const table: readonly TlsOptions[] = [
    { key, cert: certificate.cert },
    { key: certificate.key, cert: "rubbish" },
    { key: certificate.cert, cert: certificate.key },
    { ...certificate, minVersion: "TLSv9" as "TLSv1.3" },
    { ...certificate, ciphers: "NO-SUCH-CIPHER" },
    { key: 5 as unknown as string, cert: certificate.cert },
  ];
  for (const tls of table) {
    const shown = JSON.stringify(tls).slice(0, 60);
    try {
      const server = await new Application([], { logger: log }).listen(0, { host: "127.0.0.1", tls });
      await server.close();
      assert.fail(`${shown} was not refused`);
    } catch (error) {
      assert.ok(error instanceof WaterspoutError, `${shown}: ${String(error)}`);
      assert.equal(error.code, "SETTING_INVALID", shown);
      assert.match(error.message, /^setting tls must be a key and a certificate that fit, got /);
      assert.ok(!error.message.includes("c2VjcmV0"), error.message);
      assert.ok(error.cause instanceof Error);
    }
  }
});

test("bytes that are no TLS are one line in the log, and the server goes on", async (context) => {
  const server = await serveRoutes(context, log, routes, {}, { tls: certificate });
  const table: readonly string[] = [
    // A browser that was given http:// for https://.
    requestText("GET", "/"),
    "\x16\x03\x01\xff\xff",
    "\x16\x03\x01\x00\x05hello",
    "\0".repeat(100),
  ];
  for (const bytes of table) {
    const connection = await RawConnection.open(server.port);
    connection.send(bytes);
    await connection.ended();
    const { level, text } = await log.expect(/REQUEST_MALFORMED/);
    assert.equal(level, "warn");
    assert.match(text, /^400 \((?:127\.0\.0\.1|-)\) REQUEST_MALFORMED: /);
    assert.equal(text.split("\n").length, 1);
  }
  assert.equal((await exchange(server.port, requestText("GET", "/"), { tls: trust })).status, 200);
  assert.deepEqual(
    log.lines.filter(({ level }) => level !== "info"),
    [],
    "one line for each",
  );
});

test("a line about bytes that are no TLS names the peer", async (context) => {
  const server = await serveRoutes(context, log, routes, {}, { tls: certificate });
  const connection = await RawConnection.open(server.port);
  connection.send(requestText("GET", "/"));
  await connection.ended();
  await log.expect(/^400 \(127\.0\.0\.1\) REQUEST_MALFORMED: /);
});

test("a peer that leaves before TLS has begun is nobody's fault", async (context) => {
  const server = await serveRoutes(context, log, routes, {}, { tls: certificate });
  for (const bytes of ["", "\x16\x03"]) {
    const socket = connect(server.port, "127.0.0.1");
    await new Promise((resolve) => socket.once("connect", resolve));
    if (bytes !== "") await new Promise((resolve) => socket.write(bytes, "latin1", resolve));
    socket.resetAndDestroy();
  }
  assert.equal((await exchange(server.port, requestText("GET", "/"), { tls: trust })).status, 200);
});

test("inside TLS rubbish is as malformed as outside", async (context) => {
  const server = await serveRoutes(context, log, routes, {}, { tls: certificate });
  const { status, text } = await exchange(server.port, "rubbish\r\n\r\n", { tls: trust });
  assert.deepEqual([status, text], [400, "REQUEST_MALFORMED: The request is malformed.\n"]);
  await log.expect(/^400 \(127\.0\.0\.1\) REQUEST_MALFORMED: .*"Parse Error/);
});
