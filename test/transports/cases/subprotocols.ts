import assert from "node:assert/strict";
import { WebSocketHandler } from "../../../src/index.ts";
import { Inbox } from "../../../src/testing/inbox.ts";
import { runArena } from "../arena.ts";
import type { BehaviourCase } from "../behaviour-suite.ts";

/** What `selectSubprotocol` returns for an offer, and what is agreed on; undefined where that is a mistake. */
const choices = [
  { name: "one of those offered", select: "v2", offered: ["v1", "v2"], agreed: "v2" },
  { name: "none", select: undefined, offered: ["v1"], agreed: "" },
  { name: "the empty one, which is none", select: "", offered: ["v1"], agreed: "" },
  { name: "none where none was offered", select: undefined, offered: [], agreed: "" },
  { name: "one that was not offered", select: "v3", offered: ["v1", "v2"], agreed: undefined },
  { name: "one where none was offered", select: "v1", offered: [], agreed: undefined },
  // RFC 6455 §4.1: the value is compared as it is, with its case.
  { name: "one in another case", select: "V1", offered: ["v1"], agreed: undefined },
] as const;

export const subprotocolCases: readonly BehaviourCase[] = choices.flatMap(
  ({ name, select, offered, agreed }) =>
    (["sync", "async"] as const).map((how): BehaviourCase => ({
      name: `selectSubprotocol (${how}) that returns ${name}`,
      async run(context, driver) {
        const seen = new Inbox<readonly unknown[]>();
        class Selecting extends WebSocketHandler {
          override selectSubprotocol(
            list: readonly string[],
          ): string | undefined | Promise<string | undefined> {
            seen.add(list);
            return how === "sync" ? select : Promise.resolve(select);
          }
          override open() {
            seen.add([this.subprotocol]);
          }
        }
        const arena = await runArena(context, driver, Selecting);
        if (agreed !== undefined) {
          const client = await arena.connect({ subprotocols: offered });
          assert.equal(client.subprotocol, agreed);
          assert.deepEqual([await seen.next(), await seen.next()], [offered, [agreed]]);
          return;
        }
        const refusal = await arena.refusal({ subprotocols: offered });
        assert.equal(refusal.status, 500);
        assert.doesNotMatch(refusal.body, /Selecting|v\d/);
        assert.equal((await arena.log.expect(arena.opened("/ws", 500))).level, "error");
        const shown = offered.length === 0 ? "none" : offered.join(", ");
        const returned = String.raw`Selecting\.selectSubprotocol\(\) returned "${select}"`;
        await arena.log.expect(new RegExp(`^WS_SUBPROTOCOL_NOT_OFFERED {2}${returned}, but the client offered ${shown}\\.$`)); // prettier-ignore
      },
    })),
);
