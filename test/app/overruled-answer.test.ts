/** A request whose body turns out to be no HTTP, when its answer is there already. */
import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { createServer } from "node:net";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Application, RequestHandler } from "../../src/index.ts";
import { deferred } from "../support/deferred.ts";
import { expectedLog } from "../support/log.ts";
import { RawConnection, requestText } from "../support/raw-http.ts";

const log = expectedLog();

test("an answer that waits for its client stays what it is", async () => {
  const source = createServer({ pauseOnConnect: true }).listen(0, "127.0.0.1");
  await once(source, "listening");
  const accepted = once(source, "connection") as Promise<[Socket]>;
  const called = deferred();
  class Early extends RequestHandler {
    static override readonly streamRequestBody = true;
    async post() {
      // Nothing leaves before the test says so, as with a client that takes nothing.
      (await accepted)[0].cork();
      called.resolve();
      return "early";
    }
  }
  const server = await new Application([["/", Early]], { logger: log }).listen({ source });
  const connection = await RawConnection.open((source.address() as AddressInfo).port);
  connection.send(requestText("POST", "/", ["Transfer-Encoding: chunked"]));
  const [socket] = await accepted;
  await called.promise;
  await nextTurn();
  assert.ok(socket.writableLength > 0);
  connection.send("this is no chunk\r\n");
  await log.expect(/REQUEST_MALFORMED/);
  socket.uncork();
  assert.equal((await connection.nextResponse()).text, "early");
  await log.expect(/200 POST \//);
  connection.destroy();
  await server.close();
  source.close();
});
