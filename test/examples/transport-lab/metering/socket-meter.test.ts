import assert from "node:assert/strict";
import { once } from "node:events";
import type { Socket } from "node:net";
import { connect } from "node:net";
import type { TestContext } from "node:test";
import { suite, test } from "node:test";
import { SocketMeter } from "../../../../examples/transport-lab/metering/socket-meter.ts";
import type { RouteEntry, Settings } from "../../../../src/index.ts";
import { RequestHandler, WebSocketHandler, connect as connectWebSocket } from "../../../../src/index.ts";
import { runApplication } from "../../../support/run-application.ts";

class Page extends RequestHandler {
  get() {
    return "x".repeat(10_000);
  }
}

class Echo extends WebSocketHandler {
  override onMessage(message: string | Uint8Array) {
    this.writeMessage(message);
  }
}

async function measure(context: TestContext, settings: Settings = {}) {
  const routes: readonly RouteEntry[] = [
    ["/page", Page],
    ["/echo", Echo],
  ];
  const running = await runApplication(context, routes, settings);
  const meter = new SocketMeter(running.server.port);
  context.after(() => meter.stop());
  return { ...running, meter };
}

/** Asks for the page; resolves when all of it is there. */
async function request(socket: Socket): Promise<void> {
  let received = "";
  socket.write("GET /page HTTP/1.1\r\nHost: localhost\r\n\r\n");
  while (!received.endsWith("xxx")) received += String((await once(socket, "data"))[0]);
}

suite("the meter of a server's sockets", () => {
  test("counts the bytes that the client counts, and keeps those of connections that are over", async (context) => {
    const { meter, server } = await measure(context);
    const totals = { bytesReceived: 0, bytesSent: 0 };
    for (let connection = 1; connection <= 3; connection++) {
      const socket = connect(server.port, "localhost");
      await request(socket);
      await request(socket);
      totals.bytesReceived += socket.bytesWritten;
      totals.bytesSent += socket.bytesRead;
      const { sockets, ...bytes } = meter.read();
      assert.deepEqual(bytes, totals);
      assert.ok(sockets >= 1);
      socket.destroy();
    }
    await server.close();
    assert.deepEqual(meter.read(), { ...totals, sockets: 0 });
  });

  for (const sharedReadBuffer of [true, false]) {
    test(`goes on when a connection becomes a WebSocket, with sharedReadBuffer: ${sharedReadBuffer}`, async (context) => {
      const { meter, at } = await measure(context, { websocket: { sharedReadBuffer } });
      const socket = await connectWebSocket(at("/echo").replace("http", "ws"));
      const before = meter.read();
      socket.send("x".repeat(100));
      await once(socket, "message");
      const after = meter.read();
      // A header of two bytes, and four for the mask.
      assert.equal(after.bytesReceived - before.bytesReceived, 106);
      assert.equal(after.bytesSent - before.bytesSent, 102);
      assert.equal(after.sockets, 1);
      socket.close();
      await socket.closed;
    });
  }
});
