import assert from "node:assert/strict";
import { HttpError, WebSocketHandler } from "../../../src/index.ts";
import { Inbox } from "../../../src/testing/inbox.ts";
import { runArena } from "../arena.ts";
import type { BehaviourCase } from "../behaviour-suite.ts";
import type { Client } from "../driver.ts";
import { openingRequest } from "../driver.ts";

export const signalCases: readonly BehaviourCase[] = [
  {
    name: "the signal is aborted when the connection closes: by the client, by us, by loss, by a rule, by failure",
    async run(context, driver) {
      const calls = new Inbox<string>();
      class Waiting extends WebSocketHandler {
        override readonly acceptedMessages = "text";
        override async onMessage(message: string | Uint8Array) {
          const { signal } = this;
          assert.equal(signal, this.signal, "one signal for the connection");
          assert.equal(signal.aborted, false);
          const aborted = new Promise<void>((resolve) => {
            signal.addEventListener("abort", () => resolve(), { once: true });
          });
          calls.add("waits");
          if (message === "us") this.close(1000);
          await aborted;
          calls.add("aborted");
        }
        override onPing() {
          throw new Error("failure");
        }
      }
      const arena = await runArena(context, driver, Waiting, { fallback: { sessionTimeoutMs: 200 } });
      for (const [who, act] of [
        ["client", (client: Client) => client.close(1000)],
        ["us", () => {}],
        ["loss", (client: Client) => client.terminate()],
        ["broken rule", (client: Client) => client.send(new Uint8Array(1))],
        ["failure", (client: Client) => client.ping()],
      ] as const) {
        const client = await arena.connect();
        client.send(who);
        assert.equal(await calls.next(), "waits", who);
        await act(client);
        assert.equal(await calls.next(), "aborted", who);
        if (who !== "client") await client.closed();
        if (who === "loss") await arena.log.expect(arena.closed(1006));
      }
      await arena.log.expect(/^1003 .* WS_MESSAGE_TYPE_REFUSED/);
      await arena.log.expect(/Error: failure/);
      await arena.log.expect(arena.closed(1011));
    },
  },
  {
    name: "the signal is aborted, too, when the connection is refused or its client leaves before it opens",
    async run(context, driver) {
      const calls = new Inbox<string>();
      class Waiting extends WebSocketHandler {
        override async prepare() {
          const { signal } = this;
          calls.add(`prepare, aborted: ${signal.aborted}`);
          const aborted = new Promise<void>((resolve) => {
            signal.addEventListener("abort", () => {
              calls.add("aborted");
              resolve();
            });
          });
          if (this.getQueryArgument("refuse", "") !== "") throw new HttpError(403);
          await aborted;
        }
        override onClose(code: number) {
          calls.add(`onClose ${code}`);
        }
      }
      const arena = await runArena(context, driver, Waiting, { fallback: { sessionTimeoutMs: 200 } });
      assert.equal((await arena.refusal({}, "/ws?refuse=1")).status, 403);
      assert.deepEqual([await calls.next(), await calls.next()], ["prepare, aborted: false", "aborted"]);
      await arena.log.expect(arena.opened("/ws?refuse=1", 403));
      if (driver.kind === "websocket") await arena.log.expect(/^STATUS_REFUSED/);
      const raw = await arena.connectRaw();
      raw.write(openingRequest(driver));
      assert.equal(await calls.next(), "prepare, aborted: false");
      raw.socket.destroy();
      assert.equal(await calls.next(), "aborted");
      // It is let in all the same, since a client may have been heard that comes back; or it is found gone at once.
      assert.equal(await calls.next(), "onClose 1006");
      await arena.log.expect(arena.closed(1006));
    },
  },
];
