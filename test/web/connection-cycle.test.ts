import assert from "node:assert/strict";
import { test } from "node:test";
import { HttpError } from "../../src/index.ts";
import { Inbox } from "../../src/testing/inbox.ts";
import { deferred } from "../support/deferred.ts";
import { takeWarnings } from "../support/run-application.ts";
import { serveSessions } from "../support/serve-sessions.ts";

const key = "an-opening-of-the-test";

test("an opening with a key that is repeated opens one session, also while prepare is awaited", async (context) => {
  const preparing = new Inbox<unknown>();
  const prepared = deferred();
  const { client, opened, app } = await serveSessions(context, {}, (Handler) => {
    class Slow extends Handler {
      override async prepare() {
        preparing.add(this);
        await prepared.promise;
        this.setHeader("X-Handler", "yes");
      }
      override open() {
        this.subscribe("all");
        void super.open();
        this.writeMessage("hello");
      }
    }
    return Slow;
  });
  const alice = client();
  const openings = [];
  for (let i = 0; i < 4; i++) openings.push(await alice.begin({ transport: "polling", key, poll: 0 }));
  await preparing.next();
  openings[1]?.cut();
  prepared.resolve();
  const [first, , third, fourth] = openings;
  const heads = await Promise.all([first, third, fourth].map(async (each) => (await each?.answer)?.head));
  const [{ session } = {}] = heads;
  assert.deepEqual(heads.map((head) => head?.session), [session, session, session]); // prettier-ignore
  await opened.next();
  alice.token = session ?? "";
  // Also later, and with what it has not acknowledged.
  app.publish("all", "more");
  const again = await alice.post({ transport: "polling", key, poll: 0 });
  assert.deepEqual([again.head.session, again.records], [session, ['"hello"', '"more"']]);
  const other = client();
  const { head } = await other.open({ transport: "polling", key: `${key}2`, poll: 0 });
  assert.notEqual(head.session, session);
  assert.ok((await opened.next()).isOpen);
  await other.close();
  await alice.close();
  // When it is over, a repeated opening does not open another one.
  const late = await alice.post({ transport: "polling", key });
  assert.deepEqual([late.head.session, late.head.close], [session, {}]);
});

test("of openings with one key that wait for one that is refused, one is tried at a time", async (context) => {
  const answers = [deferred<boolean>(), deferred<boolean>(), deferred<boolean>()];
  let asked = 0;
  const begun = new Inbox<number>();
  const { client, opened, log } = await serveSessions(context, {}, (Handler) => {
    class Moody extends Handler {
      override async prepare() {
        const at = asked++;
        begun.add(at);
        if ((await answers[at]?.promise) !== true) throw new HttpError(403);
      }
    }
    return Moody;
  });
  const alice = client();
  const openings = [];
  for (let i = 0; i < 4; i++) openings.push(await alice.begin({ transport: "polling", key }));
  await begun.next();
  // All of them are here: one that came after them is answered.
  const other = await client().begin({ transport: "polling", key: `${key}2` });
  assert.equal(await begun.next(), 1);
  answers[0]?.resolve(false);
  assert.equal(await begun.next(), 2);
  answers[1]?.resolve(false);
  assert.equal((await other.answer).status, 403);
  answers[2]?.resolve(true);
  const all = await Promise.all(openings.map(({ answer }) => answer));
  assert.deepEqual(
    all.map(({ status }) => status).toSorted((a, b) => a - b),
    [200, 200, 200, 403],
  );
  assert.equal(new Set(all.map(({ head }) => head.session)).size, 2, "one session, and none of the refused");
  assert.equal(asked, 3);
  await opened.next();
  await takeWarnings(log);
});

test("who leaves while prepare is awaited opens no session", async (context) => {
  const prepared = deferred();
  const aborted = deferred();
  const { client, opened } = await serveSessions(context, {}, (Handler) => {
    class Slow extends Handler {
      override async prepare() {
        if (this.request.header("x-slow") === undefined) return;
        this.signal.addEventListener("abort", () => aborted.resolve());
        opening.cut();
        await prepared.promise;
      }
    }
    return Slow;
  });
  const opening = await client(["X-Slow: yes"]).begin({ transport: "polling" });
  await aborted.promise;
  prepared.resolve();
  const alice = client();
  await alice.open();
  assert.equal((await opened.next()).request.header("x-slow"), undefined);
  await alice.close();
});

