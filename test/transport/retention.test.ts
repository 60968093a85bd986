/** A WebSocket may live for hours: what its handshake needed must not live as long. */
import assert from "node:assert/strict";
import { channel } from "node:diagnostics_channel";
import { IncomingMessage, Server } from "node:http";
import type { Socket } from "node:net";
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

for (const sharedReadBuffer of [true, false]) {
  const what = sharedReadBuffer ? "is collected while its WebSocket is open" : "that is not adopted stays";
  test(`Node's socket ${what}`, async (context) => {
    const sockets: WeakRef<Socket>[] = [];
    const accepted = (message: unknown): void =>
      void sockets.push(new WeakRef((message as { socket: Socket }).socket));
    channel("net.server.socket").subscribe(accepted);
    context.after(() => channel("net.server.socket").unsubscribe(accepted));
    const settings = { logger: new ExpectedLog(), websocket: { sharedReadBuffer } };
    await using server = await startApplication(new Application([["/echo", Echo]], settings));
    // The probe has used some of its own.
    sockets.length = 0;
    const client = await TestClient.connect(`${server.url}/echo`);
    for (let turn = 0; turn < 10 && sockets[0]?.deref() !== undefined; turn++) {
      client.send("still here?");
      assert.equal(await client.nextMessage(), "still here?");
      collectGarbage();
    }
    assert.equal(sockets.length, 1);
    assert.equal(sockets[0]?.deref() === undefined, sharedReadBuffer);
    client.send("still here?");
    assert.equal(await client.nextMessage(), "still here?");
  });
}

test("everything of a connection is collected when it has closed", async () => {
  const handlers: WeakRef<WebSocketHandler>[] = [];
  class Remembered extends Echo {
    override open() {
      handlers.push(new WeakRef(this));
      this.subscribe("room");
      this.writeMessage("welcome");
    }
  }
  const app = new Application([["/ws", Remembered]], { logger: new ExpectedLog() });
  await using server = await startApplication(app);
  const connectAndLeave = async (): Promise<void> => {
    const client = await TestClient.connect(`${server.url}/ws`);
    await client.nextMessage();
    await client.close(1000);
  };
  await connectAndLeave();
  for (let turn = 0; turn < 10 && handlers[0]?.deref() !== undefined; turn++) {
    // Another one takes its place wherever only the last is remembered.
    await connectAndLeave();
    app.publish("room", "to nobody");
    collectGarbage();
  }
  assert.equal(handlers[0]?.deref(), undefined);
});
