import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { test } from "node:test";
import { HttpConnection } from "../../src/transport/http-connection.ts";
import type { HttpExchange } from "../../src/transport/http-exchange.ts";

/** As much of a socket as a connection looks at. */
interface FakeSocket {
  remoteAddress: string | undefined;
  localAddress: string | undefined;
  bytesRead: number;
  destroyed: boolean;
}

function open(socket: Partial<FakeSocket> = {}, isHandshaking = false): [HttpConnection, FakeSocket] {
  const fake = {
    remoteAddress: "::1",
    localAddress: "::ffff:127.0.0.1",
    bytesRead: 0,
    destroyed: false,
    ...socket,
  };
  return [new HttpConnection(fake as unknown as Socket, "nobody", isHandshaking), fake];
}

/** An exchange that only remembers whether it has heard of its connection's end. */
function fakeExchange(onClosed: () => void = () => {}): HttpExchange {
  return { receiveConnectionClosed: onClosed } as unknown as HttpExchange;
}

test("what has to wait for answers is called once, in order, when the last of them has ended", () => {
  const [connection] = open();
  const calls: string[] = [];
  connection.whenIdle(() => calls.push("nothing was ever asked"));
  assert.deepEqual(calls.splice(0), ["nothing was ever asked"]);
  assert.equal(connection.hasWaiting, false);
  const [first, second] = [fakeExchange(), fakeExchange()];
  connection.begin(first);
  connection.begin(second);
  assert.equal(connection.hasWaiting, false);
  connection.whenIdle(() => calls.push("a"));
  assert.equal(connection.hasWaiting, true);
  connection.whenIdle(() => calls.push("b"));
  // The second may end first, when its peer has gone.
  connection.end(second);
  assert.equal(calls.length, 0);
  connection.end(first);
  assert.deepEqual(calls.splice(0), ["a", "b"]);
  assert.equal(connection.hasWaiting, false);
  connection.whenIdle(() => calls.push("idle again"));
  connection.begin(first);
  connection.end(first);
  assert.deepEqual(calls.splice(0), ["idle again"]);
});

test("what waits may itself begin an answer, and what waits for that one waits", () => {
  const [connection] = open();
  const calls: string[] = [];
  const [first, second] = [fakeExchange(), fakeExchange()];
  connection.begin(first);
  connection.whenIdle(() => {
    connection.begin(second);
    connection.whenIdle(() => calls.push("behind the second"));
  });
  connection.end(first);
  assert.deepEqual(calls, []);
  connection.end(second);
  assert.deepEqual(calls, ["behind the second"]);
});

test("nothing is said to a peer that has gone", () => {
  const [connection, socket] = open();
  const exchange = fakeExchange();
  connection.begin(exchange);
  connection.whenIdle(() => assert.fail("nobody is there"));
  socket.destroyed = true;
  connection.end(exchange);
  assert.equal(connection.hasWaiting, false);
});

test("the first and the latest request are those that are still being answered", () => {
  const [connection] = open();
  const [a, b, c] = [fakeExchange(), fakeExchange(), fakeExchange()];
  const ends = (): unknown[] => [connection.first, connection.latest];
  assert.deepEqual(ends(), [undefined, undefined]);
  for (const exchange of [a, b, c]) connection.begin(exchange);
  assert.deepEqual(ends().map((each) => each === a || each === c), [true, true]); // prettier-ignore
  connection.end(a);
  assert.equal(connection.first, b);
  assert.equal(connection.latest, c);
  connection.end(c);
  assert.equal(connection.latest, b);
  // What has ended cannot end again.
  connection.end(c);
  assert.equal(connection.latest, b);
  connection.end(b);
  assert.deepEqual(ends(), [undefined, undefined]);
});

test("all whose answers are under way hear that their connection has closed, also when that ends them", () => {
  const [connection] = open();
  const heard: string[] = [];
  const first = fakeExchange(() => {
    heard.push("first");
    connection.end(first);
  });
  const second = fakeExchange(() => {
    heard.push("second");
    connection.end(second);
  });
  connection.begin(first);
  connection.begin(second);
  connection.receiveClosed();
  assert.deepEqual(heard, ["first", "second"]);
  assert.equal(connection.latest, undefined);
});

test("an address that was known stays known when the peer has gone", () => {
  const [connection, socket] = open({ remoteAddress: "::ffff:192.0.2.7" });
  assert.equal(connection.peerAddress, "192.0.2.7");
  assert.equal(connection.localAddress, "127.0.0.1");
  socket.remoteAddress = undefined;
  socket.localAddress = undefined;
  assert.equal(connection.peerAddress, "192.0.2.7");
  assert.equal(connection.localAddress, "127.0.0.1");
});

test("a peer without an address is called what it was said to be called", () => {
  const [connection, socket] = open({ remoteAddress: undefined });
  assert.equal(connection.peerAddress, "nobody");
  socket.remoteAddress = "192.0.2.7";
  assert.equal(connection.peerAddress, "192.0.2.7");
});

test("silent is who has sent nothing since then, and who is still shaking hands", () => {
  const [connection, socket] = open({ bytesRead: 500 });
  assert.equal(connection.isSilent, true);
  socket.bytesRead = 501;
  assert.equal(connection.isSilent, false);
  const [below, socketBelow] = open({}, true);
  socketBelow.bytesRead = 300;
  assert.equal(below.isSilent, true);
});

test("a connection is encrypted whose socket is one of TLS", () => {
  assert.equal(open()[0].isEncrypted, false);
  assert.equal(open({ encrypted: true } as Partial<FakeSocket>)[0].isEncrypted, true);
});
