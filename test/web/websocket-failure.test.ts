import assert from "node:assert/strict";
import { test } from "node:test";
import type { HandlerContext } from "../../src/index.ts";
import { WebSocketHandler } from "../../src/index.ts";
import { TestClient } from "../../src/testing/index.ts";
import { Inbox } from "../../src/testing/inbox.ts";
import { deferred } from "../support/deferred.ts";
import { runApplication } from "../support/run-application.ts";

/** A secret that must reach the log and nobody else. */
const secret = "the database password is hunter2";

/** Throws at once, or rejects after a turn: what a hook that fails can do. */
function fail(how: "sync" | "async"): void | Promise<void> {
  if (how === "sync") throw new Error(secret);
  return Promise.resolve().then(() => {
    throw new Error(secret);
  });
}

for (const how of ["sync", "async"] as const) {
  for (const hook of ["open", "onMessage", "onPing", "onPong"] as const) {
    test(`${hook} that fails (${how}) closes with 1011, tells the peer nothing, and onClose is called once`, async (context) => {
      const closes = new Inbox<string>();
      class Failing extends WebSocketHandler {
        override open() {
          return hook === "open" ? fail(how) : undefined;
        }
        override onMessage() {
          return hook === "onMessage" ? fail(how) : undefined;
        }
        override onPing() {
          return hook === "onPing" ? fail(how) : undefined;
        }
        override onPong() {
          return hook === "onPong" ? fail(how) : undefined;
        }
        override onClose(code: number, reason: string) {
          closes.add(`${code} "${reason}" ${this.closeCode} "${this.closeReason}"`);
        }
      }
      const { server, at, log } = await runApplication(context, [["/ws", Failing]]);
      const client = await TestClient.connect(at("/ws"));
      if (hook === "onMessage") client.send("x");
      if (hook === "onPing") client.ping();
      if (hook === "onPong") client.sendFrame({ opcode: 10 });
      assert.deepEqual(await client.closed(), { code: 1011, reason: "" });
      assert.equal(await closes.next(), '1011 "" 1011 ""');
      const failure = await log.expect(/^Uncaught exception GET \/ws \(127\.0\.0\.1\)\n/);
      assert.equal(failure.level, "error");
      assert.match(failure.text, new RegExp(`Error: ${secret}\n +at .*websocket-failure\\.test`));
      assert.equal((await log.expect(/^1011 GET \/ws .* WS_HANDLER_FAILED: /)).level, "warn");
      await server.close();
      closes.end(new Error("no more"));
      await assert.rejects(closes.next(), /no more/, "onClose is called once");
    });
  }

  test(`onClose that fails (${how}) is logged once, and does not disturb the closing`, async (context) => {
    let calls = 0;
    class Failing extends WebSocketHandler {
      override onClose() {
        calls++;
        return fail(how);
      }
    }
    const { server, at, log } = await runApplication(context, [["/ws", Failing]]);
    const client = await TestClient.connect(at("/ws"));
    assert.deepEqual(await client.close(1000, "done"), { code: 1000, reason: "done" });
    await log.expect(/^1000 GET \/ws/);
    assert.match((await log.expect(/^Uncaught exception/)).text, new RegExp(secret));
    // The server does not wait for a handler that has failed.
    await server.close();
    assert.equal(calls, 1);
  });

  for (const stage of [
    "constructor",
    "initialize",
    "getCurrentUser",
    "prepare",
    "selectSubprotocol",
  ] as const) {
    if (stage === "constructor" && how === "async") continue;
    test(`${stage} that fails (${how}) answers 500 without detail, and no other hook is called`, async (context) => {
      const calls: string[] = [];
      class Failing extends WebSocketHandler {
        constructor(handlerContext: HandlerContext) {
          super(handlerContext);
          if (stage === "constructor") throw new Error(secret);
        }
        override initialize() {
          return stage === "initialize" ? fail(how) : undefined;
        }
        override getCurrentUser() {
          return stage === "getCurrentUser" ? fail(how) : null;
        }
        override prepare() {
          return stage === "prepare" ? fail(how) : undefined;
        }
        override async selectSubprotocol() {
          await (stage === "selectSubprotocol" ? fail(how) : undefined);
          return undefined;
        }
        override open() {
          calls.push("open");
        }
        override onClose() {
          calls.push("close");
        }
      }
      const { server, at, log } = await runApplication(context, [["/ws", Failing]]);
      const refusal = await TestClient.refusal(at("/ws"));
      assert.equal(refusal.status, 500);
      assert.equal(
        refusal.body,
        "500: Internal Server Error\nHANDLER_FAILED: Something went wrong on the server.\n",
      );
      const failure = await log.expect(/^Uncaught exception GET \/ws \(127\.0\.0\.1\)\n/);
      assert.match(failure.text, new RegExp(`Error: ${secret}\n +at `));
      assert.equal((await log.expect(/^500 GET \/ws/)).level, "error");
      await server.close();
      assert.deepEqual([calls, log.lines], [[], []]);
    });
  }
}

