/** A WebSocket may live for hours: what its handshake needed must not live as long. */
import assert from "node:assert/strict";
import { IncomingMessage, Server } from "node:http";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Application, WebSocketHandler } from "../../src/index.ts";
import { ExpectedLog, startApplication, TestClient } from "../../src/testing/index.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

class Echo extends WebSocketHandler {
  override onMessage(message: string | Uint8Array) {
    this.writeMessage(message);
  }
}

test("Node's request object is collected while its WebSocket is open", async (context) => {
  const requests: WeakRef<IncomingMessage>[] = [];
  // oxlint-disable-next-line typescript/unbound-method -- it is put back, and applied to its server
  const emit = Server.prototype.emit;
  // Not by `context.mock`, which would itself keep the arguments of every call.
  Server.prototype.emit = function (this: Server, event: string, ...args: unknown[]): boolean {
    const [request] = args;
    if (event === "upgrade" && request instanceof IncomingMessage) requests.push(new WeakRef(request));
    return Reflect.apply(emit, this, [event, ...args]) as boolean;
  };
  context.after(() => {
    Server.prototype.emit = emit;
  });
  await using server = await startApplication(
    new Application([["/echo", Echo]], { logger: new ExpectedLog() }),
  );
  const client = await TestClient.connect(`${server.url}/echo`);
  const converse = async (): Promise<void> => {
    client.send("still here?");
    assert.equal(await client.nextMessage(), "still here?");
  };
  await converse();
  assert.equal(requests.length, 1);
  // A collection takes what no turn of the event loop holds any more.
  for (let turn = 0; turn < 10 && requests[0]?.deref() !== undefined; turn++) {
    await converse();
    collectGarbage();
  }
  assert.equal(requests[0]?.deref(), undefined);
  await converse();
});
