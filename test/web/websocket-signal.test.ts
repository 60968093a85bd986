import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { HttpError, WebSocketHandler } from "../../src/index.ts";
import { TestClient } from "../../src/testing/index.ts";
import { Inbox } from "../../src/testing/inbox.ts";
import { handshake } from "../support/raw-socket.ts";
import { runApplication } from "../support/run-application.ts";

test("the signal is aborted when the connection closes: by the peer, by us, by loss, by failure", async (context) => {
  const calls = new Inbox<string>();
  class Waiting extends WebSocketHandler {
    override async onMessage(message: string | Uint8Array) {
      const { signal } = this;
      assert.equal(signal, this.signal, "one signal for the connection");
      assert.equal(signal.aborted, false);
      const aborted = new Promise<void>((resolve) => {
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
      calls.add("waits");
      if (message === "us") this.close(1000);
      await aborted;
      calls.add("aborted");
    }
    override onPing() {
      throw new Error("failure");
    }
  }
  const { at, log } = await runApplication(context, [["/ws", Waiting]]);
  for (const [who, act] of [
    ["peer", (client: TestClient) => client.close(1000)],
    ["us", () => {}],
    ["loss", (client: TestClient) => client.terminate()],
    ["broken rule", (client: TestClient) => client.sendFrame({ opcode: 3 })],
    ["failure", (client: TestClient) => client.ping()],
  ] as const) {
    const client = await TestClient.connect(at("/ws"));
    client.send(who);
    assert.equal(await calls.next(), "waits", who);
    await act(client);
    assert.equal(await calls.next(), "aborted", who);
    if (who !== "peer") await client.closed();
  }
  await log.expect(/WS_OPCODE_UNKNOWN/);
  await log.expect(/Error: failure/);
  await log.expect(/^1011 /);
});

test("the signal is aborted, too, when the handshake is refused or its peer has gone", async (context) => {
  const calls = new Inbox<string>();
  class Waiting extends WebSocketHandler {
    override async prepare() {
      const { signal } = this;
      calls.add(`prepare, aborted: ${signal.aborted}`);
      const aborted = new Promise<void>((resolve) => {
        signal.addEventListener("abort", () => {
          calls.add("aborted");
          resolve();
        });
      });
      if (this.getQueryArgument("refuse", "") !== "") throw new HttpError(403);
      await aborted;
    }
  }
  const { at, log, connectRaw } = await runApplication(context, [["/ws", Waiting]]);
  assert.equal((await TestClient.refusal(at("/ws?refuse=1"))).status, 403);
  assert.deepEqual([await calls.next(), await calls.next()], ["prepare, aborted: false", "aborted"]);
  await log.expect(/^403 /);
  await log.expect(/^STATUS_REFUSED/);
  const raw = await connectRaw();
  raw.write(handshake());
  assert.equal(await calls.next(), "prepare, aborted: false");
  raw.socket.destroy();
  assert.equal(await calls.next(), "aborted");
});

test("a hook that ends by the signal has not failed", async (context) => {
  const calls = new Inbox<string>();
  class Sleeper extends WebSocketHandler {
    override async onMessage(message: string | Uint8Array) {
      calls.add("waits");
      const { signal } = this;
      try {
        // By an error of its own whose cause is the signal's reason, or by that itself.
        if (message === "sleep") await sleep(1_000_000, undefined, { signal });
        await new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason as Error));
        });
      } finally {
        calls.add("ends");
      }
    }
    override onClose() {
      calls.add("onClose");
      this.signal.throwIfAborted();
    }
  }
  const { at, log } = await runApplication(context, [["/ws", Sleeper]]);
  for (const message of ["sleep", "listen"]) {
    const client = await TestClient.connect(at("/ws"));
    client.send(message);
    assert.equal(await calls.next(), "waits");
    await client.close(1000);
    assert.deepEqual([await calls.next(), await calls.next()], ["ends", "onClose"]);
    await log.expect(/^1000 GET/);
  }
});
