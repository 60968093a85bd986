import assert from "node:assert/strict";
import { test } from "node:test";
import { HttpError } from "../../src/index.ts";
import { Inbox } from "../../src/testing/inbox.ts";
import { deferred } from "../support/deferred.ts";
import { takeWarnings } from "../support/run-application.ts";
import { serveSessions } from "../support/serve-sessions.ts";
import type { SessionClient } from "../support/session-client.ts";
import { EventStream } from "../support/session-client.ts";

const app = "https://app.example.com";

/** What a client gets that asks to be let in, by each transport that is no WebSocket: its status. */
const ways: Readonly<
  Record<string, (client: SessionClient, server: { readonly port: number }) => Promise<number>>
> = {
  polling: async (client) => (await client.open({ transport: "polling" })).status,
  "long-polling": async (client) => (await client.open({ transport: "long-polling" })).status,
  sse: async (client) => (await client.stream({ transport: "sse" })).status,
  EventSource: async (_client, server) =>
    (await EventStream.open(server, "GET", "/ws", ["Accept: text/event-stream", `Origin: ${app}`])).status,
};

for (const [name, enter] of Object.entries(ways)) {
  for (const isAsync of [false, true]) {
    test(`the hooks are called in their order, ${isAsync ? "awaited" : "not awaited"}, over ${name}`, async (context) => {
      const hooks: unknown[] = [];
      const { client, server, opened } = await serveSessions(context, {}, (Handler) => {
        const note = <Value>(what: string, value: Value): Value => {
          hooks.push(what);
          return (isAsync ? Promise.resolve(value) : value) as Value;
        };
        class Noting extends Handler {
          override initialize() {
            return note("initialize", undefined);
          }
          override checkOrigin(origin: string) {
            return note(`checkOrigin ${origin} ${this.transport}`, true);
          }
          override getCurrentUser() {
            return note("getCurrentUser", "alice") as never;
          }
          override prepare() {
            return note(`prepare ${String(this.currentUser)}`, undefined);
          }
          override selectSubprotocol(offered: readonly string[]) {
            return note(`selectSubprotocol ${offered.length}`, undefined);
          }
          override open() {
            hooks.push("open");
            return super.open();
          }
        }
        return Noting;
      });
      assert.equal(await enter(client([`Origin: ${app}`]), server), 200);
      const handler = await opened.next();
      const kind = name === "EventSource" ? "sse" : name;
      assert.equal(handler.transport, kind);
      assert.deepEqual(hooks, [
        "initialize",
        `checkOrigin ${app} ${kind}`,
        "getCurrentUser",
        "prepare alice",
        "selectSubprotocol 0",
        "open",
      ]);
    });
  }

  test(`any hook may refuse, over ${name}`, async (context) => {
    const hooks = ["initialize", "checkOrigin", "getCurrentUser", "prepare", "selectSubprotocol"] as const;
    for (const refusing of hooks) {
      const aborted: boolean[] = [];
      const { client, server, opened, log } = await serveSessions(context, {}, (Handler) => {
        class Refusing extends Handler {}
        // What the hook is does not matter here: it throws before it returns anything.
        Object.defineProperty(Refusing.prototype, refusing, {
          value(this: Refusing): never {
            this.signal.addEventListener("abort", () => aborted.push(true));
            throw new HttpError(418, "refused");
          },
        });
        if (refusing === "checkOrigin") return Refusing;
        return class Allowing extends Refusing {
          override checkOrigin() {
            return true;
          }
        };
      });
      assert.equal(await enter(client([`Origin: ${app}`]), server), 418, refusing);
      assert.equal(await Promise.race([opened.next(), Promise.resolve("none")]), "none");
      assert.deepEqual(aborted, [true], refusing);
      await takeWarnings(log);
    }
  });
}

test("nothing but true lets an origin in", async (context) => {
  for (const answer of [false, "yes", 1, {}, undefined, Promise.resolve(false), Promise.resolve("true")]) {
    const { client, log } = await serveSessions(context, {}, (Handler) => {
      class Careless extends Handler {
        override checkOrigin() {
          return answer as boolean;
        }
      }
      return Careless;
    });
    const { status, response } = await client([`Origin: ${app}`]).open();
    assert.deepEqual([status, response.header("access-control-allow-origin")], [403, undefined]);
    await takeWarnings(log);
  }
});

test("a handler that accepts messages of no kind that there is lets nobody in", async (context) => {
  const { client, log } = await serveSessions(context, {}, (Handler) => {
    class Wrong extends Handler {
      override readonly acceptedMessages = "json" as "text";
    }
    return Wrong;
  });
  assert.equal((await client().open()).status, 500);
  await log.expect(/^Uncaught exception [^]*acceptedMessages/);
  await log.expect(/^500 /);
});

test("a server that began to close while prepare was awaited lets nobody in", async (context) => {
  const begun = new Inbox<unknown>();
  const prepared = deferred();
  const { client, log, server } = await serveSessions(context, {}, (Handler) => {
    class Slow extends Handler {
      override prepare() {
        begun.add(this);
        return prepared.promise;
      }
    }
    return Slow;
  });
  const opening = await client().begin({ transport: "polling" });
  await begun.next();
  const closing = server.close();
  prepared.resolve();
  assert.equal((await opening.answer).status, 503);
  await closing;
  await log.expect(/^503 /);
  await takeWarnings(log);
});
