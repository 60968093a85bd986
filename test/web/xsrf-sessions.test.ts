/** With `xsrfCookies`, what opens or uses a session is protected by its Origin and its secret, and asks for no token. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { WebSocketHandler } from "../../src/index.ts";
import { TestClient } from "../../src/testing/index.ts";
import { allTransports, postSession, tokenOf } from "../support/fallback.ts";
import { runApplication } from "../support/run-application.ts";

const opened: string[] = [];
const messages: (string | Uint8Array)[] = [];

class Echo extends WebSocketHandler {
  override open() {
    opened.push(this.transport);
  }
  override onMessage(message: string | Uint8Array) {
    messages.push(message);
    this.writeMessage(message);
  }
}

const routes = [["/ws", Echo, { transports: allTransports }]] as const;
const opening = { transport: "polling", key: "k".repeat(16), poll: 0 };
const evil = "Origin: http://evil.example";

test("a session is opened and used from an origin that is allowed, without a token", async (context) => {
  const settings = { xsrfCookies: true, allowedOrigins: ["https://other.example"] };
  const { server } = await runApplication(context, routes, settings);
  for (const line of [`Origin: http://localhost:${server.port}`, "Origin: https://other.example"]) {
    messages.length = 0;
    const lines = [line, "Sec-Fetch-Site: cross-site"];
    const answer = await postSession(
      server,
      "/ws",
      { ...opening, key: `${"k".repeat(16)}${line.length}` },
      { lines },
    );
    assert.equal(answer.status, 200);
    const session = tokenOf(answer);
    const sent = await postSession(server, "/ws", { session, ack: 0, seq: 1 }, { lines, records: ["hello"] });
    assert.equal(sent.status, 200);
    assert.deepEqual(messages, ["hello"]);
    await postSession(server, "/ws", { session, ack: 1, close: {} }, { lines });
  }
});

test("from another site none is opened, by any transport, and no handler sees it", async (context) => {
  const { server, at, log } = await runApplication(context, routes, { xsrfCookies: true });
  opened.length = 0;
  const foreign = [
    [evil],
    [evil, "Sec-Fetch-Site: cross-site"],
    ["Sec-Fetch-Site: cross-site"],
    ["Origin: null"],
  ];
  for (const lines of foreign) {
    for (const transport of ["sse", "long-polling", "polling"]) {
      const { poll, ...rest } = opening;
      const [head, accept] =
        transport === "sse" ? [rest, ["Accept: text/event-stream"]] : [{ ...rest, poll }, []];
      const body = { ...head, transport };
      const refused = await postSession(server, "/ws", body, { lines: [...lines, ...accept] });
      assert.equal(refused.status, 403);
      await log.expect(/^403 POST/);
    }
  }
  assert.equal((await TestClient.refusal(at("/ws"), { origin: "http://evil.example" })).status, 403);
  await log.expect(/^403 GET/);
  // The same origin is explained once a minute.
  for (const origin of ["http://evil\\.example", "\\(not told, of another site\\)", "null"]) {
    await log.expect(new RegExp(`^WS_ORIGIN_REFUSED {2}Origin ${origin}`));
  }
  assert.deepEqual(opened, []);
});

test("a session cannot be used from another site, even by who knows its secret", async (context) => {
  const { server, log } = await runApplication(context, routes, { xsrfCookies: true });
  messages.length = 0;
  const lines = [`Origin: http://localhost:${server.port}`];
  const session = tokenOf(await postSession(server, "/ws", opening, { lines }));
  const head = { session, ack: 0, seq: 1 };
  const refused = await postSession(server, "/ws", head, { lines: [evil], records: ["forged"] });
  assert.equal(refused.status, 403);
  await log.expect(/^403 POST/);
  await log.expect(/WS_ORIGIN_REFUSED/);
  // Nor without the secret, which a page of another site could not read.
  const unknown = { ...head, session: `${session.slice(0, -2)}xx` };
  assert.equal((await postSession(server, "/ws", unknown, { lines, records: ["forged"] })).status, 404);
  await log.expect(/^404 POST/);
  await log.expect(/SESSION_UNKNOWN/);
  assert.deepEqual(messages, []);
  await postSession(server, "/ws", { session, ack: 0, close: {} }, { lines });
});

test("a client that is no browser needs no token either: nobody's cookies are sent without their will", async (context) => {
  const { server } = await runApplication(context, routes, { xsrfCookies: true });
  const answer = await postSession(server, "/ws", opening);
  assert.equal(answer.status, 200);
  await postSession(server, "/ws", { session: tokenOf(answer), ack: 0, close: {} });
});
