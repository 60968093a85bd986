/** What the handshake of a client needed does not live as long as its connection. */
import assert from "node:assert/strict";
import { ClientRequest, IncomingMessage } from "node:http";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { ConnectOptions } from "../../../src/index.ts";
import { connect } from "../../../src/index.ts";
import { certificate, trust } from "../../support/certificate.ts";
import { startProxy } from "../../support/connect-proxy.ts";
import { runEcho } from "../../support/echo-server.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

for (const way of ["ws", "wss", "proxy"] as const) {
  test(`Node's request and response are collected while the connection is open (${way})`, async (context) => {
    const { url } = await runEcho(context, {}, way === "wss" ? { tls: certificate } : {});
    const options: ConnectOptions = { tls: way === "wss" ? trust : undefined };
    const proxy = way === "proxy" ? { proxy: (await startProxy(context)).url } : {};
    const refs: WeakRef<object>[] = [];
    // oxlint-disable-next-line typescript/unbound-method -- it is put back, and applied to its request
    const emit = ClientRequest.prototype.emit;
    // Not by `context.mock`, which would itself keep the arguments of every call.
    ClientRequest.prototype.emit = function (
      this: ClientRequest,
      event: string,
      ...args: unknown[]
    ): boolean {
      if (event === "upgrade" || event === "connect") {
        refs.push(new WeakRef(this));
        if (args[0] instanceof IncomingMessage) refs.push(new WeakRef(args[0]));
      }
      return Reflect.apply(emit, this, [event, ...args]);
    };
    context.after(() => {
      ClientRequest.prototype.emit = emit;
    });
    const socket = await connect(url, { ...options, ...proxy });
    assert.equal(refs.length, way === "proxy" ? 4 : 2);
    for (let turn = 0; turn < 10 && refs.some((ref) => ref.deref() !== undefined); turn++) {
      // A collection takes what no turn of the event loop holds any more.
      await socket.ping();
      collectGarbage();
    }
    assert.deepEqual(
      refs.map((ref) => ref.deref()?.constructor.name),
      refs.map(() => undefined),
    );
    socket.close();
    await socket.closed;
  });
}
