import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { connect } from "node:tls";
import { WebSocketHandler } from "../../src/index.ts";
import { TestClient } from "../../src/testing/index.ts";
import { Inbox } from "../../src/testing/inbox.ts";
import { certificate, trust } from "../support/certificate.ts";
import { runApplication } from "../support/run-application.ts";

class Echo extends WebSocketHandler {
  override onMessage(message: string | Uint8Array) {
    this.writeMessage(message);
  }
}

test("the same protocol runs over TLS: messages of any size, pings, close, and a log line for each end", async (context) => {
  const { server, at, log } = await runApplication(context, [["/ws", Echo]], {}, { tls: certificate });
  assert.equal(server.url, `https://127.0.0.1:${server.port}`);
  for (const url of [at("/ws"), at("/ws").replace("https:", "wss:")]) {
    const client = await TestClient.connect(url, { tls: trust });
    client.send("over TLS");
    assert.equal(await client.nextMessage(), "over TLS");
    const large = new Uint8Array(900_000).map((_, index) => index % 251);
    client.send(large);
    assert.deepEqual(await client.nextMessage(), large);
    client.ping(Uint8Array.of(1));
    assert.deepEqual(await client.nextPong(), Uint8Array.of(1));
    assert.deepEqual(await client.close(1000, "done"), { code: 1000, reason: "done" });
    await log.expect(/^101 GET \/ws \(127\.0\.0\.1\)/);
    await log.expect(/^1000 GET \/ws .* received 2 \(900008 bytes\), sent 2 \(900008 bytes\) "done"$/);
  }
});

test("over TLS the own origin is the https one, and a plain http page is refused", async (context) => {
  const { server, at, log } = await runApplication(context, [["/ws", Echo]], {}, { tls: certificate });
  await (await TestClient.connect(at("/ws"), { tls: trust, origin: server.url })).close();
  const origin = server.url.replace("https:", "http:");
  const refusal = await TestClient.refusal(at("/ws"), { tls: trust, origin });
  assert.equal(refusal.status, 403);
  await log.expect(/^403 GET \/ws/);
  const { text } = await log.expect(/^WS_ORIGIN_REFUSED/);
  assert.ok(
    text.includes(` may not open wss://127.0.0.1:${server.port}/ws (same origin is ${server.url}).`),
    text,
  );
});

test("a peer that vanishes in the middle of TLS is lost, with 1006", async (context) => {
  const closes = new Inbox<number>();
  class Recorder extends Echo {
    override onClose(code: number) {
      closes.add(code);
    }
  }
  const { at, log } = await runApplication(context, [["/ws", Recorder]], {}, { tls: certificate });
  const client = await TestClient.connect(at("/ws"), { tls: trust });
  client.terminate();
  assert.equal(await closes.next(), 1006);
  await log.expect(/^1006 GET/);
});

test("close() ends WebSockets over TLS with 1001, and silent connections at once", async (context) => {
  const closeTimeoutMs = 1000;
  const { server, at } = await runApplication(
    context,
    [["/ws", Echo]],
    { websocket: { closeTimeoutMs } },
    { tls: certificate },
  );
  const silent = connect({ ...trust, port: server.port, host: "127.0.0.1" });
  await once(silent, "secureConnect");
  silent.on("error", () => {});
  silent.resume();
  // It comes later, so that the server has finished both handshakes.
  const client = await TestClient.connect(at("/ws"), { tls: trust });
  const before = performance.now();
  await server.close();
  assert.ok(performance.now() - before < closeTimeoutMs / 2, "nothing was waited for");
  assert.deepEqual(await client.closed(), { code: 1001, reason: "SERVER_CLOSING" });
  silent.destroy();
});

test("a connection that never begins or finishes its TLS handshake does not hold up close()", async (context) => {
  const { server, at, connectRaw } = await runApplication(
    context,
    [["/ws", Echo]],
    { websocket: { closeTimeoutMs: 200 } },
    { tls: certificate },
  );
  const silent = await connectRaw();
  const begun = await connectRaw();
  begun.write("\x16\x03\x01\x02\x00\x01\x00");
  await (await TestClient.connect(at("/ws"), { tls: trust })).close();
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<string>((resolve) => {
    timer = setTimeout(resolve, 2000, "still waiting");
  });
  const outcome = await Promise.race([server.close().then(() => "closed"), patience]);
  clearTimeout(timer);
  // Else the server would wait for them even after the test.
  for (const raw of [silent, begun]) raw.socket.destroy();
  assert.equal(outcome, "closed");
});
