/** The behaviour of a RealtimeSocket over every transport, against our own server. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { expectedLog } from "../support/log.ts";
import {
  closeOf,
  nextEvent,
  nextMessages,
  openSocket,
  recordStates,
  serveEcho,
  transports,
} from "./realtime.ts";

const log = expectedLog();

for (const transport of transports) {
  test(`${transport}: text and bytes come back as they were, in order`, async (context) => {
    const { url } = await serveEcho(context, log);
    const socket = openSocket(context, `${url}/echo`, { transports: [transport] });
    const states = recordStates(socket);
    const view = new DataView(new ArrayBuffer(4), 1, 2);
    socket.send("");
    socket.send("lines\nof\r\ntext\r\u2028\0 郑老板 😀 \uD800");
    socket.send(new Uint8Array([0, 255, 128]));
    socket.send(new Uint8Array([1, 2, 3]).buffer);
    socket.send(view);
    socket.send(new Blob(["ab"]));
    socket.send("behind the Blob");
    socket.send(new Uint8Array(100_000).fill(7));
    socket.send(42 as never);
    assert.deepEqual(await nextMessages(socket, 9), [
      "",
      "lines\nof\r\ntext\r\u2028\0 郑老板 😀 \uFFFD",
      [0, 255, 128],
      [1, 2, 3],
      [0, 0],
      [97, 98],
      "behind the Blob",
      Array.from({ length: 100_000 }, () => 7),
      "42",
    ]);
    assert.equal(socket.transport, transport);
    assert.equal(socket.readyState, socket.OPEN);
    socket.close();
    assert.equal(socket.readyState, socket.CLOSING);
    assert.deepEqual(await closeOf(socket), [1005, "", true]);
    assert.equal(socket.readyState, socket.CLOSED);
    assert.equal(socket.transport, undefined);
    assert.equal(socket.bufferedAmount, 0);
    await log.expect(new RegExp(`^1005 .*${transport === "websocket" ? "" : ` over ${transport}`}`));
    assert.deepEqual(states, [
      "connecting > open OPEN",
      "open > closing CLOSED_BY_PROGRAM",
      "closing > closed CLOSED_BY_PROGRAM",
    ]);
  });

  test(`${transport}: close() says its code and reason behind what was sent`, async (context) => {
    const { url } = await serveEcho(context, log);
    const socket = openSocket(context, `${url}/echo`, { transports: [transport] });
    await nextEvent(socket, "open");
    for (let i = 0; i < 100; i++) socket.send("x".repeat(2000));
    socket.close(3001, "bye 😀");
    const [code, , wasClean] = await closeOf(socket);
    assert.deepEqual([code, wasClean], [3001, true]);
    const { text } = await log.expect(/^3001 .* closed after/);
    assert.match(text, /received 100 \(200000 bytes\).*"bye 😀"/);
  });

  test(`${transport}: the server's close ends it, behind its messages`, async (context) => {
    const { url } = await serveEcho(context, log);
    const socket = openSocket(context, `${url}/echo`, { transports: [transport] });
    socket.send("count 50");
    socket.send("close 4000 enough");
    const closed = closeOf(socket);
    const received: unknown[] = [];
    const reading = (async () => {
      for await (const data of socket) received.push(data);
    })();
    await assert.rejects(reading, { name: "NetworkError" });
    assert.deepEqual(await closed, [4000, "enough", true]);
    assert.equal(received.at(-1), "50");
    assert.equal(received.length, 50);
    await log.expect(/^4000 /);
  });

  test(`${transport}: subprotocols are offered, and one chosen`, async (context) => {
    const { url } = await serveEcho(context, log);
    const socket = openSocket(context, `${url}/echo`, {
      transports: [transport],
      protocols: ["other", "v2", "v1"],
    });
    assert.equal(socket.protocol, "");
    await nextEvent(socket, "open");
    assert.equal(socket.protocol, "v2");
  });
}
