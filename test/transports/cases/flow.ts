import assert from "node:assert/strict";
import { WebSocketHandler } from "../../../src/index.ts";
import { Inbox } from "../../../src/testing/inbox.ts";
import { deferred } from "../../support/deferred.ts";
import { connectPair, puppets, runArena } from "../arena.ts";
import type { BehaviourCase } from "../behaviour-suite.ts";
import type { Driver } from "../driver.ts";
import { roundTrip } from "../driver.ts";

const MiB = 1024 * 1024;

/**
 * So much that most of it waits at the server while its client takes nothing. Over a WebSocket that is more than the operating
 * system's buffers take; in a session everything waits for its acknowledgement.
 */
function manyBytes({ kind }: Driver): Uint8Array {
  return new Uint8Array(kind === "websocket" ? 16 * MiB : 2 * MiB);
}

export const flowCases: readonly BehaviourCase[] = [
  {
    name: "writeMessage returns false once more than highWaterMarkBytes is waiting, and all of it is sent",
    async run(context, driver) {
      const { Puppet, connected } = puppets();
      const arena = await runArena(context, driver, Puppet, { websocket: { highWaterMarkBytes: 2000 } });
      const [handler, client] = await connectPair(arena, connected);
      assert.equal(handler.bufferedAmount, 0);
      // A message counts for its bytes and a few more: over a WebSocket its header, in a session 64.
      assert.equal(handler.writeMessage("x".repeat(1900)), true);
      const { bufferedAmount } = handler;
      assert.ok(bufferedAmount >= 1900 && bufferedAmount <= 1964, `${bufferedAmount} bytes are waiting`);
      assert.equal(handler.writeMessage(new Uint8Array(98)), false);
      await handler.drained();
      assert.ok(handler.bufferedAmount <= 2000);
      assert.equal((await client.nextMessage()).length, 1900);
      assert.equal((await client.nextMessage()).length, 98);
      handler.writeMessage("again");
      assert.equal(await client.nextMessage(), "again");
    },
  },
  {
    name: "drained resolves when a slow client reads, and not before",
    async run(context, driver) {
      const { Puppet, connected } = puppets();
      const limits = { maxSendQueueBytes: 2 * manyBytes(driver).length };
      const arena = await runArena(context, driver, Puppet, { websocket: limits });
      const [handler, client] = await connectPair(arena, connected);
      const [, other] = await connectPair(arena, connected);
      client.pause();
      assert.equal(handler.writeMessage(manyBytes(driver)), false);
      assert.equal(handler.writeMessage("behind it"), false);
      const order: string[] = [];
      const drained = Promise.all([handler.drained(), handler.drained()]).then(() => {
        order.push("drained");
        assert.ok(handler.bufferedAmount <= 256 * 1024, `${handler.bufferedAmount} bytes are waiting`);
      });
      for (let i = 0; i < 10; i++) await roundTrip(other);
      assert.ok(handler.bufferedAmount > 256 * 1024, "the client takes nothing");
      order.push("resumed");
      client.resume();
      await drained;
      assert.deepEqual(order, ["resumed", "drained"]);
      assert.equal((await client.nextMessage()).length, manyBytes(driver).length);
      assert.equal(await client.nextMessage(), "behind it");
      // With nothing waiting it resolves at once.
      await handler.drained();
    },
  },
  {
    name: "who waits for drained is released when the connection closes instead",
    async run(context, driver) {
      const { Puppet, connected } = puppets();
      // So long that only the close itself, and not its end, can be what releases.
      const websocket = { maxSendQueueBytes: 2 * manyBytes(driver).length, closeTimeoutMs: 60_000 };
      const arena = await runArena(context, driver, Puppet, { websocket });
      const [handler, client] = await connectPair(arena, connected);
      client.pause();
      handler.writeMessage(manyBytes(driver));
      const drained = handler.drained();
      handler.close(1000);
      await drained;
      assert.equal(handler.isOpen, false);
      await handler.drained();
      // What was accepted still comes, and the close behind it.
      client.resume();
      assert.equal((await client.nextMessage()).length, manyBytes(driver).length);
      assert.deepEqual(await client.closed(), { code: 1000, reason: "" });
    },
  },
  {
    name: "SLOW_CONSUMER: a client that takes nothing is closed with 1013 and logged; another does not notice",
    async run(context, driver) {
      const { Puppet, connected } = puppets();
      const closes = new Inbox<string>();
      class Feed extends Puppet {
        override onClose(code: number, reason: string) {
          closes.add(`${code} ${reason}`);
        }
      }
      const arena = await runArena(context, driver, Feed);
      const [slowHandler, slow] = await connectPair(arena, connected);
      const [quickHandler, quick] = await connectPair(arena, connected);
      const chunk = new Uint8Array(200_000).fill(1);
      slow.pause();
      for (let sent = 0; slowHandler.isOpen; sent++) {
        assert.ok(sent * chunk.length < 100 * MiB, "the queue grows without bound");
        slowHandler.writeMessage(chunk);
        quickHandler.writeMessage(chunk);
        assert.equal((await quick.nextMessage()).length, chunk.length);
        await quickHandler.drained();
      }
      assert.equal(slowHandler.writeMessage("more"), false);
      // The client learns why as soon as it reads.
      slow.resume();
      assert.deepEqual(await slow.closed(), { code: 1013, reason: "SLOW_CONSUMER" });
      assert.equal(await closes.next(), "1013 SLOW_CONSUMER");
      const { level, text } = await arena.log.expect(/^1013 /);
      assert.equal(level, "warn");
      const wait = / SLOW_CONSUMER: (\d+) bytes wait to be read by a slow peer, at most 1048576 may\./;
      const buffered = Number(wait.exec(text)?.[1]);
      assert.ok(buffered > MiB && buffered <= MiB + chunk.length + 64, `${buffered} bytes were waiting`);
      assert.match(text, /To allow more: websocket: \{ maxSendQueueBytes \}/);
      await roundTrip(quick);
    },
  },
  {
    name: "one message larger than maxSendQueueBytes goes while nothing else waits; a second one behind it does not",
    async run(context, driver) {
      const { Puppet, connected } = puppets();
      const arena = await runArena(context, driver, Puppet);
      const [handler, client] = await connectPair(arena, connected);
      assert.equal(handler.writeMessage(manyBytes(driver)), false);
      assert.equal((await client.nextMessage()).length, manyBytes(driver).length);
      await handler.drained();
      assert.equal(handler.isOpen, true);
      client.pause();
      handler.writeMessage(manyBytes(driver));
      handler.writeMessage("behind it");
      assert.equal(handler.isOpen, true);
      handler.writeMessage(manyBytes(driver));
      assert.equal(handler.isOpen, false);
      client.resume();
      assert.equal((await client.closed()).code, 1013);
      await arena.log.expect(/^1013 .* SLOW_CONSUMER/);
    },
  },
  {
    name: "a handler that waits for drained sends a client that reads as much as it likes",
    async run(context, driver) {
      const chunk = new Uint8Array(50_000).fill(5);
      class Source extends WebSocketHandler {
        override async onMessage() {
          for (let count = 0; count < 100; count++) {
            if (!this.writeMessage(chunk)) await this.drained();
          }
          this.writeMessage("all of it");
        }
      }
      const arena = await runArena(context, driver, Source);
      const client = await arena.connect();
      client.send("go");
      for (let count = 0; count < 100; count++) assert.equal((await client.nextMessage()).length, 50_000);
      assert.equal(await client.nextMessage(), "all of it");
    },
  },
  {
    name: "pings count as well: a handler that only pings a client that takes nothing is told to stop",
    async run(context, driver) {
      const { Puppet, connected } = puppets();
      const websocket = { maxSendQueueBytes: 10_000, closeTimeoutMs: 50 };
      const arena = await runArena(context, driver, Puppet, { websocket });
      const [handler, client] = await connectPair(arena, connected);
      client.pause();
      const payload = new Uint8Array(125);
      let sent = 0;
      while (handler.isOpen && sent++ < 400_000) handler.ping(payload);
      assert.equal(handler.isOpen, false, "the queue of pings grows without bound");
      assert.equal(handler.ping(payload), false);
      await arena.log.expect(/^1013 .* SLOW_CONSUMER/);
      client.terminate();
    },
  },
  {
    name: "while a handler awaits, only so much is taken from its client, and all of it in the end",
    async run(context, driver) {
      const received = new Inbox<string>();
      const working = deferred();
      class Worker extends WebSocketHandler {
        override async onMessage(message: string | Uint8Array) {
          received.add(String(message).trimStart());
          await working.promise;
        }
        override onClose(code: number) {
          received.add(`close ${code}`);
        }
      }
      class Echo extends WebSocketHandler {
        override onMessage(message: string | Uint8Array) {
          this.writeMessage(message);
        }
      }
      const handlers = { "/ws": Worker, "/echo": Echo };
      const arena = await runArena(context, driver, handlers, { websocket: { maxQueuedMessages: 10 } });
      const client = await arena.connect();
      const count = 2000;
      // So long that a pong behind them would tell that all have been read.
      for (let index = 0; index < count; index++) client.send(String(index).padStart(1000));
      client.ping();
      const pong = client.nextPong().then(() => "all was read");
      assert.equal(await received.next(), "0");
      const other = await arena.connect({}, "/echo");
      const echoes = (async () => {
        for (let index = 0; index < 60; index++) {
          other.send("");
          await other.nextMessage();
        }
        return "not yet";
      })();
      assert.equal(await Promise.race([pong, echoes]), "not yet");
      working.resolve();
      for (let index = 1; index < count; index++) assert.equal(await received.next(), String(index));
      await pong;
      await client.close(1000);
      assert.equal(await received.next(), "close 1000");
    },
  },
  {
    name: "messages that a slow handler is given one at a time do not stop coming",
    async run(context, driver) {
      const received: string[] = [];
      const done = deferred();
      class Slow extends WebSocketHandler {
        override async onMessage(message: string | Uint8Array) {
          await new Promise((resolve) => {
            setImmediate(resolve);
          });
          received.push(String(message));
          if (message === "499") done.resolve();
        }
      }
      const websocket = { maxQueuedMessages: 1, maxQueuedBytes: 1 };
      const arena = await runArena(context, driver, Slow, { websocket });
      const client = await arena.connect();
      const texts = Array.from({ length: 500 }, (_, index) => String(index));
      for (const text of texts) client.send(text);
      await done.promise;
      assert.deepEqual(received, texts);
      await roundTrip(client);
    },
  },
];
