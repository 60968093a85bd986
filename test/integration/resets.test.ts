import assert from "node:assert/strict";
import { test } from "node:test";
import { WebSocketHandler } from "../../src/index.ts";
import { deferred } from "../support/deferred.ts";
import { handshake } from "../support/raw-socket.ts";
import { runApplication } from "../support/run-application.ts";

for (const sharedReadBuffer of [true, false]) {
  test(`a reset is noticed without a heartbeat, sharedReadBuffer: ${sharedReadBuffer}`, async (context) => {
    const closed = deferred<number>();
    class Handler extends WebSocketHandler {
      override onClose(code: number): void {
        closed.resolve(code);
      }
    }
    const websocket = { sharedReadBuffer, pingIntervalMs: 0 };
    const { connectRaw } = await runApplication(context, [["/ws", Handler]], { websocket });
    const raw = await connectRaw();
    raw.write(handshake());
    await raw.response();
    raw.reset();
    assert.equal(await closed.promise, 1006);
  });
}
