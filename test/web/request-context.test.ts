import assert from "node:assert/strict";
import { test } from "node:test";
import type { Logger } from "../../src/index.ts";
import { currentRequest, RequestHandler, WebSocketHandler } from "../../src/index.ts";
import { TestClient } from "../../src/testing/index.ts";
import { Inbox } from "../../src/testing/inbox.ts";
import { deferred } from "../support/deferred.ts";
import { get } from "../support/raw-http.ts";
import { serveRoutes } from "../support/serve-routes.ts";

/** A logger that writes down for which request it was called. */
function recordingLogger() {
  const lines: string[] = [];
  const write = (line: string): void => {
    lines.push(`${currentRequest()?.uri ?? "none"}: ${line.split(" ", 3).join(" ")}`);
  };
  const logger: Logger = { debug: write, info: write, warn: write, error: write };
  return { logger, lines };
}

class Deep extends RequestHandler {
  async get() {
    await new Promise((resolve) => setImmediate(resolve));
    return currentRequest()?.uri ?? "none";
  }
}

test("code knows the request it runs for, and so does a logger", async (context) => {
  const { logger, lines } = recordingLogger();
  const server = await serveRoutes(context, logger, [["/:id", Deep]], { requestContext: true });
  const texts = await Promise.all(["/1", "/2"].map(async (path) => (await get(server, path)).text));
  assert.deepEqual(texts, ["/1", "/2"]);
  await get(server, "/nothing/here");
  await server.close();
  assert.deepEqual(lines.toSorted(), [
    "/1: 200 GET /1",
    "/2: 200 GET /2",
    "/nothing/here: 404 GET /nothing/here",
  ]);
  assert.equal(currentRequest(), undefined);
});

test("the hooks of a connection run for the request that opened it", async (context) => {
  const { logger } = recordingLogger();
  const seen: unknown[] = [];
  class Socket extends WebSocketHandler {
    override open() {
      seen.push(currentRequest()?.uri);
    }
    override async onMessage() {
      await Promise.resolve();
      seen.push(currentRequest() === this.request);
      this.writeMessage(currentRequest()?.uri ?? "none");
    }
    override onClose() {
      seen.push(currentRequest()?.uri);
    }
  }
  const server = await serveRoutes(context, logger, [["/ws", Socket]], { requestContext: true });
  const client = await TestClient.connect(`${server.url}/ws?x=1`);
  client.send("hello");
  assert.equal(await client.nextMessage(), "/ws?x=1");
  await client.close();
  await server.close();
  assert.deepEqual(seen, ["/ws?x=1", true, "/ws?x=1"]);
});

test("without the setting there is none, and nothing is kept for it", async (context) => {
  const { logger } = recordingLogger();
  const server = await serveRoutes(context, logger, [["/", Deep]]);
  assert.equal((await get(server, "/")).text, "none");
});

test("onFinish knows it, also when the hooks end after the answer", async (context) => {
  const { logger } = recordingLogger();
  const seen = new Inbox<string>();
  class Late extends RequestHandler {
    async get() {
      await this.finish("early");
      await sent.promise;
    }
    override onFinish() {
      seen.add(currentRequest()?.uri ?? "none");
    }
  }
  const sent = deferred();
  const server = await serveRoutes(context, logger, [["/late", Late]], { requestContext: true });
  assert.equal((await get(server, "/late")).text, "early");
  sent.resolve();
  assert.equal(await seen.next(), "/late");
});
