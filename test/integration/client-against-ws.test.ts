/** Our client speaks with the servers of others. */
import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { test } from "node:test";
import type { ServerOptions, WebSocket as Peer } from "ws";
import { WebSocketServer } from "ws";
import { connect } from "../../src/index.ts";

async function serve(
  context: TestContext,
  options: ServerOptions,
  receive: (peer: Peer) => void,
): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", ...options });
  await once(server, "listening");
  context.after(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  server.on("connection", receive);
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

test("ws echoes text, binary, large and empty messages, fragments, pings and the close", async (context) => {
  const url = await serve(context, {}, (peer) => {
    peer.on("message", (data: Buffer, isBinary) => {
      peer.send(data.subarray(0, 1), { binary: isBinary, fin: data.length <= 1 });
      if (data.length > 1) peer.send(data.subarray(1), { binary: isBinary, fin: true });
    });
  });
  const socket = await connect(url);
  const messages = ["", "é", "x".repeat(200_000), new Uint8Array(0), new Uint8Array(70_000).fill(7)];
  for (const message of messages) socket.send(message);
  await socket.ping("are you there?");
  const received: unknown[] = [];
  for await (const message of socket) {
    received.push(message);
    if (received.length === messages.length) break;
  }
  assert.deepEqual(received, messages);
  socket.close(4321, "enough");
  assert.deepEqual(await socket.closed, { code: 4321, reason: "enough", wasClean: true });
});

test("ws closes with a code and reason, or breaks", async (context) => {
  const url = await serve(context, {}, (peer) => {
    peer.on("message", (data: Buffer) => {
      if (data.toString() === "break") peer.terminate();
      else peer.close(1012, "restart");
    });
  });
  const closed = await connect(url);
  closed.send("close");
  assert.deepEqual(await closed.closed, { code: 1012, reason: "restart", wasClean: true });
  const broken = await connect(url);
  broken.send("break");
  assert.deepEqual(await broken.closed, { code: 1006, reason: "", wasClean: false });
});

test("ws refuses with a status", async (context) => {
  const url = await serve(context, { path: "/here" }, () => {});
  await assert.rejects(connect(url), { code: "HANDSHAKE_FAILED", status: 400 });
  const chosen = await serve(context, { handleProtocols: (offered) => [...offered][1] ?? false }, () => {});
  const socket = await connect(chosen, { protocols: ["a", "b"] });
  assert.equal(socket.protocol, "b");
  socket.terminate();
});

for (const [name, server, client] of [
  ["without context takeover", true, true],
  [
    "with context takeover",
    { serverNoContextTakeover: false, clientNoContextTakeover: false },
    { serverNoContextTakeover: false, clientNoContextTakeover: false, thresholdBytes: 0 },
  ],
  [
    "with small windows",
    { serverMaxWindowBits: 9, clientMaxWindowBits: 10, threshold: 0 },
    { serverNoContextTakeover: false, clientNoContextTakeover: false, thresholdBytes: 10 },
  ],
] as const) {
  test(`ws and our client compress in both directions, ${name}`, async (context) => {
    const url = await serve(context, { perMessageDeflate: server }, (peer) => {
      peer.on("message", (data, isBinary) => peer.send(data, { binary: isBinary }));
    });
    const socket = await connect(url, { compression: client });
    assert.match(socket.extensions, /^permessage-deflate/);
    const text = JSON.stringify(Array.from({ length: 500 }, (_, id) => ({ id, name: `name ${id % 7}` })));
    const messages = [text, "", "short", text, new Uint8Array(50_000).fill(3), `${text}é`];
    for (const message of messages) socket.send(message);
    const received: unknown[] = [];
    for await (const message of socket) {
      received.push(message);
      if (received.length === messages.length) break;
    }
    assert.deepEqual(received, messages);
    socket.close();
    assert.equal((await socket.closed).wasClean, true);
  });
}

test("a compressed message is bounded by what it becomes", async (context) => {
  const url = await serve(context, { perMessageDeflate: { threshold: 0 } }, (peer) =>
    peer.send("x".repeat(100_000)),
  );
  const socket = await connect(url, { compression: true, maxMessageBytes: 99_999 });
  await assert.rejects(socket[Symbol.asyncIterator]().next(), {
    code: "CONNECTION_CLOSED",
    message: /a message is longer than 99999 bytes/,
  });
});
