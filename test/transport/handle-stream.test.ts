/** What is true of adopted sockets only; test/transport/byte-stream.test.ts has the rest. */
import assert from "node:assert/strict";
import { once } from "node:events";
import type { Socket } from "node:net";
import { before, test } from "node:test";
import { prepareAdoption } from "../../src/transport/adoption-probe.ts";
import { adoptSocket } from "../../src/transport/handle-stream.ts";
import { openStream } from "../../src/transport/open-stream.ts";
import { SocketStream } from "../../src/transport/socket-stream.ts";
import { acceptSocket, StreamRecorder } from "../support/stream-pair.ts";

before(() => prepareAdoption());

test("what the socket has read already is its head, and the socket tells nobody anything more", async (context) => {
  const { socket, peer } = await acceptSocket(context);
  socket.once("readable", () => {});
  peer.write("read by the socket");
  await once(socket, "readable");
  const told: string[] = [];
  for (const name of ["data", "end", "error"]) socket.on(name, () => told.push(name));
  socket.pause();
  const { stream, head } = adoptSocket(socket) ?? assert.fail("it was not adopted");
  context.after(() => stream.destroy());
  assert.equal(Buffer.from(head).toString(), "read by the socket");
  told.length = 0;
  await once(socket, "close");
  assert.equal(socket.destroyed, true);
  const events = new StreamRecorder();
  stream.start(events, head);
  peer.write(", and by the stream");
  peer.end();
  await events.saw("end");
  assert.equal(events.received.toString(), "read by the socket, and by the stream");
  stream.end();
  await events.saw("closed");
  assert.deepEqual(told, []);
});

test("an end that the socket has seen, behind bytes that nobody has read, is not missed", async (context) => {
  const { socket, peer } = await acceptSocket(context);
  socket.on("readable", () => {});
  peer.write("last words");
  peer.end();
  // The socket has read the end as well, and keeps it to itself until the bytes are read.
  while (socket.readableLength === 0 || !hasReadEnd(socket))
    await new Promise((resolve) => void setImmediate(resolve));
  const { stream, head } = adoptSocket(socket) ?? assert.fail("it was not adopted");
  context.after(() => stream.destroy());
  const events = new StreamRecorder();
  stream.start(events, head);
  await events.saw("end");
  assert.deepEqual([events.received.toString(), events.happened], ["last words", ["bytes", "end"]]);
});

/** Whether a socket has read the end of its peer's bytes, and not told anybody. */
function hasReadEnd(socket: Socket): boolean {
  return (socket as unknown as { _readableState: { ended: boolean } })._readableState.ended;
}

test("a socket in the middle of something is left as it is, and so is one that is gone or has TLS", async (context) => {
  const ended = await acceptSocket(context);
  ended.socket.resume();
  ended.peer.end();
  await once(ended.socket, "end");
  const ending = await acceptSocket(context);
  ending.socket.end();
  const writing = await acceptSocket(context);
  writing.peer.socket.pause();
  writing.socket.write(new Uint8Array(16 << 20));
  const secure = await acceptSocket(context, true);
  const gone = await acceptSocket(context);
  for (const { socket } of [ended, ending, writing, secure]) {
    assert.equal(adoptSocket(socket), undefined);
    assert.equal(socket.destroyed, false);
    const { stream, head } = openStream(socket, true);
    assert.ok(stream instanceof SocketStream);
    assert.equal(head.length, 0);
    stream.destroy();
  }
  gone.socket.destroy();
  assert.equal(adoptSocket(gone.socket), undefined);
});

test("a socket is adopted where that is allowed", async (context) => {
  const { socket } = await acceptSocket(context);
  const kept = openStream(socket, false);
  assert.ok(kept.stream instanceof SocketStream);
  const adopted = openStream(socket, true);
  assert.ok(!(adopted.stream instanceof SocketStream));
  adopted.stream.destroy();
});

test("all streams read into one memory, each gets its own bytes", async (context) => {
  const memories = new Set<ArrayBufferLike>();
  const pairs = await Promise.all(
    Array.from({ length: 5 }, async () => {
      const { socket, peer } = await acceptSocket(context);
      const { stream, head } = adoptSocket(socket) ?? assert.fail("it was not adopted");
      context.after(() => stream.destroy());
      const events = new StreamRecorder();
      const receive = events.receive.bind(events);
      events.receive = (bytes, end) => {
        memories.add(bytes.buffer);
        receive(bytes, end);
      };
      stream.start(events, head);
      return { events, peer };
    }),
  );
  for (let round = 0; round < 5; round++) {
    for (const [index, { peer }] of pairs.entries()) peer.write(String(index).repeat(1000));
    await Promise.all(
      pairs.map(({ events }) => events.until(() => events.received.length === (round + 1) * 1000)),
    );
  }
  for (const [index, { events }] of pairs.entries()) {
    assert.equal(events.received.toString(), String(index).repeat(5000));
  }
  assert.equal(memories.size, 1);
});
