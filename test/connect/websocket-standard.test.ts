/** The behaviour of the WHATWG interface (https://websockets.spec.whatwg.org), beyond what undici shows to be the same. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import type { CloseEvent } from "../../src/index.ts";
import { ErrorEvent, HandshakeError, WebSocket } from "../../src/index.ts";
import { runEcho } from "../support/echo-server.ts";
import { accepting, fakeServer } from "../support/fake-server.ts";

test("the constants are on the class, on its prototype, and cannot be changed", () => {
  const constants = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 };
  for (const [name, value] of Object.entries(constants)) {
    for (const owner of [WebSocket, WebSocket.prototype]) {
      const descriptor = Object.getOwnPropertyDescriptor(owner, name);
      assert.deepEqual(descriptor, { value, writable: false, enumerable: true, configurable: false });
    }
  }
  assert.equal(WebSocket.length, 1);
  assert.equal(WebSocket.prototype[Symbol.toStringTag], "WebSocket");
});

test("before it is open, sending is an InvalidStateError, and closing gives it up with an error", async (context) => {
  const { url } = await runEcho(context);
  const socket = new WebSocket(url);
  assert.equal(socket.readyState, socket.CONNECTING);
  assert.throws(() => socket.send("x"), { name: "InvalidStateError" });
  const events: string[] = [];
  for (const type of ["open", "error", "close"]) socket.addEventListener(type, () => events.push(type));
  socket.close();
  assert.equal(socket.readyState, socket.CLOSING);
  // The events come later, when the program has had the time to listen.
  assert.deepEqual(events, []);
  const [event] = (await once(socket, "close")) as [CloseEvent];
  assert.deepEqual([event.code, event.reason, event.wasClean], [1006, "", false]);
  assert.equal(socket.readyState, socket.CLOSED);
  assert.deepEqual(events, ["error", "close"]);
  await assert.rejects(socket.opened, { code: "HANDSHAKE_FAILED", message: /given up by close\(\)/ });
});

test("close codes and reasons are checked in any state", async (context) => {
  const { url } = await runEcho(context);
  const socket = new WebSocket(url);
  for (const round of ["connecting", "open", "closed"]) {
    for (const code of [0, 999, 1001, 1005, 1006, 2999, 5000, 65_536 + 1000, -1, Number.NaN, "x", null]) {
      assert.throws(() => socket.close(code as number), { name: "InvalidAccessError" }, `${code} ${round}`);
    }
    assert.throws(() => socket.close(1000, "x".repeat(124)), { name: "SyntaxError" });
    assert.throws(() => socket.close(1000, "é".repeat(62)), { name: "SyntaxError" });
    if (round === "connecting") await socket.opened;
    if (round === "open") {
      // A fraction goes to the nearest whole number, as WebIDL's [Clamp] says.
      socket.close(2999.6, "é".repeat(61));
      assert.deepEqual(await socket.closed, { code: 3000, reason: "", wasClean: true });
    }
  }
  socket.close();
});

test("a reason alone goes with 1000, and closing twice changes nothing", async (context) => {
  const { url, handlers } = await runEcho(context);
  const socket = new WebSocket(url);
  await socket.opened;
  socket.close(undefined, "bye");
  socket.close(3000, "too late");
  assert.deepEqual(await socket.closed, { code: 1000, reason: "", wasClean: true });
  assert.equal(handlers[0]?.closeReason, "bye");
});

test("everything that can be sent is sent, in order, also behind a Blob", async (context) => {
  const { url } = await runEcho(context);
  const socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  const received: unknown[] = [];
  socket.onmessage = ({ data }) => received.push(data);
  await socket.opened;
  const bytes = new Uint8Array([1, 2, 3, 4]);
  socket.send("lone \ud800 surrogate");
  socket.send(bytes.subarray(1, 3));
  socket.send(new Blob(["blob"]));
  socket.send(new DataView(bytes.buffer, 2));
  socket.send(new Uint16Array([258]).buffer);
  socket.send("text");
  socket.send(12 as unknown as string);
  socket.send({ toString: () => "object" } as unknown as string);
  // The bytes may be changed as soon as send() has returned, also where they wait behind a Blob.
  bytes.fill(0);
  assert.equal(socket.bufferedAmount, 18 + 2 + 4 + 2 + 2 + 4 + 2 + 6);
  socket.close();
  assert.equal((await socket.closed).wasClean, true);
  // The echo of what was sent before close() may come after it, when a WebSocket hands over nothing more.
  assert.deepEqual(received, []);
});

test("what was sent before close() reaches the server, Blobs included", async (context) => {
  const { url, handlers } = await runEcho(context);
  const socket = new WebSocket(url);
  await socket.opened;
  const received: unknown[] = [];
  const handler = handlers[0] ?? assert.fail("there is no handler");
  handler.onMessage = (message) => void received.push(message);
  const bytes = new Uint8Array([1, 2]);
  socket.send(new Blob(["blob"]));
  socket.send(bytes);
  socket.send("text");
  bytes.fill(0);
  socket.close(3000);
  assert.deepEqual(await socket.closed, { code: 3000, reason: "", wasClean: true });
  assert.deepEqual(received, [new Uint8Array(Buffer.from("blob")), new Uint8Array([1, 2]), "text"]);
});

test("bufferedAmount counts payloads, falls to 0 when they are sent, and stays when they never will be", async (context) => {
  const { url } = await runEcho(context);
  const socket = new WebSocket(url);
  assert.equal(socket.bufferedAmount, 0);
  await socket.opened;
  socket.send("é");
  socket.send(new Uint8Array(1000));
  assert.equal(socket.bufferedAmount, 1002);
  await socket.ping();
  assert.equal(socket.bufferedAmount, 0);
  socket.close();
  socket.send("four");
  assert.equal(socket.bufferedAmount, 4);
  await socket.closed;
  socket.send(new Blob(["six bytes"]));
  assert.equal(socket.bufferedAmount, 13);
});

test("event handlers keep their place, and null takes them away", async (context) => {
  const { url } = await runEcho(context);
  const socket = new WebSocket(url);
  const calls: string[] = [];
  assert.equal(socket.onopen, null);
  const first = (): unknown => calls.push("first");
  const second = function (this: unknown, event: Event): void {
    assert.ok(this === socket && event.target === socket);
    calls.push("second");
  };
  socket.onopen = first;
  assert.equal(socket.onopen, first);
  socket.addEventListener("open", () => calls.push("listener"));
  socket.onopen = second;
  socket.onclose = first;
  socket.onclose = null;
  socket.onerror = first;
  socket.onerror = "no function" as unknown as null;
  assert.deepEqual([socket.onclose, socket.onerror], [null, null]);
  await socket.opened;
  assert.deepEqual(calls, ["second", "listener"]);
  socket.close();
  await socket.closed;
  assert.deepEqual(calls, ["second", "listener"]);
});

test("a listener can be taken away, or be an object", async (context) => {
  const { url } = await runEcho(context);
  const socket = new WebSocket(url);
  const events: unknown[] = [];
  const listener = { handleEvent: (event: Event): unknown => events.push(event.type) };
  const removed = (): void => assert.fail("it was taken away");
  socket.addEventListener("open", listener);
  socket.addEventListener("open", removed);
  socket.addEventListener("open", null);
  socket.removeEventListener("open", removed);
  await socket.opened;
  socket.close();
  await socket.closed;
  assert.deepEqual(events, ["open"]);
});

test("a failed attempt is an error event with the reason, and a close event with 1006", async (context) => {
  const url = await fakeServer(context, () => "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
  const socket = new WebSocket(url);
  const [event] = (await once(socket, "error")) as [ErrorEvent];
  assert.ok(event instanceof ErrorEvent && event instanceof Event);
  assert.ok(event.error instanceof HandshakeError && event.error.status === 403);
  assert.equal(event.message, event.error.message);
  assert.equal(socket.readyState, socket.CLOSED);
  assert.deepEqual(await socket.closed, { code: 1006, reason: "", wasClean: false });
});

test("a binaryType that does not exist changes nothing", async (context) => {
  const { url } = await runEcho(context);
  const socket = new WebSocket(url);
  assert.equal(socket.binaryType, "blob");
  socket.binaryType = "arraybuffer";
  socket.binaryType = "nodebuffer" as "blob";
  assert.equal(socket.binaryType, "arraybuffer");
  socket.terminate();
  assert.equal((await socket.closed).code, 1006);
});

test("what comes in the segment of the handshake comes after the open event", async (context) => {
  const frames = Buffer.from("81016181016288020fa0", "hex");
  const url = await fakeServer(context, (received) =>
    Buffer.concat([Buffer.from(accepting(received)), frames]),
  );
  const socket = new WebSocket(url);
  const events: string[] = [];
  socket.onopen = () => {
    events.push(`open ${socket.readyState}`);
    socket.onmessage = ({ data }) => events.push(`message ${data} ${socket.readyState}`);
  };
  socket.onclose = ({ code }) => events.push(`close ${code} ${socket.readyState}`);
  await socket.closed;
  assert.deepEqual(events, ["open 1", "message a 1", "message b 1", "close 4000 3"]);
});

test("an open listener may close, and gets no messages then", async (context) => {
  const { url } = await runEcho(context);
  const socket = new WebSocket(url);
  const events: string[] = [];
  socket.onopen = () => {
    socket.send("echo");
    socket.close(3000);
  };
  socket.onmessage = () => events.push("message");
  socket.onclose = ({ code }) => events.push(`close ${code}`);
  await socket.closed;
  assert.deepEqual(events, ["close 3000"]);
});
