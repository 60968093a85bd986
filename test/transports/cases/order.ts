import assert from "node:assert/strict";
import { WebSocketHandler } from "../../../src/index.ts";
import { Inbox } from "../../../src/testing/inbox.ts";
import type { Deferred } from "../../support/deferred.ts";
import { deferred } from "../../support/deferred.ts";
import { runArena } from "../arena.ts";
import type { BehaviourCase } from "../behaviour-suite.ts";
import { roundTrip, sendPong } from "../driver.ts";

/** `open`, then messages one at a time and in order; control records beside them. */
export const orderCases: readonly BehaviourCase[] = [
  {
    name: "open has finished before the first message, which waits for it",
    async run(context, driver) {
      const calls = new Inbox<string>();
      const opening = deferred();
      class Recorder extends WebSocketHandler {
        override open(): void | Promise<void> {
          calls.add("open");
        }
        override onMessage(message: string | Uint8Array) {
          calls.add(`message ${String(message)}`);
        }
      }
      class Waiting extends Recorder {
        override async open() {
          calls.add("open begins");
          await opening.promise;
          calls.add("open ends");
        }
      }
      const arena = await runArena(context, driver, { "/sync": Recorder, "/ws": Waiting });
      const first = await arena.connect({}, "/sync");
      first.send("1");
      assert.deepEqual([await calls.next(), await calls.next()], ["open", "message 1"]);
      const client = await arena.connect();
      assert.equal(await calls.next(), "open begins");
      client.send("1");
      client.send("2");
      // A ping is answered while the handler opens.
      await roundTrip(client);
      opening.resolve();
      const rest = [await calls.next(), await calls.next(), await calls.next()];
      assert.deepEqual(rest, ["open ends", "message 1", "message 2"]);
    },
  },
  {
    name: "messages are handed over one at a time and in order, whatever time each takes",
    async run(context, driver) {
      const calls = new Inbox<string>();
      const gates = new Map<string, Deferred>([
        ["slow", deferred()],
        ["slower", deferred()],
      ]);
      class Worker extends WebSocketHandler {
        override onMessage(message: string | Uint8Array): void | Promise<void> {
          const text = String(message);
          calls.add(`${text} begins`);
          const gate = gates.get(text);
          if (gate !== undefined) return gate.promise.then(() => calls.add(`${text} ends`));
          calls.add(`${text} ends`);
        }
      }
      const arena = await runArena(context, driver, Worker);
      const client = await arena.connect();
      const texts = ["slow", "quick 1", "slower", "quick 2", "quick 3"];
      for (const text of texts) client.send(text);
      const order = [await calls.next()];
      // The second one is settled first: that must not let it overtake.
      gates.get("slower")?.resolve();
      await roundTrip(client);
      gates.get("slow")?.resolve();
      while (order.length < texts.length * 2) order.push(await calls.next());
      assert.deepEqual(order, texts.flatMap((text) => [`${text} begins`, `${text} ends`])); // prettier-ignore
    },
  },
  {
    name: "ping, pong and close are served while a message is being handled",
    async run(context, driver) {
      const calls = new Inbox<string>();
      const working = deferred();
      class Busy extends WebSocketHandler {
        override async onMessage() {
          calls.add("message begins");
          await working.promise;
          calls.add(`message ends, open: ${this.isOpen}, aborted: ${this.signal.aborted}`);
        }
        override onPing(data: Uint8Array) {
          calls.add(`ping ${Buffer.from(data).toString()}`);
        }
        override onPong(data: Uint8Array) {
          calls.add(`pong ${Buffer.from(data).toString()}`);
        }
        override onClose(code: number, reason: string) {
          calls.add(`close ${code} ${reason}`);
        }
      }
      const arena = await runArena(context, driver, Busy);
      const client = await arena.connect();
      client.send("work");
      assert.equal(await calls.next(), "message begins");
      client.ping(Buffer.from("a"));
      assert.equal(Buffer.from(await client.nextPong()).toString(), "a");
      assert.equal(await calls.next(), "ping a");
      sendPong(client, "b");
      assert.equal(await calls.next(), "pong b");
      // Only `onClose` waits for the message that is being handled.
      assert.deepEqual(await client.close(4001, "bye"), { code: 4001, reason: "bye" });
      await arena.log.expect(arena.closed(4001));
      working.resolve();
      assert.equal(await calls.next(), "message ends, open: false, aborted: true");
      assert.equal(await calls.next(), "close 4001 bye");
    },
  },
  {
    name: "pings wait for open, and an async onPing delays no message",
    async run(context, driver) {
      const calls = new Inbox<string>();
      const opening = deferred();
      const pinging = deferred();
      class Pinged extends WebSocketHandler {
        override async open() {
          await opening.promise;
          calls.add("open");
        }
        override async onPing() {
          calls.add("ping");
          await pinging.promise;
        }
        override onMessage() {
          calls.add("message");
        }
      }
      const arena = await runArena(context, driver, Pinged);
      const client = await arena.connect();
      await roundTrip(client);
      client.send("");
      opening.resolve();
      const order = [await calls.next(), await calls.next(), await calls.next()];
      assert.deepEqual(order, ["open", "ping", "message"]);
      pinging.resolve();
    },
  },
  {
    name: "each connection has a handler of its own, and one that waits holds up no other",
    async run(context, driver) {
      const waiting = deferred();
      const started = deferred();
      class Counter extends WebSocketHandler {
        #count = 0;
        override async onMessage(message: string | Uint8Array) {
          if (message === "wait") {
            started.resolve();
            await waiting.promise;
          }
          this.writeMessage(String(++this.#count));
        }
      }
      const arena = await runArena(context, driver, Counter);
      const [first, second] = await Promise.all([arena.connect(), arena.connect()]);
      first.send("wait");
      await started.promise;
      second.send("");
      second.send("");
      assert.deepEqual([await second.nextMessage(), await second.nextMessage()], ["1", "2"]);
      waiting.resolve();
      assert.equal(await first.nextMessage(), "1");
    },
  },
  {
    name: "the messages of a peer that closes while they wait are still handed over, then onClose is called",
    async run(context, driver) {
      const calls = new Inbox<string>();
      const working = deferred();
      class Worker extends WebSocketHandler {
        override async onMessage(message: string | Uint8Array) {
          calls.add(String(message));
          await working.promise;
          calls.add(`written: ${this.writeMessage("answer")}`);
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
      assert.deepEqual(await client.close(4001), { code: 4001, reason: "" });
      working.resolve();
      const rest = [await calls.next(), await calls.next(), await calls.next(), await calls.next()];
      assert.deepEqual(rest, ["written: false", "b", "written: false", "c"]);
      assert.deepEqual([await calls.next(), await calls.next()], ["written: false", "close 4001"]);
    },
  },
];
