import assert from "node:assert/strict";
import { test } from "node:test";
import { HttpError } from "../../src/index.ts";
import type { RawResponse } from "../support/raw-http.ts";
import { request } from "../support/raw-http.ts";
import { takeWarnings } from "../support/run-application.ts";
import { serveSessions } from "../support/serve-sessions.ts";
import { EventStream, post, sessionBody } from "../support/session-client.ts";

const app = "https://app.example.com";
const evil = "https://evil.example.com";
const opening = sessionBody({ transport: "polling" });
const settings = { allowedOrigins: [app] };

/** Asserts that the page may read the answer, or that it may not. */
function assertReadable(response: RawResponse, origin: string | undefined): void {
  const { header } = response;
  assert.equal(header("access-control-allow-origin"), origin);
  assert.equal(header("access-control-allow-credentials"), origin && "true");
  assert.equal(header("access-control-expose-headers"), origin && "Retry-After");
  if (origin !== undefined) assert.equal(header("vary"), "Origin");
}

test("a page of an allowed origin may read every answer, and of no other one any", async (context) => {
  const { server, client, log, opened } = await serveSessions(context, settings);
  const alice = client([`Origin: ${app}`]);
  assertReadable((await alice.open()).response, app);
  (await opened.next()).writeMessage("a");
  assertReadable((await alice.post({ poll: 0 })).response, app);
  assertReadable((await alice.post({ ack: 9 })).response, app);
  assertReadable((await post(server, "/ws", "{}", [`Origin: ${app}`])), app); // prettier-ignore
  assertReadable((await alice.close(1), await alice.post({})).response, app);
  for (const origin of [evil, "null", "http://app.example.com", "https://app.example.com:444", ""]) {
    for (const body of [opening, "{}", sessionBody({ session: "a.b" })]) {
      const refused = await post(server, "/ws", body, [`Origin: ${origin}`]);
      assert.equal(refused.status, 403, `${origin} ${body}`);
      assertReadable(refused, undefined);
    }
  }
  await takeWarnings(log);
});

test("in debug mode a page may read why it is refused", async (context) => {
  const { server, log } = await serveSessions(context, { ...settings, debug: true });
  const refused = await post(server, "/ws", opening, [`Origin: ${evil}`]);
  assert.equal(refused.status, 403);
  assert.match(refused.text, /^WS_ORIGIN_REFUSED: /m);
  assertReadable(refused, evil);
  await takeWarnings(log);
});

test("a page may read what its handler refuses it for", async (context) => {
  const { server, client, log } = await serveSessions(context, settings, (Handler) => {
    class Closed extends Handler {
      override prepare() {
        throw new HttpError(401, "no ticket", { headers: { "WWW-Authenticate": "Ticket" } });
      }
    }
    return Closed;
  });
  const refused = await post(server, "/ws", opening, [`Origin: ${app}`]);
  assert.deepEqual([refused.status, refused.header("www-authenticate")], [401, "Ticket"]);
  assertReadable(refused, app);
  const listening = await EventStream.open(server, "GET", "/ws", ["Accept: text/event-stream", `Origin: ${app}`]); // prettier-ignore
  assert.deepEqual([listening.status, listening.header("access-control-allow-origin")], [401, app]);
  // Nobody can be told what an origin that is refused would have been refused for.
  assert.equal((await post(server, "/ws", opening, [`Origin: ${evil}`])).status, 403);
  assert.equal((await client().open({ transport: "polling" })).status, 401);
  await takeWarnings(log);
});

test("a preflight is answered for an allowed origin, for two hours, and for no other", async (context) => {
  const { server, log, opened } = await serveSessions(context, settings);
  const ask = (origin: string, ...lines: string[]): Promise<RawResponse> =>
    request(server, "OPTIONS", "/ws", [`Origin: ${origin}`, "Access-Control-Request-Method: POST", ...lines]);
  const plain = await ask(app);
  assert.deepEqual([plain.status, plain.header("access-control-allow-methods")], [204, "GET, POST"]);
  assert.equal(plain.header("access-control-max-age"), "7200");
  assert.equal(plain.header("access-control-allow-headers"), undefined);
  assertReadable(plain, app);
  const asking = await ask(app, "Access-Control-Request-Headers: authorization,x-y");
  assert.equal(asking.header("access-control-allow-headers"), "authorization,x-y");
  const refused = await ask(evil, "Access-Control-Request-Headers: authorization");
  assert.equal(refused.status, 403);
  assert.equal(refused.header("access-control-allow-headers"), undefined);
  assertReadable(refused, undefined);
  await takeWarnings(log);
  await request(server, "OPTIONS", "/ws");
  assert.equal(await Promise.race([opened.next(), Promise.resolve("none")]), "none", "nothing is opened");
});

test("a request of another site whose origin is not told is refused", async (context) => {
  const { server, log, opened } = await serveSessions(context, settings);
  const listen = (...lines: string[]): Promise<EventStream> =>
    EventStream.open(server, "GET", "/ws", ["Accept: text/event-stream", ...lines]);
  for (const site of ["cross-site", "same-site"]) {
    assert.equal((await listen(`Sec-Fetch-Site: ${site}`)).status, 403);
    assert.equal((await post(server, "/ws", opening, [`Sec-Fetch-Site: ${site}`])).status, 403);
    assert.equal((await listen(`Sec-Fetch-Site: ${site}`, `Origin: ${app}`)).status, 200);
    await opened.next();
  }
  for (const site of ["same-origin", "none"]) {
    const { status } = await listen(`Sec-Fetch-Site: ${site}`);
    assert.equal(status, 200);
    await opened.next();
  }
  await takeWarnings(log);
});

test("a session is of the origin that opened it, the server's own named or not", async (context) => {
  const { server, client, log } = await serveSessions(context, { allowedOrigins: [app, evil] });
  const own = "http://localhost";
  const alice = client();
  await alice.open();
  const poll = sessionBody({ session: alice.token });
  assert.equal((await post(server, "/ws", poll, [`Origin: ${own}`])).status, 200);
  assert.equal((await post(server, "/ws", poll, [`Origin: ${app}`])).status, 404);
  const bob = client([`Origin: ${app}`]);
  await bob.open();
  const other = sessionBody({ session: bob.token });
  for (const lines of [[], [`Origin: ${evil}`], [`Origin: ${own}`]]) {
    assert.equal((await post(server, "/ws", other, lines)).status, 404);
  }
  assert.equal((await bob.post({})).status, 200);
  await takeWarnings(log);
});
