import assert from "node:assert/strict";
import { test } from "node:test";
import { connect, WebSocket } from "../../src/index.ts";
import { PendingPings, pendingPingsMax } from "../../src/connect/pending-pings.ts";
import { runEcho } from "../support/echo-server.ts";
import { accepting, fakeServer } from "../support/fake-server.ts";

test("a ping resolves with its pong", async (context) => {
  const { url, handlers } = await runEcho(context);
  const socket = await connect(url);
  await socket.ping("one");
  await socket.ping(Buffer.from("two"));
  await Promise.all([socket.ping("three"), socket.ping("three"), socket.ping()]);
  assert.deepEqual(handlers[0]?.pings.slice(0, 4), ["one", "two", "three", "three"]);
  assert.equal(handlers[0].pings.length, 5);
  socket.close();
  await assert.rejects(socket.ping(), { code: "CONNECTION_CLOSED" });
  await socket.closed;
});

test("a ping that cannot be sent, or is not answered, rejects", async (context) => {
  const url = await fakeServer(context, (received, socket) => {
    socket.on("data", () => socket.end(Buffer.from("880203e9", "hex")));
    return accepting(received);
  });
  const connecting = new WebSocket(url);
  await assert.rejects(connecting.ping(), { code: "CONNECTION_CLOSED" });
  await connecting.opened;
  await assert.rejects(connecting.ping("x".repeat(126)), { code: "PING_TOO_LONG" });
  await assert.rejects(connecting.ping(5 as unknown as string), { code: "ARGUMENT_TYPE_INVALID" });
  await assert.rejects(connecting.ping(), { code: "CONNECTION_CLOSED", message: /was closed with 1001/ });
});

test("a pong answers its ping and those before it, and nothing else", async () => {
  const pings = new PendingPings();
  const settled: string[] = [];
  const add = (name: string): Promise<unknown> =>
    pings
      .add(Buffer.from(name), () => {})
      .then(
        () => settled.push(name),
        () => settled.push(`${name} rejected`),
      );
  const all = [add("a"), add("b"), add("c"), add("d")];
  pings.receivePong(Buffer.from("x"));
  pings.receivePong(Buffer.from(""));
  pings.receivePong(Buffer.from("b"));
  await Promise.all(all.slice(0, 2));
  assert.deepEqual(settled, ["a", "b"]);
  pings.end(new Error("over"));
  await Promise.all(all);
  assert.deepEqual(settled, ["a", "b", "c rejected", "d rejected"]);
  assert.notDeepEqual(pings.createPayload(), pings.createPayload());
});

test("pings that are not answered have a limit", async () => {
  const pings = new PendingPings();
  let sent = 0;
  const waiting = Array.from({ length: pendingPingsMax }, () =>
    pings.add(pings.createPayload(), () => sent++),
  );
  await assert.rejects(
    pings.add(new Uint8Array(0), () => sent++),
    {
      code: "PINGS_UNANSWERED",
      message: `${pendingPingsMax} pings have not been answered; no more are sent`,
    },
  );
  assert.equal(sent, pendingPingsMax);
  pings.end(new Error("over"));
  assert.ok((await Promise.allSettled(waiting)).every(({ status }) => status === "rejected"));
});
