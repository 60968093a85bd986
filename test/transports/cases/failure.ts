import assert from "node:assert/strict";
import type { HandlerContext } from "../../../src/index.ts";
import { HttpError, WebSocketHandler } from "../../../src/index.ts";
import { Inbox } from "../../../src/testing/inbox.ts";
import { deferred } from "../../support/deferred.ts";
import { runArena } from "../arena.ts";
import type { BehaviourCase } from "../behaviour-suite.ts";
import { roundTrip, sendPong } from "../driver.ts";

/** A secret that must reach the log and nobody else. */
const secret = "the database password is hunter2";

/** Throws at once, or rejects after a turn: what a hook that fails can do. */
function fail(how: "sync" | "async"): void | Promise<void> {
  if (how === "sync") throw new Error(secret);
  return Promise.resolve().then(() => {
    throw new Error(secret);
  });
}

const ways = ["sync", "async"] as const;
const openHooks = ["open", "onMessage", "onPing", "onPong"] as const;
const stages = ["initialize", "checkOrigin", "getCurrentUser", "prepare", "selectSubprotocol"] as const;

function hookFails(hook: (typeof openHooks)[number], how: (typeof ways)[number]): BehaviourCase {
  return {
    name: `${hook} that fails (${how}) closes with 1011, tells the client nothing, and onClose is called once`,
    async run(context, driver) {
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
      const arena = await runArena(context, driver, Failing);
      const client = await arena.connect();
      if (hook === "onMessage") client.send("x");
      if (hook === "onPing") client.ping();
      if (hook === "onPong") sendPong(client);
      assert.deepEqual(await client.closed(), { code: 1011, reason: "" });
      assert.equal(await closes.next(), '1011 "" 1011 ""');
      const failure = await arena.log.expect(/^Uncaught exception (?:GET|POST) \/ws \(127\.0\.0\.1\)\n/);
      assert.equal(failure.level, "error");
      assert.match(failure.text, new RegExp(`Error: ${secret}\n +at `));
      const closed = await arena.log.expect(arena.closed(1011));
      assert.equal(closed.level, "warn");
      assert.match(closed.text, / WS_HANDLER_FAILED: the handler threw an exception$/);
      await arena.server.close();
      closes.end(new Error("no more"));
      await assert.rejects(closes.next(), /no more/, "onClose is called once");
    },
  };
}

function stageFails(stage: (typeof stages)[number], how: (typeof ways)[number]): BehaviourCase {
  return {
    name: `${stage} that fails (${how}) answers 500 without detail, and no other hook is called`,
    async run(context, driver) {
      const calls: string[] = [];
      class Failing extends WebSocketHandler {
        constructor(handlerContext: HandlerContext) {
          super(handlerContext);
          this.signal.addEventListener("abort", () => calls.push("aborted"));
        }
        #act(at: (typeof stages)[number]): void | Promise<void> {
          calls.push(at);
          return at === stage ? fail(how) : undefined;
        }
        override initialize() {
          return this.#act("initialize");
        }
        override checkOrigin() {
          const acted = this.#act("checkOrigin");
          return acted === undefined ? true : acted.then(() => true);
        }
        override getCurrentUser() {
          return this.#act("getCurrentUser");
        }
        override prepare() {
          return this.#act("prepare");
        }
        override selectSubprotocol() {
          const acted = this.#act("selectSubprotocol");
          return acted === undefined ? undefined : acted.then(() => undefined);
        }
        override open() {
          calls.push("open");
        }
        override onClose() {
          calls.push("onClose");
        }
      }
      const arena = await runArena(context, driver, Failing);
      const refusal = await arena.refusal({ origin: "https://elsewhere.example" });
      assert.equal(refusal.status, 500);
      const words = "500: Internal Server Error\nHANDLER_FAILED: Something went wrong on the server.\n";
      assert.equal(refusal.body, words);
      const failure = await arena.log.expect(/^Uncaught exception (?:GET|POST) \/ws \(127\.0\.0\.1\)\n/);
      assert.match(failure.text, new RegExp(`Error: ${secret}\n +at `));
      assert.equal((await arena.log.expect(arena.opened("/ws", 500))).level, "error");
      await arena.server.close();
      assert.deepEqual(calls, [...stages.slice(0, stages.indexOf(stage) + 1), "aborted"]);
      assert.deepEqual(arena.log.lines, []);
    },
  };
}

