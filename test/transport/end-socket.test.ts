import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { createServer } from "node:net";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { endSocket, resetSocket } from "../../src/transport/end-socket.ts";
import { RawSocket } from "../support/raw-socket.ts";

async function socketPair(context: TestContext): Promise<[socket: Socket, peer: RawSocket]> {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const accepted = once(server, "connection");
  const peer = await RawSocket.connect((server.address() as AddressInfo).port);
  const [socket] = (await accepted) as [Socket];
  context.after(() => {
    peer.socket.destroy();
    socket.destroy();
    server.close();
  });
  return [socket, peer];
}

/** Timers that keep this process alive. */
function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
}

test("the peer gets what was written last, although it is still sending", async (context) => {
  const [socket, peer] = await socketPair(context);
  // More than is read at a time: left unread it would turn the end into a reset, and that would eat the answer.
  peer.write(new Uint8Array(500_000));
  await once(socket, "readable");
  socket.write("last words");
  endSocket(socket, 60_000);
  peer.write(new Uint8Array(500_000));
  assert.equal((await peer.rest()).toString(), "last words");
  assert.equal(await peer.ended(), "end");
  peer.end();
  await once(socket, "close");
  assert.equal(socket.bytesRead, 1_000_000);
});

test("a peer that does not end its side is cut when the time is up", async (context) => {
  const [socket, peer] = await socketPair(context);
  endSocket(socket, 20);
  assert.equal(await peer.ended(), "end");
  await once(socket, "close");
});

test("the timer is gone with the connection, and a second call starts no other", async (context) => {
  const [socket, peer] = await socketPair(context);
  const before = timers();
  endSocket(socket, 60_000);
  endSocket(socket, 60_000);
  assert.equal(timers(), before + 1);
  peer.end();
  await once(socket, "close");
  assert.equal(timers(), before);
  // A connection that is gone needs no end.
  endSocket(socket, 60_000);
  assert.equal(timers(), before);
});

test("a connection that is cut leaves nothing with the operating system to be sent", async (context) => {
  const [socket, peer] = await socketPair(context);
  peer.socket.pause();
  // Until the operating system takes no more.
  while (socket.writableLength === 0) socket.write(new Uint8Array(1_000_000));
  const taken = socket.bytesWritten - socket.writableLength;
  const closed = once(socket, "close");
  resetSocket(socket);
  await closed;
  peer.socket.resume();
  await peer.ended();
  assert.ok(peer.received < taken, `${peer.received} of ${taken} bytes came`);
});

test("what is no TCP is destroyed instead", async () => {
  for (const kind of [{ remoteFamily: undefined }, { remoteFamily: "IPv4", encrypted: true }]) {
    const calls: string[] = [];
    const destroy = (): number => calls.push("destroy");
    resetSocket({ ...kind, destroy, resetAndDestroy: () => calls.push("reset") } as unknown as Socket);
    assert.deepEqual(calls, ["destroy"]);
  }
});
