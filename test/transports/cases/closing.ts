import assert from "node:assert/strict";
import { WebSocketHandler } from "../../../src/index.ts";
import { Inbox } from "../../../src/testing/inbox.ts";
import { deferred } from "../../support/deferred.ts";
import { connectPair, puppets, runArena } from "../arena.ts";
import type { BehaviourCase } from "../behaviour-suite.ts";
import { roundTrip } from "../driver.ts";

/** A handler that says how it ended, in `onClose` and in its members, and that closes with what a message says. */
function closeRecorder(): {
  readonly closes: Inbox<readonly unknown[]>;
  readonly Recorder: new (...args: ConstructorParameters<typeof WebSocketHandler>) => WebSocketHandler;
} {
  const closes = new Inbox<readonly unknown[]>();
  class Recorder extends WebSocketHandler {
    override onMessage(message: string | Uint8Array) {
      const [code, reason] = JSON.parse(String(message)) as [number | null, string | undefined];
      this.close(code ?? undefined, reason);
    }
    override onClose(code: number, reason: string) {
      closes.add([code, reason, this.closeCode, this.closeReason, this.isOpen, this.signal.aborted]);
    }
  }
  return { closes, Recorder };
}

export const closingCases: readonly BehaviourCase[] = [
  {
    name: "onClose gets the code and reason with which the client closes, 1005 without a code",
    async run(context, driver) {
      const { closes, Recorder } = closeRecorder();
      const arena = await runArena(context, driver, Recorder);
      for (const [code, reason] of [
        [1000, ""],
        [1001, "going away"],
        [1011, ""],
        [3000, ""],
        [4999, "再见"],
        [4000, `${"é".repeat(61)}!`],
      ] as const) {
        const client = await arena.connect();
        assert.deepEqual(await client.close(code, reason), { code, reason });
        assert.deepEqual(await closes.next(), [code, reason, code, reason, false, true]);
        const { level, text } = await arena.log.expect(arena.closed(code));
        assert.equal(level, "info");
        assert.ok(text.endsWith(reason === "" ? "sent 0 (0 bytes)" : `sent 0 (0 bytes) "${reason}"`), text);
      }
      const silent = await arena.connect();
      assert.deepEqual(await silent.close(), { code: 1005, reason: "" });
      assert.deepEqual(await closes.next(), [1005, "", 1005, "", false, true]);
      await arena.log.expect(arena.closed(1005));
    },
  },
  {
    name: "a client that vanishes is 1006, once",
    async run(context, driver) {
      const { closes, Recorder } = closeRecorder();
      const arena = await runArena(context, driver, Recorder, { fallback: { sessionTimeoutMs: 200 } });
      const client = await arena.connect();
      await roundTrip(client);
      client.terminate();
      assert.deepEqual(await closes.next(), [1006, "", 1006, "", false, true]);
      const { text } = await arena.log.expect(arena.closed(1006));
      assert.match(text, /sent 0 \(0 bytes\)(?: SESSION_TIMEOUT: no request came for 200 ms\. .*)?$/);
      await arena.server.close();
      closes.end(new Error("no more"));
      await assert.rejects(closes.next(), /no more/);
    },
  },
  {
    name: "close() sends code and reason, and onClose gets them once the client has confirmed",
    async run(context, driver) {
      const { closes, Recorder } = closeRecorder();
      const arena = await runArena(context, driver, Recorder);
      const reason123 = `${"é".repeat(61)}!`;
      for (const [code, reason, ending] of [
        [1000, "enough", { code: 1000, reason: "enough" }],
        [4000, reason123, { code: 4000, reason: reason123 }],
        // A reason cannot stand without a code (RFC 6455 §5.5.1).
        [null, "why not", { code: 1000, reason: "why not" }],
        [null, "", { code: 1005, reason: "" }],
      ] as const) {
        const client = await arena.connect();
        client.send(JSON.stringify([code, reason]));
        assert.deepEqual(await client.closed(), ending);
        const { code: sent } = ending;
        assert.deepEqual(await closes.next(), [sent, ending.reason, sent, ending.reason, false, true]);
        await arena.log.expect(arena.closed(sent));
      }
    },
  },
  {
    name: "a second close() does nothing, and it may be in open",
    async run(context, driver) {
      const { closes, Recorder } = closeRecorder();
      class Closing extends Recorder {
        override open() {
          this.close(4001, "first");
          this.close(4002, "second");
          assert.equal(this.isOpen, false);
        }
      }
      const arena = await runArena(context, driver, Closing);
      const client = await arena.connect();
      assert.deepEqual(await client.closed(), { code: 4001, reason: "first" });
      assert.deepEqual((await closes.next()).slice(0, 2), [4001, "first"]);
      await arena.log.expect(arena.closed(4001));
    },
  },
  {
    name: "messages written just before close() arrive before it",
    async run(context, driver) {
      class Goodbye extends WebSocketHandler {
        override async onMessage() {
          await Promise.resolve();
          this.writeMessage("last");
          this.writeMessage("words");
          this.close(1000, "that was all");
        }
      }
      const arena = await runArena(context, driver, Goodbye);
      const client = await arena.connect();
      client.send("");
      assert.deepEqual([await client.nextMessage(), await client.nextMessage()], ["last", "words"]);
      assert.deepEqual(await client.closed(), { code: 1000, reason: "that was all" });
    },
  },
  {
    name: "close() drops what has not been handed over",
    async run(context, driver) {
      const calls = new Inbox<string>();
      const working = deferred();
      class Worker extends WebSocketHandler {
        override async onMessage(message: string | Uint8Array) {
          calls.add(String(message));
          await working.promise;
          this.close(4000);
        }
        override onClose(code: number) {
          calls.add(`close ${code}`);
        }
      }
      const arena = await runArena(context, driver, Worker);
      const client = await arena.connect();
      for (const text of ["a", "b", "c"]) client.send(text);
      assert.equal(await calls.next(), "a");
      await roundTrip(client);
      working.resolve();
      assert.deepEqual(await client.closed(), { code: 4000, reason: "" });
      assert.equal(await calls.next(), "close 4000");
    },
  },
  {
    name: "after close() a handler can write nothing, and gets nothing that still comes",
    async run(context, driver) {
      const calls = new Inbox<unknown>();
      class Closing extends WebSocketHandler {
        override onMessage(message: string | Uint8Array) {
          calls.add(message);
          this.close(1000);
          calls.add([this.isOpen, this.writeMessage("text"), this.writeMessage(new Uint8Array(3))]);
          calls.add([this.ping(), this.closeCode, this.signal.aborted, this.subscribe("room")]);
          this.unsubscribe("room");
        }
        override onPing() {
          calls.add("ping");
        }
        override async onClose(code: number) {
          await this.drained();
          calls.add([code, this.writeMessage("text"), this.ping(), this.subscribe("room")]);
        }
      }
      const arena = await runArena(context, driver, Closing);
      const client = await arena.connect();
      // In one turn, so that what follows the first is there when close() is called.
      client.send("first");
      client.send("second");
      client.ping();
      assert.equal(await calls.next(), "first");
      assert.deepEqual(await calls.next(), [false, false, false]);
      assert.deepEqual(await calls.next(), [false, 1000, true, false]);
      assert.deepEqual(await client.closed(), { code: 1000, reason: "" });
      assert.deepEqual(await calls.next(), [1000, false, false, false]);
      await arena.log.expect(/^1000 .* sent 0 \(0 bytes\)$/);
    },
  },
  {
    name: "close codes and reasons are checked at once, and a refused one leaves the connection open",
    async run(context, driver) {
      const { Puppet, connected } = puppets();
      const arena = await runArena(context, driver, Puppet);
      const [handler, client] = await connectPair(arena, connected);
      for (const code of [0, 999, 1004, 1005, 1006, 1015, 2999, 5000, -1, 1000.5, Number.NaN]) {
        assert.throws(() => handler.close(code), { code: "CLOSE_CODE_INVALID" });
      }
      assert.throws(() => handler.close(1000, "é".repeat(62)), { code: "CLOSE_REASON_TOO_LONG" });
      assert.equal(handler.isOpen, true);
      handler.close(1000, "x".repeat(123));
      assert.deepEqual(await client.closed(), { code: 1000, reason: "x".repeat(123) });
    },
  },
  {
    name: "a client that does not confirm is waited for no longer than closeTimeoutMs",
    async run(context, driver) {
      const { closes, Recorder } = closeRecorder();
      const arena = await runArena(context, driver, Recorder, { websocket: { closeTimeoutMs: 50 } });
      const client = await arena.connect();
      client.send('[4321,"leave"]');
      client.pause();
      assert.deepEqual((await closes.next()).slice(0, 2), [4321, "leave"]);
      const { level, text } = await arena.log.expect(arena.closed(4321));
      assert.equal(level, "info");
      assert.match(text, / sent 0 \(0 bytes\) "leave"$/);
      client.terminate();
    },
  },
  {
    name: "before open the members say that there is no connection yet",
    async run(context, driver) {
      const seen = new Inbox<readonly unknown[]>();
      class Early extends WebSocketHandler {
        override async prepare() {
          await this.drained();
          assert.throws(() => this.close(1000), { code: "NOT_OPEN_YET" });
          assert.throws(() => this.subscribe("room"), { code: "NOT_OPEN_YET" });
          seen.add([this.isOpen, this.writeMessage("lost"), this.ping(), this.bufferedAmount]);
          seen.add([this.closeCode, this.closeReason, this.subprotocol, this.signal.aborted]);
        }
        override open() {
          seen.add([this.isOpen, this.bufferedAmount, this.closeCode, this.closeReason, this.signal.aborted]);
        }
      }
      const arena = await runArena(context, driver, Early);
      const client = await arena.connect();
      assert.deepEqual(await seen.next(), [false, false, false, 0]);
      assert.deepEqual(await seen.next(), [undefined, "", "", false]);
      assert.deepEqual(await seen.next(), [true, 0, undefined, "", false]);
      await client.close();
    },
  },
  {
    name: "Server.close closes with 1001 behind what was written, and waits for onClose",
    async run(context, driver) {
      const { closes, Recorder } = closeRecorder();
      const handlers = new Inbox<WebSocketHandler>();
      const ending = deferred();
      class Leaving extends Recorder {
        override open() {
          handlers.add(this);
        }
        override async onClose(code: number, reason: string) {
          await ending.promise;
          void super.onClose(code, reason);
        }
      }
      const arena = await runArena(context, driver, { "/ws": Leaving, "/other": WebSocketHandler });
      const client = await arena.connect();
      const handler = await handlers.next();
      // When these are through, a poll of the client is being held, where it has any.
      const other = await arena.connect({}, "/other");
      for (let i = 0; i < 20; i++) await roundTrip(other);
      handler.writeMessage("last words");
      const closed = arena.server.close();
      const { level, text } = await arena.log.expect(arena.closed(1001));
      assert.equal(level, "info");
      assert.match(text, /SERVER_CLOSING: the server is closing$/);
      if (driver.kind === "polling") {
        // It is between two polls, and finds nobody with the next.
        assert.equal((await client.closed()).code, 1006);
      } else {
        assert.equal(await client.nextMessage(), "last words");
        assert.deepEqual(await client.closed(), { code: 1001, reason: "SERVER_CLOSING" });
      }
      assert.equal(handler.isOpen, false);
      const order: string[] = [];
      const isOver = closed.then(() => order.push("closed"));
      const hook = closes.next().then(([code]) => order.push(`onClose ${String(code)}`));
      ending.resolve();
      await Promise.all([isOver, hook]);
      assert.deepEqual(order, ["onClose 1001", "closed"]);
    },
  },
];
