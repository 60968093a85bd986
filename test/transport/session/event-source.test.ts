import assert from "node:assert/strict";
import { test } from "node:test";
import { get } from "../../support/raw-http.ts";
import { takeWarnings } from "../../support/run-application.ts";
import { serveSessions } from "../../support/serve-sessions.ts";
import { EventStream } from "../../support/session-client.ts";

/** A GET as an EventSource sends it, for the first time or after the event with this id. */
function listen(server: { readonly port: number }, lastEventId?: string): Promise<EventStream> {
  const resumed = lastEventId === undefined ? [] : [`Last-Event-ID: ${lastEventId}`];
  return EventStream.open(server, "GET", "/ws", ["Accept: text/event-stream", ...resumed]);
}

test("an EventSource gets ids with which it resumes where it was", async (context) => {
  const { server, opened } = await serveSessions(context);
  const first = await listen(server);
  const { session } = await first.session();
  const handler = await opened.next();
  for (const message of ["a", "b", "c"]) handler.writeMessage(message);
  const { id, data } = await first.next();
  assert.deepEqual([id, data], [`${session}:1`, "a"]);
  first.cut();
  const second = await listen(server, id);
  assert.equal((await second.session()).session, session);
  assert.deepEqual([await second.next(), await second.data()], [{ id: `${session}:2`, name: "message", data: "b" }, "c"]); // prettier-ignore
  handler.close(4000, "bye");
  assert.deepEqual(JSON.parse(await second.data("close")), { code: 4000, reason: "bye" });
  await second.ended;
  assert.equal((await listen(server, `${session}:3`)).status, 204, "it shall not come back any more");
});

test("what was carried away does not wait any more, though nothing acknowledges it", async (context) => {
  const { server, opened, calls } = await serveSessions(context, {
    websocket: { maxSendQueueBytes: 1000, highWaterMarkBytes: 1, closeTimeoutMs: 50 },
  });
  const stream = await listen(server);
  await stream.session();
  const handler = await opened.next();
  for (let i = 0; i < 20; i++) {
    assert.equal(handler.writeMessage("x".repeat(200)), false);
    await handler.drained();
    assert.equal(handler.bufferedAmount, 0);
    await stream.data();
  }
  handler.close(1000);
  await stream.ended;
  assert.equal(await calls.next(), "close 1000");
});

test("what the connection has not taken counts, so that who does not read is closed", async (context) => {
  const { server, opened, log } = await serveSessions(context, { websocket: { closeTimeoutMs: 50 } });
  const stream = await listen(server);
  await stream.session();
  const handler = await opened.next();
  stream.pause();
  while (handler.isOpen) {
    handler.writeMessage("x".repeat(100_000));
    await new Promise(setImmediate);
  }
  assert.equal(handler.closeCode, 1013);
  await log.expect(/^1013 GET .* over sse, .* SLOW_CONSUMER/);
  stream.cut();
});

test("who comes back for what is not kept any more gets a new session, and the old one ends with 1006", async (context) => {
  const { server, opened, calls } = await serveSessions(context, { websocket: { maxSendQueueBytes: 1000 } });
  const first = await listen(server);
  const { session } = await first.session();
  const handler = await opened.next();
  for (let i = 0; i < 20; i++) {
    handler.writeMessage(`${i}`.padEnd(200, "x"));
    await first.data();
  }
  first.cut();
  // The last ones are kept.
  const second = await listen(server, `${session}:17`);
  assert.equal((await second.session()).session, session);
  assert.equal((await second.next()).id, `${session}:18`);
  second.cut();
  const third = await listen(server, `${session}:1`);
  const renewed = await third.session();
  assert.notEqual(renewed.session, session);
  assert.equal(await calls.next(), "close 1006");
  assert.deepEqual([handler.isOpen, handler.signal.aborted], [false, true]);
  (await opened.next()).writeMessage("new");
  assert.equal((await third.next()).id, `${renewed.session}:1`);
  // A number that was never given out is none that can be continued.
  const fourth = await listen(server, `${renewed.session}:7`);
  assert.notEqual((await fourth.session()).session, renewed.session);
  assert.equal(await calls.next(), "close 1006");
});

test("who was away when the session ended gets the rest, and the end", async (context) => {
  const { server, opened } = await serveSessions(context);
  const first = await listen(server);
  const { session } = await first.session();
  const handler = await opened.next();
  handler.writeMessage("a");
  assert.equal(await first.data(), "a");
  first.cut();
  await first.ended;
  handler.writeMessage("b");
  handler.close(1000);
  const second = await listen(server, `${session}:1`);
  await second.session();
  assert.equal(await second.data(), "b");
  assert.deepEqual(JSON.parse(await second.data("close")), { code: 1000, reason: "" });
  assert.equal((await listen(server, `${session}:2`)).status, 204);
});

test("a token or number that means nothing gets a new session", async (context) => {
  const { server, opened } = await serveSessions(context);
  const known = (await (await listen(server)).session()).session ?? "";
  await opened.next();
  const [id = "", secret = ""] = known.split(".");
  for (const wrong of [
    "",
    "7",
    known,
    `${known}:`,
    `${known}:-1`,
    `${known}:1e3`,
    `${known}:${"9".repeat(16)}`,
    `${id}:0`,
    `${id}.:0`,
    `${id}.${secret.slice(1)}:0`,
    `${secret}.${id}:0`,
    `${known}x:0`,
  ]) {
    const stream = await listen(server, wrong);
    assert.equal(stream.status, 200, wrong);
    assert.notEqual((await stream.session()).session, known, wrong);
    await opened.next();
    stream.cut();
  }
});

test("a GET for anything else opens no session", async (context) => {
  const { server, log } = await serveSessions(context);
  assert.equal((await get(server, "/ws")).status, 426);
  assert.equal((await get(server, "/ws", ["Accept: text/html, */*"])).status, 426);
  await takeWarnings(log);
  const accept = 'Accept: text/html, Text/Event-Stream ; q="0.5"';
  assert.equal((await EventStream.open(server, "GET", "/ws", [accept])).status, 200);
});
