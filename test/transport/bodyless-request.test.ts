import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Inbox } from "../../src/testing/inbox.ts";
import { leaveUnread } from "../../src/transport/bodyless-request.ts";
import { collectGarbage } from "../support/garbage-collection.ts";
import { RawConnection, requestText } from "../support/raw-http.ts";

type Pair = readonly [request: IncomingMessage, response: ServerResponse];

/** A connection, and the requests that come on it. */
async function serve(context: TestContext): Promise<readonly [RawConnection, Inbox<Pair>]> {
  const pairs = new Inbox<Pair>();
  const server = createServer((request, response) => {
    leaveUnread(request);
    pairs.add([request, response]);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const connection = await RawConnection.open((server.address() as AddressInfo).port);
  context.after(() => {
    connection.destroy();
    server.closeAllConnections();
    server.close();
  });
  return [connection, pairs];
}

test("an answered request is not read to its end, and the next ones come", async (context) => {
  const [connection, pairs] = await serve(context);
  for (const path of ["/a", "/b", "/c"]) {
    connection.send(requestText("GET", path));
    const [request, response] = await pairs.next();
    assert.equal(request.url, path);
    for (const event of ["end", "close"]) request.on(event, () => assert.fail(`${event} costs time`));
    const closed = once(response, "close");
    response.end(path);
    assert.equal((await connection.nextResponse()).text, path);
    await closed;
    assert.equal(request.complete, true);
  }
});

test("who reads it all the same finds that it is empty", async (context) => {
  const [connection, pairs] = await serve(context);
  connection.send(requestText("GET", "/"));
  const [request, response] = await pairs.next();
  for await (const chunk of request) assert.fail(`${chunk} has come`);
  response.end("empty");
  assert.equal((await connection.nextResponse()).text, "empty");
});

test("it is kept no longer than until the next one comes", async (context) => {
  const [connection, pairs] = await serve(context);
  const ask = async (): Promise<WeakRef<IncomingMessage>> => {
    connection.send(requestText("GET", "/"));
    const [request, response] = await pairs.next();
    response.end("a");
    await connection.nextResponse();
    return new WeakRef(request);
  };
  const first = await ask();
  await ask();
  // The event loop lets go of what it has called last.
  for (let turn = 0; turn < 10 && first.deref() !== undefined; turn++) {
    await nextTurn();
    collectGarbage();
  }
  assert.equal(first.deref(), undefined);
});
