import assert from "node:assert/strict";
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { Inbox } from "../../src/testing/inbox.ts";
import { ResponseStream } from "../../src/transport/response-stream.ts";
import { RawConnection, requestText } from "../support/raw-http.ts";

/** A response to write to, and the connection on which it goes. */
async function respond(context: TestContext): Promise<readonly [ServerResponse, RawConnection]> {
  const responses = new Inbox<ServerResponse>();
  const server = createServer((_request, response) => responses.add(response)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const connection = await RawConnection.open((server.address() as AddressInfo).port);
  context.after(() => {
    connection.destroy();
    server.closeAllConnections();
    server.close();
  });
  connection.send(requestText("GET", "/"));
  return [await responses.next(), connection];
}

test("the header fields go at once, and what is written as it is written", async (context) => {
  const [response, connection] = await respond(context);
  const stream = new ResponseStream(response);
  await connection.received();
  const events = new Inbox<string>();
  stream.start({ receiveDrain() {}, receiveClosed: () => events.add("closed") });
  await new Promise<void>((resolve) => stream.write("a", resolve));
  stream.write("b");
  stream.end();
  assert.equal((await connection.nextResponse()).text, "ab");
  assert.equal(await events.next(), "closed");
});

test("a connection that takes no more says so, and when it takes more", async (context) => {
  const [response, connection] = await respond(context);
  const stream = new ResponseStream(response);
  const events = new Inbox<string>();
  stream.start({ receiveDrain: () => events.add("drain"), receiveClosed: () => events.add("closed") });
  assert.deepEqual([stream.bufferedBytes, stream.needsDrain], [0, false]);
  connection.pause();
  while (!stream.needsDrain) stream.write("x".repeat(1_000_000));
  assert.ok(stream.bufferedBytes > 0);
  stream.destroy();
  assert.equal(await events.next(), "closed");
});

test("when the peer has gone, what is written goes nowhere, without an error", async (context) => {
  const [response, connection] = await respond(context);
  const stream = new ResponseStream(response);
  const events = new Inbox<string>();
  stream.start({ receiveDrain() {}, receiveClosed: () => events.add("closed") });
  connection.destroy();
  assert.equal(await events.next(), "closed");
  stream.write("a");
  stream.end();
  stream.destroy();
});
