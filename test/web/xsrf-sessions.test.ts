/** What opens or uses a session is protected by its Origin and its secret; with `xsrfCookies`, by a token where there is no Origin. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { WebSocketHandler } from "../../src/index.ts";
import { TestClient } from "../../src/testing/index.ts";
import { allTransports, postSession, tokenOf } from "../support/fallback.ts";
import { post } from "../support/bodies.ts";
import { runApplication, takeWarnings } from "../support/run-application.ts";

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

test("whatever a page of another site can send to a session's URL is refused where it says so", async (context) => {
  const head = JSON.stringify(opening);
  const part = 'Content-Disposition: form-data; name="a"';
  const bodies: readonly (readonly [type: string, body: string])[] = [
    ["application/x-www-form-urlencoded", `session=${encodeURIComponent(head)}`],
    ["multipart/form-data; boundary=x", `--x\r\n${part}\r\n\r\n${head}\r\n--x--`],
    // A form has a "=" in what it sends as a text, which a record can hide.
    ["text/plain", `${JSON.stringify({ ...opening, seq: 1 })}\r\n"forged="\r\n`],
    ["text/plain;charset=UTF-8", `${head}\n`],
  ];
  for (const xsrfCookies of [true, false]) {
    const { server, log } = await runApplication(context, routes, { xsrfCookies });
    opened.length = 0;
    for (const [type, body] of bodies) {
      for (const line of [evil, "Origin: null", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site"]) {
        const response = await post(server, "/ws", type, body, [line, "Cookie: user=ada"]);
        assert.equal(response.status, 403, `${type} ${line}`);
        assert.deepEqual(opened, []);
      }
    }
    await takeWarnings(log);
  }
});

test("cookies without an Origin open a session with a token only, if the setting asks for it", async (context) => {
  const body = `${JSON.stringify({ ...opening, seq: 1 })}\r\n"forged="\r\n`;
  const token = "2|00000000|000102030405060708090a0b0c0d0e0f|1700000000";
  const other = "2|00000000|ff0102030405060708090a0b0c0d0e0f|1700000000";
  const cookie = `Cookie: user=ada; _xsrf=${token}`;
  for (const [lines, isOpen] of [
    [[cookie], false],
    [["Cookie: user=ada"], false],
    [[cookie, `X-Xsrftoken: ${other}`], false],
    [[cookie, `X-Xsrftoken: ${token}`], true],
    [[cookie, "Sec-Fetch-Site: same-origin"], true],
    [[], true],
  ] as const) {
    for (const xsrfCookies of [true, false]) {
      const { server, log } = await runApplication(context, routes, { xsrfCookies });
      opened.length = 0;
      messages.length = 0;
      const response = await post(server, "/ws", "text/plain", body, lines);
      const isExpected = isOpen || !xsrfCookies;
      assert.equal(response.status, isExpected ? 200 : 403, lines.join());
      assert.deepEqual(messages, isExpected ? ["forged="] : []);
      if (!isExpected) {
        await log.expect(/^403 POST/);
        await log.expect(/^XSRF_REFUSED .*it says neither Origin nor Sec-Fetch-Site, and/);
        assert.deepEqual(opened, []);
      } else {
        await postSession(server, "/ws", { session: tokenOf(response), ack: 0, close: {} });
      }
    }
  }
});

test("a handler that lets an origin in by its own rule is asked for no token", async (context) => {
  class Friendly extends Echo {
    override checkOrigin(origin: string) {
      return origin === "http://friend.example";
    }
  }
  const own = [["/ws", Friendly, { transports: allTransports }]] as const;
  const { server } = await runApplication(context, own, { xsrfCookies: true });
  const lines = ["Origin: http://friend.example", "Cookie: user=ada"];
  const answer = await postSession(server, "/ws", opening, { lines });
  assert.equal(answer.status, 200);
  await postSession(server, "/ws", { session: tokenOf(answer), ack: 0, close: {} }, { lines });
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
