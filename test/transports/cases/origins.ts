import assert from "node:assert/strict";
import { WebSocketHandler } from "../../../src/index.ts";
import { runArena } from "../arena.ts";
import type { BehaviourCase } from "../behaviour-suite.ts";

const elsewhere = "https://elsewhere.example";

/** What an override of checkOrigin can return; whether that lets in. */
const answers: readonly (readonly [name: string, answer: () => unknown, allowed: boolean])[] = [
  ["true", () => true, true],
  ["a promise of true", () => Promise.resolve(true), true],
  ["false", () => false, false],
  ["a promise of false", () => Promise.resolve(false), false],
  // Only true lets in: a program that returns one of these has a mistake, and a mistake must not open the door.
  ["undefined, where the return was forgotten", () => undefined, false],
  ["1", () => 1, false],
  ["a promise of an object", () => Promise.resolve({ allowed: true }), false],
];

function answerCase([name, answer, allowed]: (typeof answers)[number]): BehaviourCase {
  return {
    name: `checkOrigin that returns ${name} ${allowed ? "lets in" : "refuses"}`,
    async run(context, driver) {
      const asked: string[] = [];
      class Deciding extends WebSocketHandler {
        override checkOrigin(origin: string) {
          asked.push(origin);
          return answer() as boolean;
        }
        override prepare() {
          assert.ok(allowed, "no hook runs after the refusal");
        }
        override onMessage(message: string | Uint8Array) {
          this.writeMessage(message);
        }
      }
      const arena = await runArena(context, driver, Deciding);
      if (allowed) {
        const client = await arena.connect({ origin: elsewhere });
        await arena.log.expect(arena.opened());
        client.send("in");
        assert.equal(await client.nextMessage(), "in");
      } else {
        const refusal = await arena.refusal({ origin: elsewhere });
        assert.equal(refusal.status, 403);
        const words = "403: Forbidden\nWS_ORIGIN_REFUSED: This origin may not open a WebSocket here.\n";
        assert.equal(refusal.body, words);
        // A page that may not speak to the handler may not read why, either.
        assert.equal(refusal.headers["access-control-allow-origin"], undefined);
        await arena.log.expect(arena.opened("/ws", 403));
        await arena.log.expect(/^WS_ORIGIN_REFUSED {2}Origin https:\/\/elsewhere\.example may not open/);
      }
      assert.deepEqual(asked, [elsewhere]);
    },
  };
}

export const originCases: readonly BehaviourCase[] = [
  ...answers.map(answerCase),
  {
    name: "the server's own origin and those of allowedOrigins are let in, others are refused and explained",
    async run(context, driver) {
      class Echo extends WebSocketHandler {
        override onMessage(message: string | Uint8Array) {
          this.writeMessage(message);
        }
      }
      const allowedOrigins = ["https://app.example.com", "https://*.apps.example.com"];
      const arena = await runArena(context, driver, Echo, { allowedOrigins });
      for (const origin of [
        arena.server.url,
        "https://app.example.com",
        "https://one.apps.example.com",
        undefined,
      ]) {
        const client = await arena.connect(origin === undefined ? {} : { origin });
        client.send("in");
        assert.equal(await client.nextMessage(), "in");
        await client.close();
      }
      for (const origin of ["http://app.example.com", "https://apps.example.com", "null", ""]) {
        const { status, body } = await arena.refusal({ origin });
        assert.equal(status, 403, origin);
        assert.match(body, /WS_ORIGIN_REFUSED/);
        await arena.log.expect(arena.opened("/ws", 403));
        const { text } = await arena.log.expect(/^WS_ORIGIN_REFUSED {2}/);
        assert.ok(text.includes(`Origin ${origin === "" ? "(empty)" : origin} may not open`), text);
        assert.match(text, /\(same origin is http:\/\/127\.0\.0\.1:\d+\)\.\n +To allow it: .*override checkOrigin\(\)\.$/); // prettier-ignore
      }
    },
  },
  {
    name: "without an Origin checkOrigin is not asked: only browsers send one, and only they can be misled",
    async run(context, driver) {
      class Strict extends WebSocketHandler {
        override checkOrigin(): boolean {
          throw new Error("must not be called");
        }
      }
      const arena = await runArena(context, driver, Strict);
      await (await arena.connect()).close();
      await arena.log.expect(arena.opened());
    },
  },
  {
    name: "an override may ask the default first, and knows the request and its parameters",
    async run(context, driver) {
      class Tenant extends WebSocketHandler<{ tenant: string }> {
        override checkOrigin(origin: string) {
          const own = super.checkOrigin(origin) === true;
          return own || origin === `https://${this.params.tenant}.example`;
        }
      }
      const arena = await runArena(context, driver, { "/:tenant": Tenant });
      for (const origin of [arena.server.url, "https://acme.example"]) {
        await (await arena.connect({ origin }, "/acme")).close();
      }
      assert.equal((await arena.refusal({ origin: "https://acme.example" }, "/other")).status, 403);
      await arena.log.expect(arena.opened("/other", 403));
      await arena.log.expect(/^WS_ORIGIN_REFUSED/);
    },
  },
];
