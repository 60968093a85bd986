/** A request whose body turns out to be no HTTP, when its answer is there already. */
import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { createServer } from "node:net";
import { test } from "node:test";
import { Application, RequestHandler } from "../../src/index.ts";
import { expectedLog } from "../support/log.ts";
import { RawConnection, requestText } from "../support/raw-http.ts";

const log = expectedLog();

test("an answer that waits for its client stays what it is", async () => {
  const source = createServer({ pauseOnConnect: true }).listen(0, "127.0.0.1");
  await once(source, "listening");
  let socket: Socket | undefined;
  source.on("connection", (accepted: Socket) => {
    socket = accepted;
  });
  class Early extends RequestHandler {
    static override readonly streamRequestBody = true;
    post() {
      // Nothing leaves before the test says so, as with a client that takes nothing.
      socket?.cork();
      return "early";
    }
  }
  const server = await new Application([["/", Early]], { logger: log }).listen({ source });
  const connection = await RawConnection.open((source.address() as AddressInfo).port);
  connection.send(requestText("POST", "/", ["Transfer-Encoding: chunked"]));
  while (socket?.writableLength === 0 || socket === undefined)
    await new Promise((done) => setImmediate(done));
  connection.send("this is no chunk\r\n");
  await log.expect(/REQUEST_MALFORMED/);
  socket.uncork();
  assert.equal((await connection.nextResponse()).text, "early");
  await log.expect(/200 POST \//);
  connection.destroy();
  await server.close();
  source.close();
});
