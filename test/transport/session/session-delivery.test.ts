import assert from "node:assert/strict";
import { test } from "node:test";
import { serveSessions } from "../../support/serve-sessions.ts";
import { takeWarnings } from "../../support/run-application.ts";
import { deferred } from "../../support/deferred.ts";

test("an opening tells the token and what was agreed on, and brings and takes records", async (context) => {
  const { client, calls, opened } = await serveSessions(context, { websocket: { highWaterMarkBytes: 1001 } });
  const alice = client();
  const { head, records, response } = await alice.open({ transport: "polling", poll: 0, seq: 1 }, [
    '"hello"',
  ]);
  const { session, ...others } = head;
  assert.match(session ?? "", /^[\w-]{12}\.[\w-]{24}$/);
  assert.deepEqual(others, {
    ack: 1,
    subprotocol: "",
    sessionTimeoutMs: 30_000,
    pollTimeoutMs: 25_000,
    heartbeatMs: 15_000,
    ackBytes: 251,
  });
  assert.deepEqual(records, []);
  assert.equal(response.header("content-type"), "application/x-ndjson; charset=utf-8");
  assert.equal(response.header("cache-control"), "no-store, no-transform");
  assert.equal(response.header("x-content-type-options"), "nosniff");
  assert.equal(await calls.next(), "text hello");
  assert.equal((await opened.next()).transport, "polling");
  await alice.close();
});

test("an answer that is lost is given again, until it is acknowledged", async (context) => {
  const { client, opened } = await serveSessions(context);
  const alice = client();
  await alice.open();
  const handler = await opened.next();
  handler.writeMessage("a");
  handler.writeMessage(new Uint8Array([0, 1, 2]));
  for (let i = 0; i < 2; i++) {
    const { head, records } = await alice.post({ poll: 1000 });
    assert.deepEqual([head, records], [{ ack: 0, seq: 1 }, ['"a"', '{"binary":"AAEC"}']]);
  }
  // What is acknowledged in part comes in part, and behind it what is new.
  handler.writeMessage("c\nd");
  const rest = await alice.post({ ack: 1, poll: 0 });
  assert.deepEqual([rest.head, rest.records], [{ ack: 0, seq: 2 }, ['{"binary":"AAEC"}', String.raw`"c\nd"`]]); // prettier-ignore
  assert.equal(handler.bufferedAmount, 3 + 3 + 2 * 64);
  const none = await alice.post({ ack: 3, poll: 0 });
  assert.deepEqual([none.head, none.records], [{ ack: 0 }, []]);
  assert.equal(handler.bufferedAmount, 0);
  // A request that was late: what it asks for is acknowledged already.
  const late = await alice.post({ ack: 1, poll: 0 });
  assert.deepEqual([late.head, late.records], [{ ack: 0 }, []]);
  await alice.close(3);
});

test("records that are repeated, overtake each other or leave a gap are handed on in order and once", async (context) => {
  const { client, calls } = await serveSessions(context);
  const alice = client();
  await alice.open();
  const send = async (seq: number, ...records: string[]): Promise<number> =>
    (await alice.post({ seq }, records)).head.ack;
  assert.equal(await send(1, '"a"', '"b"'), 2);
  assert.equal(await send(1, '"a"', '"b"'), 2, "the answer was lost");
  assert.equal(await send(4, '"d"'), 2, "it overtook what stands before it");
  assert.equal(await send(2, '"b"', '"c"'), 3);
  assert.equal(await send(4, '"d"', '{"binary":"/w=="}', '{"ping":"cA=="}', '{"pong":"cQ=="}'), 7);
  const seen: string[] = [];
  for (let i = 0; i < 7; i++) seen.push(await calls.next());
  assert.deepEqual(seen, ["text a", "text b", "text c", "text d", "binary ff", "ping 70", "pong 71"]);
  const { records } = await alice.post({ poll: 0 });
  assert.deepEqual(records, ['{"pong":"cA=="}'], "a ping is answered");
  await alice.close(1);
});

