import assert from "node:assert/strict";
import { test } from "node:test";
import { takeWarnings } from "../../support/run-application.ts";
import { serveSessions } from "../../support/serve-sessions.ts";

test("the client closes behind the records that it brings, and hears the same when it asks again", async (context) => {
  const { client, calls, opened } = await serveSessions(context);
  for (const [close, seen] of [
    [{ code: 1000, reason: "bye" }, "close 1000 bye"],
    [{ code: 4000, reason: "" }, "close 4000"],
    [{}, "close 1005"],
  ] as const) {
    const alice = client();
    await alice.open();
    const handler = await opened.next();
    const { head } = await alice.post({ seq: 1, close }, ['"a"']);
    assert.deepEqual(head, { ack: 1, close });
    assert.equal(await calls.next(), "text a");
    assert.equal(await calls.next(), seen);
    assert.deepEqual(
      [handler.isOpen, handler.writeMessage("b"), handler.signal.aborted],
      [false, false, true],
    );
    assert.deepEqual((await alice.post({ ack: 0 })).head, { ack: 1, close });
  }
});

test("a close behind a gap is none", async (context) => {
  const { client, calls, opened } = await serveSessions(context);
  const alice = client();
  await alice.open();
  const handler = await opened.next();
  assert.deepEqual((await alice.post({ seq: 2, close: { code: 1000 } }, ['"b"'])).head, { ack: 0 });
  assert.equal(handler.isOpen, true);
  await alice.post({ seq: 1, close: { code: 1000 } }, ['"a"', '"b"']);
  assert.deepEqual([await calls.next(), await calls.next(), await calls.next()], ["text a", "text b", "close 1000"]); // prettier-ignore
});

test("a client that closes has the polls that it left behind answered", async (context) => {
  const { client, calls, opened } = await serveSessions(context);
  const alice = client();
  await alice.open();
  const held = await alice.begin({ poll: 20_000 });
  await alice.post({});
  await alice.post({ close: { code: 1000 } });
  assert.deepEqual((await held.answer).head, { ack: 0, close: { code: 1000, reason: "" } });
  assert.equal(await calls.next(), "close 1000");
  // What it has not taken is not kept for it.
  const bob = client();
  await bob.open();
  await opened.next();
  const handler = await opened.next();
  handler.writeMessage("a");
  await bob.post({ close: {} });
  assert.equal(await calls.next(), "close 1005");
  assert.equal(handler.bufferedAmount, 0);
});

test("the server closes behind what it wrote, and it is over when the client has confirmed", async (context) => {
  const { client, calls, opened } = await serveSessions(context);
  const alice = client();
  await alice.open();
  const handler = await opened.next();
  const held = await alice.begin({ poll: 20_000 });
  await alice.post({});
  handler.writeMessage("a");
  handler.close(4000, "enough");
  handler.writeMessage("b");
  const close = { code: 4000, reason: "enough" };
  const { head, records } = await held.answer;
  assert.deepEqual([head, records], [{ ack: 0, seq: 1, close }, ['"a"']]);
  // Who wants no records has to come back for them, and for the end behind them.
  assert.deepEqual((await alice.post({})).head, { ack: 0 });
  // What comes after the end is dropped, and acknowledged.
  assert.deepEqual((await alice.post({ ack: 1, seq: 1 }, ['"late"'])).head, { ack: 1, close });
  assert.deepEqual((await alice.post({ ack: 1, close: {} })).head, { ack: 1, close });
  assert.equal(await calls.next(), "close 4000 enough");
  assert.deepEqual((await alice.post({ ack: 1 })).head, { ack: 1, close }, "who asks again hears the same");
});

test("a client that does not confirm is waited for so long, and still told later", async (context) => {
  const { client, calls, opened } = await serveSessions(context, { websocket: { closeTimeoutMs: 100 } });
  const alice = client();
  await alice.open();
  const handler = await opened.next();
  handler.writeMessage("a");
  handler.close(1000, "bye");
  assert.equal(await calls.next(), "close 1000 bye");
  const { head, records } = await alice.post({ poll: 20_000 });
  assert.deepEqual([head, records], [{ ack: 0, seq: 1, close: { code: 1000, reason: "bye" } }, ['"a"']]);
  assert.equal((await alice.post({ ack: 1, close: {} })).status, 200);
});

test("when both close at once, the first one counts", async (context) => {
  const { client, calls, opened } = await serveSessions(context);
  const alice = client();
  await alice.open();
  (await opened.next()).close(4001);
  await alice.post({ close: { code: 4002 } });
  assert.equal(await calls.next(), "close 4001");
});

test("what breaks a rule is closed as a WebSocket would be", async (context) => {
  const settings = { websocket: { maxMessageBytes: 1000 } };
  const { client, calls, opened, log } = await serveSessions(context, settings, (Handler) => {
    class Strict extends Handler {
      override readonly acceptedMessages = "text";
      override async onMessage(message: string | Uint8Array) {
        await super.onMessage(message);
        if (message === "throw") throw new Error("broken");
      }
    }
    return Strict;
  });
  for (const [record, code, reason] of [
    [JSON.stringify("x".repeat(1001)), 1009, "WS_MESSAGE_TOO_BIG"],
    ['{"binary":"AA=="}', 1003, "WS_MESSAGE_TYPE_REFUSED"],
    [`{"ping":"${Buffer.alloc(126).toString("base64")}"}`, 1002, "WS_CONTROL_TOO_LONG"],
    ['"throw"', 1011, ""],
  ] as const) {
    const alice = client();
    await alice.open();
    await opened.next();
    const { head } = await alice.post({ seq: 1, poll: 0 }, ['"before"', record, '"behind"']);
    assert.equal(await calls.next(), "text before");
    if (code === 1011) assert.equal(await calls.next(), "text throw");
    const told = head.close ?? (await alice.post({ poll: 1000 })).head.close;
    assert.deepEqual(told, { code, reason });
    await alice.close();
    assert.equal(await calls.next(), `close ${code} ${reason}`.trimEnd());
    await log.expect(new RegExp(`^${code} POST /ws .* over long-polling, received [1-3] `));
    if (code === 1011) await log.expect(/^Uncaught exception POST \/ws/);
  }
});

