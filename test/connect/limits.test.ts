import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import type { ErrorEvent } from "../../src/index.ts";
import { connect, WaterspoutError, WebSocket } from "../../src/index.ts";
import { runEcho } from "../support/echo-server.ts";
import { accepting, fakeServer } from "../support/fake-server.ts";

async function failureOf(socket: WebSocket): Promise<string> {
  const [event] = (await once(socket, "error")) as [ErrorEvent];
  assert.ok(event.error instanceof WaterspoutError && event.error.code === "CONNECTION_CLOSED");
  assert.deepEqual(await socket.closed, { code: 1006, reason: "", wasClean: false });
  assert.ok(event.error.cause instanceof WaterspoutError);
  return event.error.cause.code;
}

test("a message that is too big fails the connection", async (context) => {
  const { url } = await runEcho(context);
  const socket = await connect(url, { maxMessageBytes: 5 });
  socket.send("12345");
  const { value } = await socket[Symbol.asyncIterator]().next();
  assert.equal(value, "12345");
  socket.send("123456");
  assert.equal(await failureOf(socket), "WS_MESSAGE_TOO_BIG");
});

test("a server that does not read is given up in the end, and drained() tells before", async (context) => {
  const url = await fakeServer(context, (received, socket) => {
    socket.pause();
    return accepting(received);
  });
  const socket = new WebSocket(url, {
    highWaterMarkBytes: 1000,
    maxSendQueueBytes: 1 << 20,
    closeTimeoutMs: 50,
  });
  await socket.opened;
  socket.send(new Uint8Array(1 << 24));
  socket.send(new Uint8Array(1 << 20));
  const drained = socket.drained();
  socket.send(new Uint8Array(1 << 20));
  assert.equal(await failureOf(socket), "SLOW_CONSUMER");
  await drained;
});

test("drained() waits for a server that reads", async (context) => {
  const { url, handlers } = await runEcho(context);
  const socket = await connect(url, { highWaterMarkBytes: 1000 });
  let received = 0;
  if (handlers[0] !== undefined) handlers[0].onMessage = () => void received++;
  for (let i = 0; i < 50; i++) {
    socket.send(new Uint8Array(100_000));
    await socket.drained();
    assert.ok(socket.bufferedAmount <= 1000);
  }
  await socket.ping();
  assert.equal(received, 50);
  socket.terminate();
});

test("a server that answers no ping is given up", async (context) => {
  const url = await fakeServer(context, (received) => accepting(received));
  const options = { pingIntervalMs: 1, pingTimeoutMs: 1, closeTimeoutMs: 1 };
  const socket = new WebSocket(url, options);
  assert.equal(await failureOf(socket), "HEARTBEAT_TIMEOUT");
});

test("a server that does not answer a close frame is left", async (context) => {
  const url = await fakeServer(context, (received) => accepting(received));
  const socket = await connect(url, { closeTimeoutMs: 20 });
  socket.close(3000);
  assert.deepEqual(await socket.closed, { code: 1006, reason: "", wasClean: false });
  assert.equal(socket.readyState, WebSocket.CLOSED);
});
