import assert from "node:assert/strict";
import { test } from "node:test";
import type { TransportKind, WebSocketHandler } from "../../src/index.ts";
import { runApplication } from "../support/run-application.ts";
import { puppets } from "./arena.ts";
import type { Client } from "./driver.ts";
import { driverOf } from "./driver.ts";

const kinds: readonly TransportKind[] = ["websocket", "sse", "long-polling", "polling"];

test("clients of every transport are in one room, and each gets what the others say, in order", async (context) => {
  const { Puppet, connected } = puppets();
  class Room extends Puppet {
    override open() {
      this.subscribe("room");
      void super.open();
    }
    override onMessage(message: string | Uint8Array) {
      this.publish("room", message);
    }
  }
  const running = await runApplication(context, [["/room", Room, { transports: kinds }]]);
  const members: { kind: TransportKind; client: Client; handler: WebSocketHandler }[] = [];
  for (const kind of [...kinds, ...kinds]) {
    const client = await driverOf(kind).connect(running.at("/room"));
    const handler = await connected.next();
    assert.equal(handler.transport, kind);
    members.push({ kind, client, handler });
  }
  const said = Array.from({ length: 20 }, (_, index) => index);
  for (const [speaker, { client }] of members.entries()) {
    for (const index of said) {
      client.send(index % 2 === 0 ? `${speaker}:${index}:\r\n水` : Uint8Array.of(speaker, index));
    }
  }
  running.app.publish("room", "the server");
  for (const [listener, { kind, client }] of members.entries()) {
    const heard = new Map<number, number[]>();
    let fromServer = 0;
    for (let count = 0; count < said.length * (members.length - 1) + 1; count++) {
      const message = await client.nextMessage();
      if (message === "the server") fromServer++;
      else {
        const [speaker = -1, index = -1] =
          typeof message === "string"
            ? message
                .replace(/:\r\n水$/, "")
                .split(":")
                .map(Number)
            : message;
        heard.set(speaker, [...(heard.get(speaker) ?? []), index]);
      }
    }
    assert.equal(fromServer, 1, kind);
    assert.equal(heard.has(listener), false, "nobody hears itself");
    assert.deepEqual([...heard.values()], members.slice(1).map(() => said)); // prettier-ignore
  }
  for (const { client } of members) await client.close(1000);
});

test("a message is encoded once for all sessions of a kind, however many there are", async (context) => {
  const { Puppet, connected } = puppets();
  const running = await runApplication(context, [["/room", Puppet, { transports: kinds }]]);
  const clients: Client[] = [];
  for (const kind of kinds) {
    clients.push(await driverOf(kind).connect(running.at("/room")));
    (await connected.next()).subscribe("room");
  }
  let encodings = 0;
  const message = {
    toJSON: () => {
      encodings++;
      return "said once";
    },
  };
  running.app.publish("room", message);
  for (const client of clients) assert.equal(await client.nextMessage(), '"said once"');
  assert.equal(encodings, 1);
});
