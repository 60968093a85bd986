/** What the WebSockets Standard says, where it does not depend on how messages travel. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { OutgoingMessage, RealtimeSocketOptions } from "../../src/client/index.ts";
import { RealtimeSocket } from "../../src/client/index.ts";
import { expectedLog } from "../support/log.ts";
import { closeOf, nextEvent, nextMessages, openSocket, recordStates, serveEcho } from "./realtime.ts";

const log = expectedLog();

const over = new AbortController();
after(() => over.abort());

/** A socket that waits for a server that never answers. */
function connecting(options: RealtimeSocketOptions = {}): RealtimeSocket {
  const fetch = (): Promise<Response> => new Promise(() => {});
  return new RealtimeSocket("http://localhost/", {
    transports: ["polling"],
    connectTimeoutMs: 300,
    fetch,
    signal: over.signal,
    ...options,
  });
}

test("constants, of the class and of its objects", () => {
  for (const target of [RealtimeSocket, connecting()]) {
    assert.deepEqual([target.CONNECTING, target.OPEN, target.CLOSING, target.CLOSED], [0, 1, 2, 3]);
  }
  assert.throws(() => Object.assign(RealtimeSocket, { OPEN: 5 }), TypeError);
});

test("handlers are attributes, called in the place of the first of them", () => {
  const socket = connecting();
  const calls: string[] = [];
  assert.equal(socket.onopen, null);
  socket.onopen = () => calls.push("first");
  socket.addEventListener("open", () => calls.push("listener"));
  socket.onopen = function onopen(this: unknown) {
    calls.push(`second ${this === socket}`);
  };
  socket.dispatchEvent(new Event("open"));
  socket.onopen = "no function" as never;
  assert.equal(socket.onopen, null);
  socket.dispatchEvent(new Event("open"));
  assert.deepEqual(calls, ["second true", "listener", "listener"]);
});

test("binaryType is blob, and takes only the two values", () => {
  const socket = connecting();
  assert.equal(socket.binaryType, "blob");
  socket.binaryType = "arraybuffer";
  socket.binaryType = "other" as never;
  assert.equal(socket.binaryType, "arraybuffer");
});

test("message events have data of the type, and an origin", async (context) => {
  const { url } = await serveEcho(context, log);
  const socket = openSocket(context, `${url}/echo`);
  socket.binaryType = "blob";
  socket.send(new Uint8Array([1, 2]));
  const { data, origin } = await nextEvent(socket, "message");
  assert.ok(data instanceof Blob);
  assert.deepEqual([...new Uint8Array(await data.arrayBuffer())], [1, 2]);
  assert.equal(origin, url.replace("http", "ws"));
});

test("close() checks code and reason", () => {
  const socket = connecting();
  for (const code of [0, 999, 1001, 1005, 2999, 5000, NaN, 66_536]) {
    assert.throws(() => socket.close(code), { name: "InvalidAccessError" }, String(code));
  }
  assert.throws(() => socket.close(1000, "é".repeat(62)), { name: "SyntaxError" });
  assert.equal(socket.readyState, 0);
  socket.close(3000, "é".repeat(61));
  assert.equal(socket.readyState, 2);
  socket.close();
});

test("close() before there is a connection: error, and close with 1006", async () => {
  const socket = connecting();
  const states = recordStates(socket);
  socket.send("never");
  socket.close();
  const events: string[] = [];
  socket.addEventListener("error", ({ type }) => events.push(type));
  socket.addEventListener("close", ({ type }) => events.push(type));
  assert.deepEqual(await closeOf(socket), [1006, "no answer to close()", false]);
  assert.deepEqual(events, ["error", "close"]);
  assert.equal(socket.bufferedAmount, 5);
  socket.send("12");
  assert.equal(socket.bufferedAmount, 7);
  assert.deepEqual(states, ["connecting > closing CLOSED_BY_PROGRAM", "closing > closed CLOSED_BY_PROGRAM"]);
});

