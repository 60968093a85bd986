import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { test } from "node:test";
import type { ByteStream } from "../../src/transport/byte-stream.ts";
import { ConnectionBook } from "../../src/transport/connection-book.ts";

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

test("silent connections are those on which nothing came since they were accepted", () => {
  const book = new ConnectionBook("");
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
  assert.deepEqual(
    Array.from(book.connections(), ({ socket }) => socket),
    [silent, talking, inTls, afterTls],
  );
  book.destroySilent();
  const all = [silent, inTls, afterTls, below, talking, gone];
  const destroyed = (): boolean[] => all.map(({ isDestroyed }) => isDestroyed);
  assert.deepEqual(destroyed(), [true, true, true, false, false, false]);
  book.destroyAll();
  assert.deepEqual(destroyed(), [true, true, true, false, true, false]);
});

test("a socket has one connection, also one that was never opened for HTTP", () => {
  const book = new ConnectionBook("");
  const [known, stranger] = [new FakeSocket(), new FakeSocket()];
  book.add(known.asSocket, false);
  for (const { asSocket } of [known, stranger]) {
    const connection = book.connectionOf(asSocket);
    assert.equal(connection.socket, asSocket);
    assert.equal(book.connectionOf(asSocket), connection);
  }
  // It comes again when the other protocol that it asked for is not spoken.
  const first = book.connectionOf(known.asSocket);
  book.add(known.asSocket, false);
  assert.equal(book.connectionOf(known.asSocket), first);
  assert.deepEqual(Array.from(book.connections()), [first]);
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
  const book = new ConnectionBook("");
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
  const book = new ConnectionBook("");
  const streams = [fakeStream(), fakeStream(), fakeStream()];
  for (const stream of streams) book.addStream(stream);
  if (streams[1] !== undefined) book.forgetStream(streams[1]);
  book.destroyAll();
  assert.deepEqual(streams.map(({ destroyed }) => destroyed), [1, 0, 1]); // prettier-ignore
});
