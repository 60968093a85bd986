import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { WebSocketHandler } from "../../src/index.ts";
import { Inbox } from "../../src/testing/inbox.ts";
import { TestClient } from "../../src/testing/index.ts";
import { certificate, trust } from "../support/certificate.ts";
import { runApplication } from "../support/run-application.ts";

const connected = new Inbox<WebSocketHandler>();

class Puppet extends WebSocketHandler {
  override open() {
    connected.add(this);
  }
}

test("a burst past the limit in one turn closes nobody who reads, over TLS either", async (context) => {
  const running = await runApplication(context, [["/ws", Puppet]], {}, { tls: certificate });
  const client = await TestClient.connect(running.at("/ws"), { tls: trust });
  const handler = await connected.next();
  for (let i = 0; i < 4; i++) handler.writeMessage(new Uint8Array(400_000).fill(i));
  assert.ok(handler.bufferedAmount > 1_048_576);
  for (let i = 0; i < 4; i++) assert.deepEqual(await client.nextMessage(), new Uint8Array(400_000).fill(i));
  assert.equal(handler.isOpen, true);
  await client.close(1000);
});

test("over TLS, too, a peer that reads nothing is closed, and a burst has an end", async (context) => {
  const running = await runApplication(context, [["/ws", Puppet]], {}, { tls: certificate });
  for (const isOneTurn of [true, false]) {
    const client = await TestClient.connect(running.at("/ws"), { tls: trust });
    const handler = await connected.next();
    client.pause();
    for (let sent = 0; handler.isOpen; sent += 400_000) {
      assert.ok(sent < 100 << 20, "the queue grows without bound");
      handler.writeMessage(new Uint8Array(400_000));
      if (!isOneTurn) await new Promise((resolve) => setImmediate(resolve)); // oxlint-disable-line no-promise-executor-return
    }
    assert.equal(handler.closeCode, 1013);
    client.terminate();
    await running.log.expect(/^1013 .* SLOW_CONSUMER/s);
  }
});

test("a message whose memory is given away before it is sent ends its own connection and no other", async (context) => {
  const running = await runApplication(context, [["/ws", Puppet]]);
  const [broken, brokenHandler] = [await TestClient.connect(running.at("/ws")), await connected.next()];
  const [other, otherHandler] = [await TestClient.connect(running.at("/ws")), await connected.next()];
  const warned = once(process, "warning");
  const bytes = new Uint8Array(100_000);
  brokenHandler.writeMessage(bytes);
  structuredClone(bytes, { transfer: [bytes.buffer] });
  otherHandler.writeMessage("unharmed");
  assert.equal(await other.nextMessage(), "unharmed");
  assert.match(String(await warned), /its connection is cut/);
  assert.equal((await broken.closed()).code, 1006);
  await running.log.expect(/^1006 /);
  await other.close(1000);
});

test("close() before open() is a mistake: who means to refuse must not let everybody in", async (context) => {
  class Refusing extends WebSocketHandler {
    override prepare() {
      this.close(4000, "go away");
    }
  }
  const running = await runApplication(context, [["/ws", Refusing]]);
  assert.equal((await TestClient.refusal(running.at("/ws"))).status, 500);
  await running.log.expect(/NOT_OPEN_YET|close\(\) was called before open\(\)/);
  await running.log.expect(/^500 /);
});