test("after a failure nothing more is handed over, also nothing that waited", async (context) => {
  const messages: string[] = [];
  const closes = new Inbox<number>();
  const working = deferred();
  class Failing extends WebSocketHandler {
    override async onMessage(message: string | Uint8Array) {
      messages.push(String(message));
      await working.promise;
      throw new Error("enough");
    }
    override onClose(code: number) {
      closes.add(code);
    }
  }
  const { at, log } = await runApplication(context, [["/ws", Failing]]);
  const client = await TestClient.connect(at("/ws"));
  for (const text of ["1", "2", "3"]) client.send(text);
  client.ping();
  await client.nextPong();
  working.resolve();
  assert.deepEqual(await client.closed(), { code: 1011, reason: "" });
  assert.equal(await closes.next(), 1011);
  assert.deepEqual(messages, ["1"]);
  await log.expect(/Error: enough/);
  // Messages 2 and 3 came, and count as received, though the handler never saw them.
  await log.expect(/^1011 .* received 3 \(3 bytes\), sent 0 \(0 bytes\) WS_HANDLER_FAILED/);
});

test("a handler that fails after the peer has closed is logged, and the close code stays the peer's", async (context) => {
  const closes = new Inbox<number>();
  const started = deferred();
  const working = deferred();
  class Failing extends WebSocketHandler {
    override async onMessage() {
      started.resolve();
      await working.promise;
      throw new Error("too late");
    }
    override onClose(code: number) {
      closes.add(code);
    }
  }
  const { at, log } = await runApplication(context, [["/ws", Failing]]);
  const client = await TestClient.connect(at("/ws"));
  client.send("x");
  await started.promise;
  assert.deepEqual(await client.close(1000), { code: 1000, reason: "" });
  await log.expect(/^1000 GET \/ws .* sent 0 \(0 bytes\)$/);
  working.resolve();
  assert.equal(await closes.next(), 1000);
  await log.expect(/Error: too late/);
});

test("what is thrown need not be an Error, and its cause is logged too", async (context) => {
  class Failing extends WebSocketHandler {
    override onMessage(message: string | Uint8Array) {
      if (message === "cause") throw new Error("outer", { cause: new Error("inner") });
      // oxlint-disable-next-line typescript/only-throw-error -- programs do this
      throw message === "nothing" ? undefined : { detail: secret };
    }
  }
  const { at, log } = await runApplication(context, [["/ws", Failing]]);
  for (const [message, logged] of [
    ["nothing", /\na value that is no Error was thrown: undefined$/],
    ["object", /\na value that is no Error was thrown: \{ detail: 'the database password is hunter2' \}$/],
    ["cause", /Error: outer\n[\s\S]*\nCaused by: Error: inner\n/],
  ] as const) {
    const client = await TestClient.connect(at("/ws"));
    client.send(message);
    assert.deepEqual(await client.closed(), { code: 1011, reason: "" }, message);
    assert.match((await log.expect(/^Uncaught exception/)).text, logged);
    await log.expect(/^1011 /);
  }
});

test("one connection that fails does not touch another", async (context) => {
  class Fragile extends WebSocketHandler {
    override onMessage(message: string | Uint8Array) {
      if (message === "break") throw new Error("broken");
      this.writeMessage(message);
    }
  }
  const { at, log } = await runApplication(context, [["/ws", Fragile]]);
  const [first, second] = await Promise.all([TestClient.connect(at("/ws")), TestClient.connect(at("/ws"))]);
  first.send("break");
  assert.deepEqual(await first.closed(), { code: 1011, reason: "" });
  second.send("still here");
  assert.equal(await second.nextMessage(), "still here");
  await log.expect(/Error: broken/);
  await log.expect(/^1011 /);
});