export const failureCases: readonly BehaviourCase[] = [
  ...openHooks.flatMap((hook) => ways.map((how) => hookFails(hook, how))),
  ...stages.flatMap((stage) => ways.map((how) => stageFails(stage, how))),
  ...ways.map((how): BehaviourCase => ({
    name: `onClose that fails (${how}) is logged once, and does not disturb the closing`,
    async run(context, driver) {
      let calls = 0;
      class Failing extends WebSocketHandler {
        override onClose() {
          calls++;
          return fail(how);
        }
      }
      const arena = await runArena(context, driver, Failing);
      const client = await arena.connect();
      assert.deepEqual(await client.close(1000, "done"), { code: 1000, reason: "done" });
      await arena.log.expect(arena.closed(1000));
      assert.match((await arena.log.expect(/^Uncaught exception/)).text, new RegExp(secret));
      await arena.server.close();
      assert.equal(calls, 1);
    },
  })),
  {
    name: "an HttpError refuses with its status and header fields, and no hook of a connection runs",
    async run(context, driver) {
      class Private extends WebSocketHandler {
        override prepare() {
          const status = Number(this.getQueryArgument("status"));
          throw new HttpError(status, "who are you?", { headers: { "WWW-Authenticate": "Bearer" } });
        }
        override open() {
          throw new Error("must not be called");
        }
        override onClose() {
          throw new Error("must not be called");
        }
      }
      const arena = await runArena(context, driver, Private);
      for (const [status, words] of [
        [400, "Bad Request"],
        [401, "Unauthorized"],
        [403, "Forbidden"],
        [404, "Not Found"],
        [429, "Too Many Requests"],
        [503, "Service Unavailable"],
      ] as const) {
        const refusal = await arena.refusal({}, `/ws?status=${status}`);
        assert.equal(refusal.status, status);
        assert.equal(refusal.headers["www-authenticate"], "Bearer");
        assert.equal(refusal.body, `${status}: ${words}\nHANDLER_REFUSED: The request was refused.\n`);
        const { level } = await arena.log.expect(arena.opened(`/ws?status=${status}`, status));
        assert.equal(level, status < 500 ? "warn" : "error");
      }
      await arena.log.expect(/^HANDLER_REFUSED {2}Private refused the request: who are you\?\.$/);
    },
  },
  {
    name: "after a failure nothing more is handed over, also nothing that waited",
    async run(context, driver) {
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
      const arena = await runArena(context, driver, Failing);
      const client = await arena.connect();
      for (const text of ["1", "2", "3"]) client.send(text);
      await roundTrip(client);
      working.resolve();
      assert.deepEqual(await client.closed(), { code: 1011, reason: "" });
      assert.equal(await closes.next(), 1011);
      assert.deepEqual(messages, ["1"]);
      await arena.log.expect(/Error: enough/);
      // Messages 2 and 3 came, and count as received, though the handler never saw them.
      await arena.log.expect(/^1011 .* received 3 \(3 bytes\), sent 0 \(0 bytes\) WS_HANDLER_FAILED/);
    },
  },
  {
    name: "a handler that fails after the client has closed is logged, and the close code stays the client's",
    async run(context, driver) {
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
      const arena = await runArena(context, driver, Failing);
      const client = await arena.connect();
      client.send("x");
      await started.promise;
      assert.deepEqual(await client.close(1000), { code: 1000, reason: "" });
      await arena.log.expect(arena.closed(1000));
      working.resolve();
      assert.equal(await closes.next(), 1000);
      await arena.log.expect(/Error: too late/);
    },
  },
  {
    name: "one connection that fails does not touch another",
    async run(context, driver) {
      class Fragile extends WebSocketHandler {
        override onMessage(message: string | Uint8Array) {
          if (message === "break") throw new Error("broken");
          this.writeMessage(message);
        }
      }
      const arena = await runArena(context, driver, Fragile);
      const [first, second] = await Promise.all([arena.connect(), arena.connect()]);
      first.send("break");
      assert.deepEqual(await first.closed(), { code: 1011, reason: "" });
      second.send("still here");
      assert.equal(await second.nextMessage(), "still here");
      await arena.log.expect(/Error: broken/);
      await arena.log.expect(arena.closed(1011));
    },
  },
];