test("who sends pings and takes no pongs is closed as a slow consumer", async (context) => {
  const settings = { websocket: { maxSendQueueBytes: 100_000 } };
  const { client, calls, opened, log } = await serveSessions(context, settings, (Handler) => {
    class Silent extends Handler {
      override onPing() {}
    }
    return Silent;
  });
  const alice = client();
  await alice.open();
  const handler = await opened.next();
  const pings = Array.from({ length: 1000 }, () => '{"ping":""}');
  assert.equal((await alice.post({ seq: 1 }, pings)).status, 200);
  assert.equal(handler.bufferedAmount, 64_000);
  const { head } = await alice.post({ seq: 1001 }, pings);
  assert.equal(handler.bufferedAmount, 0, "nothing is kept for it");
  // It has none of those pongs, and is told so.
  const close = { code: 1013, reason: "SLOW_CONSUMER" };
  assert.deepEqual(head, { ack: 2000, close });
  assert.deepEqual((await alice.post({ poll: 1000 })).head, { ack: 2000, close });
  await alice.close();
  assert.equal(await calls.next(), "close 1013 SLOW_CONSUMER");
  await log.expect(/^1013 .* SLOW_CONSUMER: 100032 bytes/);
});

test("a session without a request for some time ends with 1006", async (context) => {
  const { client, calls, log } = await serveSessions(context, { fallback: { sessionTimeoutMs: 100 } });
  const alice = client();
  await alice.open();
  assert.equal(await calls.next(), "close 1006");
  const line = await log.expect(/^1006 POST \/ws .* SESSION_TIMEOUT: no request came for 100 ms/);
  assert.equal(line.level, "warn");
  assert.equal((await alice.post({})).status, 404);
  await takeWarnings(log);
});

test("a session whose stream was cut is idle from then on", async (context) => {
  const { client, calls, log } = await serveSessions(context, { fallback: { sessionTimeoutMs: 100 } });
  const stream = await client().stream({ transport: "sse" });
  await stream.session();
  stream.cut();
  assert.equal(await calls.next(), "close 1006");
  await log.expect(/^1006 POST \/ws .* over sse, .* SESSION_TIMEOUT/);
});

test("after its end a handler can send nothing, and waits for nothing", async (context) => {
  const { client, opened, app } = await serveSessions(context);
  const alice = client();
  await alice.open();
  const handler = await opened.next();
  handler.subscribe("all");
  handler.writeMessage("x".repeat(500_000));
  const drained = handler.drained();
  handler.close(1000);
  await Promise.all([drained, handler.drained()]);
  app.publish("all", "a");
  const sent = [handler.writeMessage("a"), handler.writeMessage(new Uint8Array(1)), handler.ping()];
  assert.deepEqual(sent, [false, false, false]);
  handler.close(4000);
  assert.deepEqual([handler.closeCode, handler.closeReason], [1000, ""]);
  const { records, head } = await alice.post({ poll: 0 });
  assert.deepEqual([records.length, head.close], [1, { code: 1000, reason: "" }]);
  await alice.close(1);
});

test("a session whose request is held or streamed is not idle", async (context) => {
  const settings = { fallback: { sessionTimeoutMs: 100, pollTimeoutMs: 20_000 } };
  const { client, calls, opened, log } = await serveSessions(context, settings);
  const alice = client();
  await alice.open({ transport: "long-polling" });
  const held = await alice.begin({ poll: 20_000 });
  const polling = await opened.next();
  const bob = client();
  const stream = await bob.stream({ transport: "sse" });
  bob.token = (await stream.session()).session ?? "";
  const streaming = await opened.next();
  const idle = client();
  await idle.open();
  // When a third one, which came last, has timed out, those would have been as well.
  assert.equal(await calls.next(), "close 1006");
  await log.expect(/SESSION_TIMEOUT/);
  polling.writeMessage("a");
  streaming.writeMessage("b");
  assert.deepEqual([(await held.answer).records, await stream.data()], [['"a"'], "b"]);
  await alice.close();
  await bob.close();
});

test("a server that closes waits for no client of a session, and tells those who can hear it", async (context) => {
  const { client, calls, opened, server } = await serveSessions(context);
  const held = client();
  await held.open();
  const poll = await held.begin({ poll: 20_000 });
  const streaming = client();
  const stream = await streaming.stream({ transport: "sse" });
  await stream.session();
  await client().open();
  for (let i = 0; i < 3; i++) (await opened.next()).writeMessage("last words");
  await poll.answer;
  const again = await held.begin({ ack: 1, poll: 20_000 });
  await held.post({ ack: 1 });
  const begun = performance.now();
  await server.close();
  // Far less than the time after which a server cuts who is left.
  assert.ok(performance.now() - begun < 3000);
  const close = { code: 1001, reason: "SERVER_CLOSING" };
  assert.deepEqual((await again.answer).head, { ack: 0, close });
  assert.equal(await stream.data(), "last words");
  assert.deepEqual(JSON.parse(await stream.data("close")), close);
  for (let i = 0; i < 3; i++) assert.equal(await calls.next(), "close 1001 SERVER_CLOSING");
});
