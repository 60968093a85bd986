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
