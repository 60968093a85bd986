import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import type { Message } from "../../src/index.ts";
import { connect, WebSocket } from "../../src/index.ts";
import { runEcho } from "../support/echo-server.ts";
import { accepting, fakeServer } from "../support/fake-server.ts";

async function collect(socket: AsyncIterable<Message>): Promise<Message[]> {
  const messages: Message[] = [];
  for await (const message of socket) messages.push(message);
  return messages;
}

test("messages are iterated in order, text as strings and binary as bytes, to an ordinary end", async (context) => {
  const { url } = await runEcho(context);
  for (const end of ["close 1000", "close 1001", "close"]) {
    const socket = await connect(url);
    socket.send("count 200");
    socket.send(new Uint8Array([7]));
    socket.send(end);
    const expected = [...Array.from({ length: 200 }, (_, index) => `${index}`), new Uint8Array([7])];
    assert.deepEqual(await collect(socket), expected);
    // What has ended stays ended.
    assert.deepEqual(await collect(socket), []);
  }
});

test("what was read before this side closes is still iterated", async (context) => {
  const { url } = await runEcho(context);
  const socket = await connect(url);
  socket.send("count 3");
  await socket.ping();
  socket.close();
  assert.deepEqual(await collect(socket), ["0", "1", "2"]);
});

test("another end is an error, once, when everything has been read", async (context) => {
  const { url } = await runEcho(context);
  const socket = await connect(url);
  socket.send("count 2");
  socket.send("close 4001 because");
  await socket.closed;
  const messages: Message[] = [];
  const read = async (): Promise<void> => {
    for await (const message of socket) messages.push(message);
  };
  await assert.rejects(read(), {
    code: "CONNECTION_CLOSED",
    message: `the WebSocket ${url} was closed with 4001 (because)`,
  });
  assert.deepEqual(messages, ["0", "1"]);
  await read();
  assert.deepEqual(messages, ["0", "1"]);
});

test("a connection that breaks rejects who waits for a message", async (context) => {
  const url = await fakeServer(context, (received, socket) => {
    setImmediate(() => socket.resetAndDestroy());
    return accepting(received);
  });
  const socket = await connect(url);
  const [first, second] = [collect(socket), collect(socket)];
  await assert.rejects(first, {
    code: "CONNECTION_CLOSED",
    message: /was closed with 1006 \(no reason was given\)$/,
  });
  assert.deepEqual(await second, []);
});

test("a full queue stops the reading: what is not iterated waits in the server", async (context) => {
  const { url, handlers } = await runEcho(context, { websocket: { maxSendQueueBytes: 1 << 30 } });
  const socket = await connect(url, { maxQueuedMessages: 4 });
  const other = await connect(url);
  const server = handlers[0] ?? assert.fail("there is no handler");
  // Several times what the buffers of the operating system hold.
  const total = 128;
  for (let i = 0; i < total; i++) server.writeMessage(new Uint8Array(1 << 18).fill(i));
  // Hundreds of turns of the event loop, in each of which something could be read.
  for (let i = 0; i < 1000; i++) await other.ping();
  assert.ok(server.bufferedAmount > 1 << 20, `${server.bufferedAmount} bytes wait in the server`);
  server.close(1000);
  let count = 0;
  for await (const message of socket) {
    assert.ok(message instanceof Uint8Array && message.length === 1 << 18);
    assert.equal(message[0], count++ % 256);
  }
  assert.equal(count, total);
  other.close();
  await other.closed;
});

test("a socket that nobody reads can be closed", async (context) => {
  const { url, handlers } = await runEcho(context);
  const socket = await connect(url, { maxQueuedMessages: 1 });
  const other = await connect(url);
  handlers[0]?.writeMessage("1");
  for (let i = 0; i < 10; i++) await other.ping();
  other.terminate();
  handlers[0]?.writeMessage("2");
  socket.close(3000);
  assert.deepEqual(await socket.closed, { code: 3000, reason: "", wasClean: true });
});

test("leaving the loop leaves the socket open, and the next loop goes on", async (context) => {
  const { url } = await runEcho(context);
  const socket = await connect(url);
  socket.send("count 5");
  const first: Message[] = [];
  for await (const message of socket) {
    first.push(message);
    if (first.length === 2) break;
  }
  await socket.ping();
  assert.equal(socket.readyState, WebSocket.OPEN);
  socket.close();
  assert.deepEqual(
    [first, await collect(socket)],
    [
      ["0", "1"],
      ["2", "3", "4"],
    ],
  );
});

test("a constructed socket is iterated from where the iterator was asked for; listeners get the messages as well", async (context) => {
  const { url } = await runEcho(context);
  const socket = new WebSocket(url);
  const heard: unknown[] = [];
  socket.onmessage = ({ data }) => heard.push(data);
  socket.binaryType = "arraybuffer";
  const reading = collect(socket);
  await socket.opened;
  socket.send("a");
  socket.send(new Uint8Array([1]));
  socket.send("close");
  const [text, bytes] = await reading;
  assert.equal(text, "a");
  assert.deepEqual(bytes, new Uint8Array([1]));
  // The two do not share memory, or one could change what the other has.
  const [, buffer] = heard;
  assert.ok(buffer instanceof ArrayBuffer && bytes instanceof Uint8Array && bytes.buffer !== buffer);
  assert.deepEqual(heard, ["a", new Uint8Array([1]).buffer]);
});

test("without an iterator a constructed socket keeps nothing, and is not stopped", async (context) => {
  const { url } = await runEcho(context);
  const socket = new WebSocket(url, { maxQueuedMessages: 1 });
  await once(socket, "open");
  socket.send("count 10");
  await socket.ping();
  const reading = collect(socket);
  socket.send("last");
  socket.send("close");
  assert.deepEqual(await reading, ["last"]);
});

test("an attempt that fails rejects who iterates already", async (context) => {
  const url = await fakeServer(context, () => "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
  const socket = new WebSocket(url);
  await assert.rejects(collect(socket), { code: "HANDSHAKE_FAILED" });
  await assert.rejects(socket.opened, { code: "HANDSHAKE_FAILED" });
});

test("await using closes, and waits for it", async (context) => {
  const { url } = await runEcho(context);
  let left: WebSocket;
  {
    await using socket = await connect(url);
    left = socket;
    socket.send("x");
  }
  assert.equal(left.readyState, WebSocket.CLOSED);
  assert.equal((await left.closed).code, 1005);
});
