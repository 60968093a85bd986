/** Connections that come and go leave nothing behind. A file of its own, since all handles of the process are counted. */
import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { connect, createServer } from "node:net";
import { test } from "node:test";
import { WebSocketHandler } from "../../src/index.ts";
import { prepareAdoption } from "../../src/transport/adoption-probe.ts";
import { openStream } from "../../src/transport/open-stream.ts";
import { handshake, RawSocket } from "../support/raw-socket.ts";
import { runApplication } from "../support/run-application.ts";
import { StreamRecorder } from "../support/stream-pair.ts";

/** The connections and servers of this process, and its timers. */
function resources(): string[] {
  return process.getActiveResourcesInfo().filter((name) => /^(?:TCP|Timeout)/.test(name));
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => void setImmediate(resolve));
}

for (const mayAdopt of [true, false]) {
  test(`two thousand streams leave no handle and no entry at their server (adopted: ${mayAdopt})`, async () => {
    await prepareAdoption();
    const server = createServer({ allowHalfOpen: true });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    let closed = 0;
    server.on("connection", (socket: Socket) => {
      const { stream, head } = openStream(socket, mayAdopt);
      const events = new StreamRecorder();
      events.hook = (event) => {
        if (event === "bytes") stream.write([Buffer.from("!")]);
        if (event === "end") stream.end();
        if (event === "closed") closed++;
      };
      stream.start(events, head);
    });
    const rounds = 20;
    for (let round = 0; round < rounds; round++) {
      const connections = Array.from({ length: 100 }, async (_, index) => {
        const socket = connect(port, "127.0.0.1");
        socket.write("?");
        await once(socket, "data");
        // By turns in good order, and cut.
        if (index % 2 === 0) socket.end();
        else socket.destroy();
        await once(socket, "close");
      });
      await Promise.all(connections);
    }
    await until(() => closed === rounds * 100);
    assert.deepEqual(resources(), ["TCPServerWrap"]);
    const count = await new Promise((resolve) => server.getConnections((_error, open) => resolve(open)));
    assert.equal(count, 0);
    server.close();
    await once(server, "close");
  });
}

test("a thousand WebSockets, ended in every way, leave no handle, timer or session behind", async (context) => {
  let closed = 0;
  class Counted extends WebSocketHandler {
    override open() {
      this.subscribe("all");
      this.writeMessage("welcome");
    }
    override onClose() {
      closed++;
    }
  }
  const { server } = await runApplication(context, [["/ws", Counted]]);
  const request = handshake();
  for (let round = 0; round < 20; round++) {
    const connections = Array.from({ length: 50 }, async (_, index) => {
      const raw = await RawSocket.connect(server.port);
      raw.write(request);
      await raw.response();
      await raw.frame();
      if (index % 3 === 0) raw.write(Buffer.from("888000000000", "hex"));
      else if (index % 3 === 1) raw.end();
      else raw.write(Buffer.from("8180", "hex"));
      if (index % 3 === 2) raw.socket.destroy();
      await raw.ended();
      raw.socket.destroy();
    });
    await Promise.all(connections);
  }
  await until(() => closed === 1000);
  await until(() => resources().length <= 1);
  assert.deepEqual(resources(), ["TCPServerWrap"]);
});
