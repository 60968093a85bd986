import assert from "node:assert/strict";
import type { WebSocketHandler } from "../../../src/index.ts";
import type { Client } from "../driver.ts";
import { connectPair, puppets, runArena } from "../arena.ts";
import type { BehaviourCase } from "../behaviour-suite.ts";

/** What a client got besides `end`, which stands behind all that was on its way. */
export async function messagesOf(
  handler: WebSocketHandler,
  client: Client,
): Promise<(string | Uint8Array)[]> {
  handler.writeMessage("end");
  const messages: (string | Uint8Array)[] = [];
  for (;;) {
    const message = await client.nextMessage();
    if (message === "end") return messages;
    messages.push(message);
  }
}

export const roomCases: readonly BehaviourCase[] = [
  {
    name: "publish reaches all subscribers but the publisher, Application.publish reaches all",
    async run(context, driver) {
      const { Puppet, connected } = puppets();
      const arena = await runArena(context, driver, Puppet);
      const [one, oneClient] = await connectPair(arena, connected);
      const [two, twoClient] = await connectPair(arena, connected);
      for (const each of [one, two, one]) assert.equal(each.subscribe("room"), true);
      two.subscribe("other");
      one.publish("room", "from one");
      two.publish("other", "to nobody else");
      arena.app.publish("room", { from: "the server" });
      one.unsubscribe("room");
      arena.app.publish("room", Uint8Array.of(1));
      arena.app.publish("nowhere", "nobody");
      const common = '{"from":"the server"}';
      assert.deepEqual(await messagesOf(one, oneClient), [common]);
      assert.deepEqual(await messagesOf(two, twoClient), ["from one", common, Uint8Array.of(1)]);
    },
  },
  {
    name: "what is published stands in order with what is written",
    async run(context, driver) {
      const { Puppet, connected } = puppets();
      const arena = await runArena(context, driver, Puppet);
      const [handler, client] = await connectPair(arena, connected);
      handler.subscribe("room");
      const expected: string[] = [];
      for (let index = 0; index < 300; index++) {
        const text = `${index}\n${index % 7}`;
        expected.push(text);
        if (index % 3 === 0) arena.app.publish("room", text);
        else handler.writeMessage(text);
        if (index % 50 === 0) await new Promise((resolve) => setImmediate(resolve)); // oxlint-disable-line no-promise-executor-return
      }
      assert.deepEqual(await messagesOf(handler, client), expected);
    },
  },
  {
    name: "who has closed gets nothing more, and leaves its channels",
    async run(context, driver) {
      const { Puppet, connected } = puppets();
      const arena = await runArena(context, driver, Puppet);
      const [one, oneClient] = await connectPair(arena, connected);
      const [two, twoClient] = await connectPair(arena, connected);
      one.subscribe("room");
      two.subscribe("room");
      one.close(4000);
      arena.app.publish("room", "too late for one");
      assert.deepEqual(await messagesOf(two, twoClient), ["too late for one"]);
      assert.deepEqual(await oneClient.closed(), { code: 4000, reason: "" });
      await assert.rejects(oneClient.nextMessage(), /closed with 4000/);
      assert.equal(one.subscribe("room"), false);
    },
  },
  {
    name: "a connection subscribes to no more than maxSubscriptions channels",
    async run(context, driver) {
      const { Puppet, connected } = puppets();
      const arena = await runArena(context, driver, Puppet, { websocket: { maxSubscriptions: 2 } });
      const [handler] = await connectPair(arena, connected);
      handler.subscribe("a");
      handler.subscribe("b");
      handler.subscribe("a");
      assert.throws(() => handler.subscribe("c"), { code: "SUBSCRIPTIONS_TOO_MANY" });
      handler.unsubscribe("a");
      assert.equal(handler.subscribe("c"), true);
      assert.throws(() => handler.subscribe(""), { code: "CHANNEL_INVALID" });
    },
  },
  {
    name: "a subscriber that takes nothing is closed with 1013, and the others go on",
    async run(context, driver) {
      const { Puppet, connected } = puppets();
      const websocket = { maxSendQueueBytes: 100_000, closeTimeoutMs: 50 };
      const arena = await runArena(context, driver, Puppet, { websocket });
      const [slow, slowClient] = await connectPair(arena, connected);
      const [quick, quickClient] = await connectPair(arena, connected);
      slow.subscribe("room");
      quick.subscribe("room");
      slowClient.pause();
      const text = "x".repeat(50_000);
      for (let sent = 0; slow.isOpen; sent++) {
        assert.ok(sent < 2000, "the queue grows without bound");
        arena.app.publish("room", text);
        assert.equal(await quickClient.nextMessage(), text);
        await quick.drained();
        // A session's client has to have come back before more is sent than it may leave unacknowledged.
        while (quick.bufferedAmount > 50_000) await new Promise((resolve) => setImmediate(resolve)); // oxlint-disable-line no-promise-executor-return
      }
      assert.equal(slow.closeCode, 1013);
      assert.equal(quick.isOpen, true);
      await arena.log.expect(/^1013 .* SLOW_CONSUMER/);
      slowClient.terminate();
    },
  },
];
