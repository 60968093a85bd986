import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { test } from "node:test";
import type { ByteStream } from "../../src/transport/byte-stream.ts";
import { ConnectionBook } from "../../src/transport/connection-book.ts";
import type { HttpExchange } from "../../src/transport/http-exchange.ts";

/** As much of a socket as the book looks at. */
class FakeSocket extends EventEmitter {
  static #ports = 0;
  readonly remoteAddress = "::1";
  remotePort = ++FakeSocket.#ports;
  bytesRead = 0;
  isDestroyed = false;
  destroy(): void {
    this.isDestroyed = true;
  }
  get asSocket(): Socket {
    return this as unknown as Socket;
  }
}

const exchange = (): HttpExchange => ({}) as HttpExchange;

test("what has to wait for answers is called once, in order, when the last of them has ended", () => {
  const book = new ConnectionBook();
  const { asSocket: socket } = new FakeSocket();
  const calls: string[] = [];
  book.whenIdle(socket, () => calls.push("nothing was ever asked"));
  assert.deepEqual(calls.splice(0), ["nothing was ever asked"]);
  assert.equal(book.hasWaiting(socket), false);
  const [first, second] = [exchange(), exchange()];
  book.begin(socket, first);
  book.begin(socket, second);
  assert.equal(book.hasWaiting(socket), false);
  book.whenIdle(socket, () => calls.push("a"));
  assert.equal(book.hasWaiting(socket), true);
  book.whenIdle(socket, () => calls.push("b"));
  // The second may end first, when its peer has gone.
  book.end(socket, second);
  assert.equal(calls.length, 0);
  book.end(socket, first);
  assert.deepEqual(calls.splice(0), ["a", "b"]);
  book.whenIdle(socket, () => calls.push("idle again"));
  book.begin(socket, first);
  book.end(socket, first);
  assert.deepEqual(calls.splice(0), ["idle again"]);
});

test("the latest request is the one that came last and is still being answered", () => {
  const book = new ConnectionBook();
  const { asSocket: socket } = new FakeSocket();
  const [first, second] = [exchange(), exchange()];
  assert.equal(book.latest(socket), undefined);
  book.begin(socket, first);
  book.begin(socket, second);
  assert.equal(book.latest(socket), second);
  book.end(socket, second);
  assert.equal(book.latest(socket), first);
  book.end(socket, first);
  assert.equal(book.latest(socket), undefined);
});

test("connections do not wait for each other", () => {
  const book = new ConnectionBook();
  const [busy, idle] = [new FakeSocket().asSocket, new FakeSocket().asSocket];
  book.begin(busy, exchange());
  let called = false;
  book.whenIdle(idle, () => {
    called = true;
  });
  assert.equal(called, true);
  assert.equal(book.latest(idle), undefined);
  // To end what never began is nothing.
  book.end(idle, exchange());
});

test("silent connections are those on which nothing came since they were accepted", () => {
  const book = new ConnectionBook();
  const [silent, inTls, afterTls, below, talking, gone] = Array.from(
    { length: 6 },
    () => new FakeSocket(),
  ) as [FakeSocket, FakeSocket, FakeSocket, FakeSocket, FakeSocket, FakeSocket];
  // The socket of TLS has the peer of the one below it, and takes its place.
  afterTls.remotePort = below.remotePort;
  afterTls.bytesRead = 500;
  for (const socket of [silent, talking, gone]) book.add(socket.asSocket, false);
  for (const socket of [inTls, below]) book.add(socket.asSocket, true);
  book.secure(afterTls.asSocket);
  talking.bytesRead = 1;
  inTls.bytesRead = 1;
  gone.emit("close");
  book.destroySilent();
  const all = [silent, inTls, afterTls, below, talking, gone];
  const destroyed = (): boolean[] => all.map(({ isDestroyed }) => isDestroyed);
  assert.deepEqual(destroyed(), [true, true, true, false, false, false]);
  book.destroyAll();
  assert.deepEqual(destroyed(), [true, true, true, false, true, false]);
});

/** A stream that only knows whether it was destroyed. */
function fakeStream(): ByteStream & { destroyed: number } {
  return {
    destroyed: 0,
    isDestroyed: false,
    writesAtOnce: true,
    pendingBytes: 0,
    start() {},
    write() {},
    end() {},
    destroy() {
      this.destroyed++;
    },
    pauseReading() {},
    resumeReading() {},
  };
}

test("streams are waited for until the last is forgotten", async () => {
  const book = new ConnectionBook();
  await book.streamsClosed();
  const streams = [fakeStream(), fakeStream()];
  for (const stream of streams) book.addStream(stream);
  let areClosed = false;
  const closed = book.streamsClosed().then(() => {
    areClosed = true;
  });
  const { forgetStream } = book;
  for (const stream of streams) {
    await Promise.resolve();
    assert.equal(areClosed, false);
    forgetStream(stream);
  }
  await closed;
  await book.streamsClosed();
  // One that was never written down is no reason to be confused.
  forgetStream(fakeStream());
});

test("all streams are destroyed, but those that were forgotten", () => {
  const book = new ConnectionBook();
  const streams = [fakeStream(), fakeStream(), fakeStream()];
  for (const stream of streams) book.addStream(stream);
  if (streams[1] !== undefined) book.forgetStream(streams[1]);
  book.destroyAll();
  assert.deepEqual(streams.map(({ destroyed }) => destroyed), [1, 0, 1]); // prettier-ignore
});
