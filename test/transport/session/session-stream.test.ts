import assert from "node:assert/strict";
import { test } from "node:test";
import { RawConnection } from "../../support/raw-http.ts";
import { takeWarnings } from "../../support/run-application.ts";
import { serveSessions } from "../../support/serve-sessions.ts";
import { sessionBody } from "../../support/session-client.ts";

test("a stream says hello at once, and that nobody on the way shall hold it back", async (context) => {
  const { client, opened } = await serveSessions(context);
  const alice = client();
  const stream = await alice.stream({ transport: "sse" });
  assert.equal(stream.status, 200);
  assert.equal(stream.header("content-type"), "text/event-stream; charset=utf-8");
  assert.equal(stream.header("cache-control"), "no-store, no-transform");
  assert.equal(stream.header("x-accel-buffering"), "no");
  assert.equal(stream.header("x-content-type-options"), "nosniff");
  const { session = "", ...others } = await stream.session();
  alice.token = session;
  assert.deepEqual(others, {
    ack: 0,
    subprotocol: "",
    sessionTimeoutMs: 30_000,
    pollTimeoutMs: 25_000,
    heartbeatMs: 15_000,
    ackBytes: 64 * 1024,
  });
  assert.equal((await opened.next()).transport, "sse");
  await alice.close();
  assert.deepEqual(JSON.parse(await stream.data("close")), {});
  await stream.ended;
});

test("everything arrives in a stream, with its number, and messages of the client go beside it", async (context) => {
  const { client, opened, calls, app } = await serveSessions(context);
  const alice = client();
  const stream = await alice.stream({ transport: "sse" });
  alice.token = (await stream.session()).session ?? "";
  const handler = await opened.next();
  handler.subscribe("all");
  for (const message of ["a", "", "b\nc", "d\re", new Uint8Array([1])]) handler.writeMessage(message);
  app.publish("all", "f");
  handler.ping("p");
  const events = [];
  for (let i = 0; i < 7; i++) events.push(await stream.next());
  assert.deepEqual(
    events.map(({ id, name, data }) => [id, name, data]),
    [
      ["1", "message", "a"],
      ["2", "message", ""],
      ["3", "message", "b\nc"],
      ["4", "record", String.raw`"d\re"`],
      ["5", "record", '{"binary":"AQ=="}'],
      ["6", "message", "f"],
      ["7", "record", '{"ping":"cA=="}'],
    ],
  );
  assert.deepEqual((await alice.post({ ack: 7, seq: 1 }, ['"x"', '{"pong":"cA=="}', '{"ping":"cQ=="}'])).head, { ack: 3 }); // prettier-ignore
  assert.deepEqual([await calls.next(), await calls.next(), await calls.next()], ["text x", "pong 70", "ping 71"]); // prettier-ignore
  assert.equal(await stream.data("record"), '{"pong":"cQ=="}');
  await alice.close(8);
});

test("what a stream has not brought, the next one does", async (context) => {
  const { client, opened } = await serveSessions(context);
  const alice = client();
  const first = await alice.stream({ transport: "sse" });
  alice.token = (await first.session()).session ?? "";
  const handler = await opened.next();
  handler.writeMessage("a");
  handler.writeMessage("b");
  assert.equal(await first.data(), "a");
  first.cut();
  handler.writeMessage("c");
  assert.equal(handler.bufferedAmount, 3 * 65);
  const second = await alice.stream({ ack: 1 });
  const { session, ack } = await second.session();
  assert.deepEqual([session, ack], [alice.token, 0]);
  assert.deepEqual([(await second.next()).id, await second.data()], ["2", "c"]);
  assert.equal(handler.bufferedAmount, 2 * 65);
  await alice.close(3);
});

test("a third stream ends the first", async (context) => {
  const { client, opened } = await serveSessions(context);
  const alice = client();
  const first = await alice.stream({ transport: "sse" });
  alice.token = (await first.session()).session ?? "";
  const handler = await opened.next();
  const second = await alice.stream({});
  await second.session();
  const third = await alice.stream({});
  await third.session();
  await first.ended;
  handler.writeMessage("a");
  assert.deepEqual([await second.data(), await third.data()], ["a", "a"]);
  await alice.close(1);
});

test("a stream of some size is ended, and nothing is lost between it and the next one", async (context) => {
  const { client, opened } = await serveSessions(context, { fallback: { maxStreamBytes: 2000 } });
  const alice = client();
  let stream = await alice.stream({ transport: "sse" });
  alice.token = (await stream.session()).session ?? "";
  const handler = await opened.next();
  const sent = Array.from({ length: 40 }, (_, at) => `${at} `.padEnd(200, "x"));
  const seen: string[] = [];
  let streams = 1;
  for (const message of sent) {
    handler.writeMessage(message);
    try {
      seen.push(await stream.data());
    } catch {
      streams++;
      stream = await alice.stream({ ack: seen.length });
      await stream.session();
      seen.push(await stream.data());
    }
  }
  assert.deepEqual(seen, sent);
  assert.ok(streams >= 4 && streams <= 8, `${streams} streams`);
  await alice.close(seen.length);
});

test("a stream is ended when it is old, also when there is nothing to say", async (context) => {
  const { client, log } = await serveSessions(context, { fallback: { streamTimeoutMs: 100 } });
  const alice = client();
  const stream = await alice.stream({ transport: "sse" });
  alice.token = (await stream.session()).session ?? "";
  await stream.ended;
  assert.equal((await alice.post({})).status, 200, "the session goes on");
  await alice.close();
  await log.expect(/^1005 POST \/ws .* closed after .* over sse,/);
});