test("a signal closes it, also one that was aborted before", async (context) => {
  const { url } = await serveEcho(context, log);
  const controller = new AbortController();
  const socket = openSocket(context, `${url}/echo`, { signal: controller.signal });
  await nextEvent(socket, "open");
  const states = recordStates(socket);
  controller.abort();
  assert.deepEqual(states, ["open > closing ABORTED"]);
  assert.deepEqual((await closeOf(socket)).slice(0, 1), [1005]);
  const late = openSocket(context, `${url}/echo`, { signal: controller.signal });
  assert.equal((await closeOf(late))[0], 1006);
});

test("what listeners of open send goes before what waited", async (context) => {
  const { url } = await serveEcho(context, log);
  const socket = openSocket(context, `${url}/echo`);
  socket.send("waited 1");
  socket.send("waited 2");
  socket.onopen = () => socket.send("login");
  assert.equal(socket.bufferedAmount, 16);
  assert.deepEqual(await nextMessages(socket, 3), ["login", "waited 1", "waited 2"]);
});

test("close() in a listener of open still sends what waited", async (context) => {
  const { url } = await serveEcho(context, log);
  const socket = openSocket(context, `${url}/echo`);
  socket.send("waited");
  socket.onopen = () => socket.close(1000);
  await closeOf(socket);
  await log.expect(/^1000 .*received 1 /);
});

test("bytes are sent as they were when they were given", async (context) => {
  const { url } = await serveEcho(context, log);
  const socket = openSocket(context, `${url}/echo`);
  const bytes = new Uint8Array([1, 2, 3]);
  socket.send(bytes);
  bytes.fill(0);
  assert.deepEqual(await nextMessages(socket, 1), [[1, 2, 3]]);
});

test("queue reject: past its limits send() throws, and keeps what there is", () => {
  for (const queue of [{ maxMessages: 2 }, { maxBytes: 4 }]) {
    const socket = connecting({ queue });
    socket.send("ab");
    socket.send(new Uint8Array(2));
    assert.throws(() => socket.send("é"), { name: "QuotaExceededError" });
    assert.equal(socket.bufferedAmount, 4);
  }
});

test("queue drop-oldest: the oldest make room, and are told", () => {
  const socket = connecting({ queue: { policy: "drop-oldest", maxMessages: 3, maxBytes: 6 } });
  const dropped: OutgoingMessage[] = [];
  socket.addEventListener("dropped", ({ data }) => dropped.push(data));
  for (const text of ["a", "b", "c", "d"]) socket.send(text);
  assert.deepEqual(dropped, ["a"]);
  socket.send("12345");
  assert.deepEqual(dropped, ["a", "b", "c"]);
  socket.send("too long");
  assert.deepEqual(dropped, ["a", "b", "c", "too long"]);
  assert.equal(socket.bufferedAmount, 6);
  const none = connecting({ queue: { policy: "drop-oldest", maxMessages: 0 } });
  none.send("x");
  assert.equal(none.bufferedAmount, 0);
});

test("queue none: send() throws as a WebSocket's does", () => {
  assert.throws(() => connecting({ queue: { policy: "none" } }).send("x"), { name: "InvalidStateError" });
});

test("an iteration that is too slow ends with an error, behind what it has", async (context) => {
  const { url } = await serveEcho(context, log);
  const socket = openSocket(context, `${url}/echo`, { iterationMaxMessages: 3 });
  const iterator = socket[Symbol.asyncIterator]();
  const first = iterator.next();
  socket.send("count 10");
  await nextEvent(socket, "message", ({ data }) => data === "10");
  assert.equal((await first).value, "1");
  const received: unknown[] = [];
  await assert.rejects(
    async () => {
      for await (const data of { [Symbol.asyncIterator]: () => iterator }) received.push(data);
    },
    { name: "QuotaExceededError" },
  );
  assert.deepEqual(received, ["2", "3", "4"].slice(0, received.length));
  assert.equal(socket.readyState, 1);
});

test("iterations end with the socket, and at once behind its end", async (context) => {
  const { url } = await serveEcho(context, log);
  const socket = openSocket(context, `${url}/echo`);
  await nextEvent(socket, "open");
  socket.close();
  for await (const data of socket) assert.fail(typeof data);
  for await (const data of socket) assert.fail(typeof data);
  assert.equal(socket.state, "closed");
});