test("the same request many times at once is taken once", async (context) => {
  const { client, calls } = await serveSessions(context);
  const alice = client();
  await alice.open();
  const answers = await Promise.all(Array.from({ length: 10 }, () => alice.post({ seq: 1 }, ['"a"', '"b"'])));
  assert.deepEqual(answers.map(({ head }) => head), Array.from({ length: 10 }, () => ({ ack: 2 }))); // prettier-ignore
  await alice.post({ seq: 3 }, ['"c"']);
  assert.deepEqual([await calls.next(), await calls.next(), await calls.next()], ["text a", "text b", "text c"]); // prettier-ignore
  await alice.close();
});

test("a poll is held until there is something, and then has all that was written in that turn", async (context) => {
  const { client, opened, app } = await serveSessions(context);
  const alice = client();
  await alice.open();
  const handler = await opened.next();
  handler.subscribe("all");
  const held = await alice.begin({ poll: 20_000 });
  await alice.post({});
  handler.writeMessage("a");
  app.publish("all", "b");
  handler.ping("c");
  const { head, records } = await held.answer;
  assert.deepEqual([head, records], [{ ack: 0, seq: 1 }, ['"a"', '"b"', '{"ping":"Yw=="}']]);
  await alice.close(3);
});

test("what brings records is answered at once, with records only if it asks for them", async (context) => {
  const { client, opened } = await serveSessions(context);
  const alice = client();
  await alice.open();
  const handler = await opened.next();
  assert.deepEqual((await alice.post({ seq: 1, poll: 20_000 }, ['"a"'])).head, { ack: 1 });
  handler.writeMessage("x");
  assert.deepEqual((await alice.post({ seq: 2 }, ['"b"'])).records, []);
  assert.deepEqual((await alice.post({ seq: 3, poll: 20_000 }, ['"c"'])).records, ['"x"']);
  await alice.close(1);
});

test("two polls are held at a time, and a third one has the oldest answered", async (context) => {
  const { client, opened } = await serveSessions(context);
  const alice = client();
  await alice.open();
  const handler = await opened.next();
  const first = await alice.begin({ poll: 20_000 });
  await alice.post({});
  const second = await alice.begin({ poll: 20_000 });
  await alice.post({ poll: 0 });
  const third = await alice.begin({ poll: 20_000 });
  assert.deepEqual((await first.answer).records, []);
  handler.writeMessage("a");
  assert.deepEqual((await second.answer).records, ['"a"']);
  assert.deepEqual((await third.answer).records, ['"a"'], "whoever repeats a request gets its answer");
  await alice.close(1);
});

test("a poll whose client has left is held no longer, also where it opened the session after a while", async (context) => {
  const prepared = deferred();
  const { client, opened } = await serveSessions(context, {}, (Handler) => {
    class Slow extends Handler {
      override prepare() {
        return prepared.promise;
      }
    }
    return Slow;
  });
  const alice = client();
  const opening = await alice.begin({ transport: "long-polling", key: "0123456789abcdef", poll: 20_000 });
  setImmediate(prepared.resolve);
  const handler = await opened.next();
  opening.cut();
  await alice.open({ transport: "long-polling", key: "0123456789abcdef", poll: 0 });
  assert.equal(handler.signal.aborted, false, "the session goes on");
  for (let i = 0; i < 2; i++) {
    const lost = await alice.begin({ poll: 20_000 });
    await alice.post({});
    lost.cut();
    await alice.post({});
  }
  const held = [await alice.begin({ poll: 20_000 }), await alice.begin({ poll: 20_000 })];
  await alice.post({});
  handler.writeMessage("a");
  // Had the others still been held, one of these would have been answered with nothing.
  for (const { answer } of held) assert.deepEqual((await answer).records, ['"a"']);
  await alice.close(1);
});

test("a poll is held no longer than the setting says", async (context) => {
  const { client } = await serveSessions(context, { fallback: { pollTimeoutMs: 100 } });
  const alice = client();
  await alice.open();
  assert.deepEqual((await alice.post({ poll: 60_000 })).head, { ack: 0 });
  await alice.close();
});

