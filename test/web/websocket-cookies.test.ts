/** Cookies of handlers that are no pages: on the 101 of a WebSocket, and on the answer that opens a session. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { WaterspoutError, WebSocketHandler } from "../../src/index.ts";
import { TestClient } from "../../src/testing/index.ts";
import { deferred } from "../support/deferred.ts";
import { allTransports, postSession } from "../support/fallback.ts";
import { get } from "../support/raw-http.ts";
import { runApplication } from "../support/run-application.ts";

class Greets extends WebSocketHandler {
  override async getCurrentUser() {
    return Promise.resolve(this.getSignedCookie("user"));
  }
  override prepare() {
    this.setHeader("Set-Cookie", "raw=1");
    this.setCookie("seen", "yes", { httpOnly: true });
    this.setSignedCookie("user", `${String(this.currentUser)}!`);
  }
  override open() {
    this.writeMessage(`hello ${String(this.currentUser)}`);
  }
}

const settings = { cookieSecret: "a secret" };
const expected = [
  /^raw=1$/,
  /^seen=yes; Path=\/; HttpOnly; SameSite=Lax$/,
  /^user=2\|1:0\|.*; Path=\/; Expires=.*; HttpOnly; SameSite=Lax$/,
];

function checkCookies(cookies: readonly string[]): void {
  assert.equal(cookies.length, expected.length, cookies.join("\n"));
  for (const [at, pattern] of expected.entries()) assert.match(cookies[at] ?? "", pattern);
}

test("the answer to a handshake sets cookies, and the next handshake brings them", async (context) => {
  const { at } = await runApplication(context, [["/ws", Greets]], settings);
  const first = await TestClient.connect(at("/ws"));
  assert.equal(await first.nextMessage(), "hello null");
  const cookies = first.headers["set-cookie"] as readonly string[];
  checkCookies(cookies);
  await first.close();
  const cookie = cookies.map((each) => each.split(";", 1)[0]).join("; ");
  const second = await TestClient.connect(at("/ws"), { headers: { cookie } });
  assert.equal(await second.nextMessage(), "hello null!");
  await second.close();
});

for (const transport of ["long-polling", "polling"]) {
  test(`the answer that opens a session of ${transport} sets cookies, later ones do not`, async (context) => {
    const { server } = await runApplication(
      context,
      [["/ws", Greets, { transports: allTransports }]],
      settings,
    );
    const opened = await postSession(server, "/ws", { transport, key: "k".repeat(16), poll: 0 });
    assert.equal(opened.status, 200);
    checkCookies(opened.headers.get("set-cookie") ?? []);
    const { session } = JSON.parse(opened.text.split("\n", 1)[0] ?? "") as { readonly session: string };
    const closed = await postSession(server, "/ws", { session, ack: 1, close: { code: 1000 } });
    assert.equal(closed.status, 200);
    assert.equal(closed.headers.get("set-cookie"), undefined);
  });
}

test("a refused handshake sets none", async (context) => {
  class Refuses extends Greets {
    override selectSubprotocol(): string {
      return "never offered";
    }
  }
  const { server, log } = await runApplication(context, [["/ws", Refuses]], settings);
  const refusal = await TestClient.refusal(`${server.url}/ws`);
  assert.equal(refusal.headers["set-cookie"], undefined);
  await log.expect(/^500 GET/);
  await log.expect(/WS_SUBPROTOCOL_NOT_OFFERED/);
  assert.equal((await get(server, "/ws")).status, 426);
  await log.expect(/^426 GET/);
  await log.expect(/WS_UPGRADE_REQUIRED/);
});

test("once the connection is open cookies are too late, but can be read", async (context) => {
  const caught = deferred<unknown>();
  class Late extends WebSocketHandler {
    override open() {
      this.writeMessage(this.getCookie("a", "none"));
      try {
        this.setCookie("a", "1");
      } catch (error) {
        caught.resolve(error);
      }
    }
  }
  const { at } = await runApplication(context, [["/ws", Late]]);
  const client = await TestClient.connect(at("/ws"), { headers: { cookie: "a=x" } });
  assert.equal(await client.nextMessage(), "x");
  const error = await caught.promise;
  assert.ok(error instanceof WaterspoutError);
  assert.equal(error.code, "HEADERS_SENT");
  await client.close();
});