test("a silent stream has a comment now and then", async (context) => {
  const { client } = await serveSessions(context, { fallback: { heartbeatMs: 100 } });
  const alice = client();
  const stream = await alice.stream({ transport: "sse" });
  alice.token = (await stream.session()).session ?? "";
  assert.deepEqual([(await stream.next()).name, (await stream.next()).name], ["comment", "comment"]);
  await alice.close();
});

test("a client that is asked and says nothing is cut off, and one that says anything is not", async (context) => {
  const settings = { websocket: { pingIntervalMs: 100, pingTimeoutMs: 100 } };
  const { client, opened } = await serveSessions(context, settings);
  const alice = client();
  const stream = await alice.stream({ transport: "sse" });
  alice.token = (await stream.session()).session ?? "";
  const handler = await opened.next();
  for (let ack = 1; ack <= 2; ack++) {
    assert.equal(await stream.data("record"), '{"ping":""}');
    await alice.post({ ack });
  }
  assert.equal(await stream.data("record"), '{"ping":""}');
  await stream.ended;
  assert.equal(handler.isOpen, true, "it may come back");
  const next = await alice.stream({ ack: 3 });
  await next.session();
  handler.writeMessage("a");
  let event = await next.next();
  // Meanwhile it may have been asked again.
  while (event.name === "record") event = await next.next();
  assert.equal(event.data, "a");
  await alice.close();
});

test("who polls is asked for no sign of life", async (context) => {
  const settings = { websocket: { pingIntervalMs: 1, pingTimeoutMs: 1 }, fallback: { pollTimeoutMs: 1500 } };
  const { client } = await serveSessions(context, settings);
  const alice = client();
  await alice.open();
  assert.deepEqual((await alice.post({ poll: 1500 })).records, []);
  await alice.close();
});

test("a client that does not read is not written to, and drained() waits for it", async (context) => {
  const settings = {
    websocket: { maxSendQueueBytes: 64 * 1024 * 1024 },
    fallback: { maxStreamBytes: 64 * 1024 * 1024 },
  };
  const { client, opened } = await serveSessions(context, settings);
  const alice = client();
  const stream = await alice.stream({ transport: "sse" });
  alice.token = (await stream.session()).session ?? "";
  const handler = await opened.next();
  stream.pause();
  const message = "x".repeat(100_000);
  let count = 0;
  while (handler.bufferedAmount < 20_000_000) {
    handler.writeMessage(message);
    count++;
  }
  assert.equal(handler.writeMessage("last"), false);
  let isDrained = false;
  const drained = handler.drained().then(() => {
    isDrained = true;
  });
  await alice.post({});
  assert.equal(isDrained, false);
  stream.resume();
  for (let at = 1; at <= count; at++) {
    assert.equal((await stream.next()).data.length, message.length);
    if (at % 20 === 0) await alice.post({ ack: at });
  }
  assert.equal(await stream.data(), "last");
  await alice.post({ ack: count + 1 });
  await drained;
  assert.equal(handler.bufferedAmount, 0);
  await alice.close(count + 1);
});

test("more than may wait closes the session with 1013, told in the log and to the client", async (context) => {
  const settings = { websocket: { maxSendQueueBytes: 1000 } };
  const { client, opened, calls, log } = await serveSessions(context, settings);
  const alice = client();
  const stream = await alice.stream({ transport: "sse" });
  alice.token = (await stream.session()).session ?? "";
  const handler = await opened.next();
  const written = Array.from({ length: 10 }, () => handler.writeMessage("x".repeat(100)));
  assert.deepEqual([written.indexOf(false), handler.isOpen, handler.signal.aborted], [6, false, true]);
  let event = await stream.next();
  while (event.name === "message") event = await stream.next();
  assert.deepEqual([event.name, JSON.parse(event.data)], ["close", { code: 1013, reason: "SLOW_CONSUMER" }]);
  await alice.close();
  assert.equal(await calls.next(), "close 1013 SLOW_CONSUMER");
  const line = await log.expect(/^1013 /);
  assert.match(line.text, / over sse, .* SLOW_CONSUMER: 1148 bytes wait to be read .* at most 1000 may/);
  assert.equal(line.level, "warn");
});

test("a client of HTTP/1.0 reads its stream to the end", async (context) => {
  const { server, opened } = await serveSessions(context, { websocket: { closeTimeoutMs: 50 } });
  const connection = await RawConnection.open(server.port);
  const body = sessionBody({ transport: "sse" });
  connection.send(
    `POST /ws HTTP/1.0\r\nHost: localhost\r\nAccept: text/event-stream\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  const handler = await opened.next();
  handler.writeMessage("a");
  handler.close(1000);
  const { text, header } = await connection.nextResponse();
  assert.equal(header("transfer-encoding"), undefined);
  assert.match(text, /^retry: \d+\nevent: session\ndata: {.*}\n\nid: 1\ndata: a\n\nevent: close\ndata: {"code":1000,"reason":""}\n\n$/); // prettier-ignore
  await connection.ended();
});

test("what asks for a stream brings no records and does not close", async (context) => {
  const { client, log } = await serveSessions(context);
  const alice = client();
  await alice.open({ transport: "sse" });
  assert.equal((await alice.stream({ seq: 1 }, ['"a"'])).status, 400);
  assert.equal((await alice.stream({ close: {} })).status, 400);
  await takeWarnings(log);
  await alice.close();
});
