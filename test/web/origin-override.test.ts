import assert from "node:assert/strict";
import { test } from "node:test";
import { WebSocketHandler } from "../../src/index.ts";
import { TestClient } from "../../src/testing/index.ts";
import { runApplication } from "../support/run-application.ts";

const elsewhere = "https://elsewhere.example";

/** What an override of checkOrigin can return, or throw; whether that lets in. */
const overrides: readonly (readonly [name: string, answer: () => unknown, allowed: boolean])[] = [
  ["true", () => true, true],
  ["a promise of true", () => Promise.resolve(true), true],
  ["false", () => false, false],
  ["a promise of false", () => Promise.resolve(false), false],
  ["undefined, where the return was forgotten", () => undefined, false],
  // Only true lets in: a program that returns one of these has a mistake, and a mistake must not open the door.
  ["1", () => 1, false],
  ["a string", () => "yes", false],
  ["an object", () => ({}), false],
  ["new Boolean(true)", () => Object(true) as unknown, false],
  ["a function", () => () => true, false],
  ["a promise of a promise-like object", () => Promise.resolve({ allowed: true }), false],
];

for (const [name, answer, allowed] of overrides) {
  test(`checkOrigin that returns ${name} ${allowed ? "lets in" : "refuses"}`, async (context) => {
    const asked: string[] = [];
    class Deciding extends WebSocketHandler {
      override checkOrigin(origin: string) {
        asked.push(origin);
        return answer() as boolean;
      }
      override prepare() {
        assert.ok(allowed, "no hook runs after the refusal");
      }
    }
    const { at, log } = await runApplication(context, [["/ws", Deciding]]);
    if (allowed) {
      const client = await TestClient.connect(at("/ws"), { origin: elsewhere });
      await client.close();
      await log.expect(/^101 GET \/ws/);
    } else {
      const refusal = await TestClient.refusal(at("/ws"), { origin: elsewhere });
      assert.equal(refusal.status, 403);
      assert.equal(
        refusal.body,
        "403: Forbidden\nWS_ORIGIN_REFUSED: This origin may not open a WebSocket here.\n",
      );
      await log.expect(/^403 GET \/ws/);
      await log.expect(/^WS_ORIGIN_REFUSED {2}Origin https:\/\/elsewhere\.example may not open/);
    }
    assert.deepEqual(asked, [elsewhere]);
  });
}

for (const how of ["sync", "async"] as const) {
  test(`checkOrigin that throws (${how}) refuses with 500, and the reason is only in the log`, async (context) => {
    class Broken extends WebSocketHandler {
      override checkOrigin(): boolean | Promise<boolean> {
        const error = new Error("the list of tenants is gone");
        if (how === "sync") throw error;
        return Promise.reject(error);
      }
    }
    const { at, log } = await runApplication(context, [["/ws", Broken]]);
    const refusal = await TestClient.refusal(at("/ws"), { origin: elsewhere });
    assert.equal(refusal.status, 500);
    assert.doesNotMatch(refusal.body, /tenants/);
    await log.expect(/^Uncaught exception GET \/ws [\s\S]*the list of tenants is gone/);
    assert.equal((await log.expect(/^500 GET \/ws/)).level, "error");
  });
}

test("an override may ask the default first, and knows the request and its parameters", async (context) => {
  class Tenant extends WebSocketHandler<{ tenant: string }> {
    override checkOrigin(origin: string) {
      // The default is sync, but its type allows both.
      const own = super.checkOrigin(origin) === true;
      return own || origin === `https://${this.params.tenant}.example`;
    }
  }
  const { server, at, log } = await runApplication(context, [["/:tenant", Tenant]]);
  for (const origin of [server.url, "https://acme.example"]) {
    await (await TestClient.connect(at("/acme"), { origin })).close();
  }
  assert.equal((await TestClient.refusal(at("/other"), { origin: "https://acme.example" })).status, 403);
  await log.expect(/^403 GET \/other/);
  await log.expect(/^WS_ORIGIN_REFUSED/);
});

test("without an Origin checkOrigin is not asked: only browsers send one, and only they can be misled", async (context) => {
  class Strict extends WebSocketHandler {
    override checkOrigin(): boolean {
      throw new Error("must not be called");
    }
  }
  const { at, log } = await runApplication(context, [["/ws", Strict]]);
  await (await TestClient.connect(at("/ws"))).close();
  await log.expect(/^101 /);
  // An empty Origin is an Origin.
  assert.equal((await TestClient.refusal(at("/ws"), { origin: "" })).status, 500);
  await log.expect(/^Uncaught exception/);
  await log.expect(/^500 /);
});