test("more sessions than may be are refused with 503, those counted that are being opened", async (context) => {
  const begun = new Inbox<unknown>();
  const prepared = deferred();
  const { client, log } = await serveSessions(context, { fallback: { maxSessions: 2 } }, (Handler) => {
    class Slow extends Handler {
      override async prepare() {
        begun.add(this);
        await prepared.promise;
      }
    }
    return Slow;
  });
  const [alice, bob, carol] = [client(), client(), client(["Origin: http://localhost"])];
  const opening = await alice.begin({ transport: "polling" });
  await begun.next();
  const second = await bob.begin({ transport: "polling", key });
  await begun.next();
  const refused = await carol.open();
  assert.equal(refused.status, 503);
  assert.match(refused.response.text, /^SESSIONS_TOO_MANY: /m);
  assert.equal(refused.response.header("retry-after"), "5");
  assert.equal(refused.response.header("access-control-allow-origin"), "http://localhost");
  prepared.resolve();
  alice.token = (await opening.answer).head.session ?? "";
  bob.token = (await second.answer).head.session ?? "";
  assert.equal(
    (await bob.post({ transport: "polling", key })).status,
    200,
    "a repeated opening is no new one",
  );
  assert.equal((await carol.open()).status, 503);
  await alice.close();
  assert.equal((await carol.open()).status, 200);
  for (let i = 0; i < 2; i++) await log.expect(/^503 POST /);
  await takeWarnings(log);
});

test("what a handler sets for the answer stands on that of the opening, but for what the answer itself says", async (context) => {
  const { client } = await serveSessions(context, {}, (Handler) => {
    class Setting extends Handler {
      override prepare() {
        this.setHeader("X-Room", "7");
        this.setHeader("Content-Type", "text/html");
        this.setHeader("Cache-Control", "public");
        this.setHeader("Vary", "X-Room");
        this.setHeader("Set-Cookie", ["a=1", "b=2"]);
      }
    }
    return Setting;
  });
  const alice = client(["Origin: http://localhost"]);
  const { response } = await alice.open();
  assert.equal(response.header("x-room"), "7");
  assert.equal(response.headers.get("set-cookie")?.length, 2);
  assert.equal(response.header("content-type"), "application/x-ndjson; charset=utf-8");
  assert.equal(response.header("cache-control"), "no-store, no-transform");
  assert.match(response.headers.get("vary")?.join(", ") ?? "", /X-Room.*Origin/);
  const { response: later } = await alice.post({});
  assert.deepEqual([later.header("x-room"), later.header("set-cookie")], [undefined, undefined]);
  const stream = await client().stream({ transport: "sse" });
  assert.deepEqual([stream.header("x-room"), stream.header("content-type")], ["7", "text/event-stream; charset=utf-8"]); // prettier-ignore
  await alice.close();
});

test("a session has one line when it is opened and one when it is over; its requests are worth a debug line", async (context) => {
  const { client, log } = await serveSessions(context);
  const alice = client();
  const stream = await alice.stream({ transport: "sse" });
  alice.token = (await stream.session()).session ?? "";
  await alice.post({ seq: 1 }, ['"é"']);
  await alice.post({ seq: 2, close: { code: 1000, reason: "done" } }, ['"b"']);
  await stream.ended;
  const closed = await log.expect(/^1000 /);
  assert.match(
    closed.text,
    /^1000 POST \/ws \(127\.0\.0\.1\) closed after \d+\.\d\ds over sse, received 2 \(3 bytes\), sent 0 \(0 bytes\) "done"$/,
  );
  const levels = [];
  for (let i = 0; i < 3; i++) levels.push((await log.expect(/^200 POST \/ws \(127\.0\.0\.1\) \d+\.\d\dms$/)).level); // prettier-ignore
  assert.deepEqual(levels.toSorted(), ["debug", "debug", "info"]);
  assert.equal(log.lines.length, 0);
});

test("the subprotocol is agreed on as over a WebSocket", async (context) => {
  const { client, opened, log } = await serveSessions(context, {}, (Handler) => {
    class Choosing extends Handler {
      override selectSubprotocol(offered: readonly string[]) {
        return offered.includes("bad") ? "other" : offered.at(-1);
      }
    }
    return Choosing;
  });
  const alice = client();
  const { head } = await alice.open({ transport: "polling", subprotocols: ["a", "b", "waterspout.hello"] });
  assert.deepEqual([head.subprotocol, (await opened.next()).subprotocol], ["b", "b"]);
  await alice.close();
  assert.equal((await client().open({ transport: "polling", subprotocols: ["bad"] })).status, 500);
  await log.expect(/^500 /);
  await takeWarnings(log);
});