test("a request that a slow handler does not take is held, and then acknowledged in part", async (context) => {
  const working = deferred();
  const { client, calls } = await serveSessions(
    context,
    { websocket: { maxQueuedMessages: 2 }, fallback: { pollTimeoutMs: 300 } },
    (Handler) => {
      class Slow extends Handler {
        override async onMessage(message: string | Uint8Array) {
          await super.onMessage(message);
          await working.promise;
          this.writeMessage(message);
        }
      }
      return Slow;
    },
  );
  const alice = client();
  await alice.open();
  // One is with the handler, two wait for it.
  const held = await alice.begin({ seq: 1 }, ['"a"', '"b"', '"c"', '"d"', '"e"']);
  assert.equal(await calls.next(), "text a");
  const newer = await alice.begin({ seq: 3 }, ['"c"', '"d"', '"e"']);
  // The one is answered since the other repeats it; the other when it has been held for long enough.
  assert.deepEqual((await held.answer).head, { ack: 3 });
  assert.deepEqual((await newer.answer).head, { ack: 3 });
  const last = await alice.begin({ seq: 4 }, ['"d"', '"e"']);
  await alice.post({ poll: 0 });
  working.resolve();
  assert.deepEqual((await last.answer).head, { ack: 5 });
  assert.deepEqual((await alice.post({ poll: 1000 })).records, ['"a"', '"b"', '"c"', '"d"', '"e"']);
  await alice.close(5);
});

test("a poll beside a request that is held does not have it answered", async (context) => {
  const working = deferred();
  const { client, calls } = await serveSessions(
    context,
    { websocket: { maxQueuedMessages: 1 } },
    (Handler) => {
      class Slow extends Handler {
        override async onMessage(message: string | Uint8Array) {
          await super.onMessage(message);
          await working.promise;
        }
      }
      return Slow;
    },
  );
  const alice = client();
  await alice.open();
  const held = await alice.begin({ seq: 1 }, ['"a"', '"b"', '"c"']);
  assert.equal(await calls.next(), "text a");
  assert.deepEqual((await alice.post({ poll: 0 })).head, { ack: 2 });
  assert.deepEqual((await alice.post({})).head, { ack: 2 });
  working.resolve();
  assert.deepEqual((await held.answer).head, { ack: 3 });
  await alice.close();
});

test("who acknowledges what was never sent is refused, and the session goes on", async (context) => {
  const { client, opened, log } = await serveSessions(context);
  const alice = client();
  await alice.open();
  (await opened.next()).writeMessage("a");
  assert.equal((await alice.post({ ack: 2, poll: 0 })).status, 400);
  assert.match((await takeWarnings(log)).join("\n"), /ack is 2, but no more than 1 records have been sent/);
  assert.deepEqual((await alice.post({ ack: 0, poll: 0 })).records, ['"a"']);
  await alice.close(1);
});

test("who polls gets no stream, and who has a stream no polls", async (context) => {
  const { client, opened, log } = await serveSessions(context);
  const alice = client();
  await alice.open({ transport: "long-polling" });
  await opened.next();
  const refused = await alice.stream({ ack: 0 });
  assert.equal(refused.status, 400);
  assert.match((await takeWarnings(log)).join("\n"), /a session of long-polling has no streams/);
  await alice.close();

  const bob = client();
  await bob.open({ transport: "sse" });
  await opened.next();
  assert.equal((await bob.post({ poll: 0 })).status, 400);
  await takeWarnings(log);
  await bob.close();

  for (const [head, asStream] of [
    [{ transport: "polling" }, true],
    [{ transport: "sse", poll: 0 }, false],
  ] as const) {
    const { status } = asStream ? await client().stream(head) : await client().post(head);
    assert.equal(status, 400);
    await takeWarnings(log);
  }
});

test("half of a pair that stands alone becomes U+FFFD, as it does in a browser", async (context) => {
  const { client, opened } = await serveSessions(context);
  const alice = client();
  await alice.open();
  (await opened.next()).writeMessage("a\ud800");
  assert.deepEqual((await alice.post({ poll: 0 })).records, ['"a\ufffd"']);
  await alice.close(1);
});
