import assert from "node:assert/strict";
import { test } from "node:test";
import { WebSocketHandler } from "../../src/index.ts";
import { TestClient } from "../../src/testing/index.ts";
import { Inbox } from "../../src/testing/inbox.ts";
import { handshake } from "../support/raw-socket.ts";
import { runApplication } from "../support/run-application.ts";

for (const { name, select, offered, subprotocol, status } of [
  { name: "one of those offered", select: "v2", offered: ["v1", "v2"], subprotocol: "v2", status: 101 },
  { name: "none", select: undefined, offered: ["v1"], subprotocol: "", status: 101 },
  { name: "the empty one, which is none", select: "", offered: ["v1"], subprotocol: "", status: 101 },
  { name: "none where none was offered", select: undefined, offered: [], subprotocol: "", status: 101 },
  { name: "one that was not offered", select: "v3", offered: ["v1", "v2"], subprotocol: "", status: 500 },
  { name: "one where none was offered", select: "v1", offered: [], subprotocol: "", status: 500 },
  // RFC 6455 §4.1: the value is compared as it is, with its case.
  { name: "one in another case", select: "V1", offered: ["v1"], subprotocol: "", status: 500 },
] as const) {
  for (const how of ["sync", "async"] as const) {
    test(`selectSubprotocol (${how}) that returns ${name}`, async (context) => {
      const seen = new Inbox<readonly unknown[]>();
      class Selecting extends WebSocketHandler {
        override selectSubprotocol(
          choices: readonly string[],
        ): string | undefined | Promise<string | undefined> {
          seen.add(choices);
          return how === "sync" ? select : Promise.resolve(select);
        }
        override open() {
          seen.add([this.subprotocol]);
        }
      }
      const { at, log } = await runApplication(context, [["/ws", Selecting]]);
      if (status === 101) {
        const client = await TestClient.connect(at("/ws"), { subprotocols: offered });
        assert.equal(client.subprotocol, subprotocol);
        assert.equal(client.headers["sec-websocket-protocol"], subprotocol === "" ? undefined : subprotocol);
        assert.deepEqual([await seen.next(), await seen.next()], [offered, [subprotocol]]);
      } else {
        const refusal = await TestClient.refusal(at("/ws"), { subprotocols: offered });
        assert.equal(refusal.status, 500);
        assert.doesNotMatch(refusal.body, /Selecting|v\d/);
        assert.equal((await log.expect(/^500 GET \/ws/)).level, "error");
        const shown = offered.length === 0 ? "none" : offered.join(", ");
        await log.expect(
          new RegExp(
            `^WS_SUBPROTOCOL_NOT_OFFERED {2}Selecting\\.selectSubprotocol\\(\\) returned "${select}", ` +
              `but the client offered ${shown}\\.$`,
          ),
        );
      }
    });
  }
}

test("offers in several header fields are one list, in order", async (context) => {
  const seen = new Inbox<readonly string[]>();
  class Selecting extends WebSocketHandler {
    override selectSubprotocol(choices: readonly string[]) {
      seen.add(choices);
      return choices[2];
    }
  }
  const { connectRaw } = await runApplication(context, [["/ws", Selecting]]);
  const raw = await connectRaw();
  raw.write(handshake({ "Sec-WebSocket-Protocol": ["a,  b ,", " c"] }));
  assert.deepEqual((await raw.response()).headers["sec-websocket-protocol"], ["c"]);
  assert.deepEqual(await seen.next(), ["a", "b", "c"]);
});
