import assert from "node:assert/strict";
import { test } from "node:test";
import { Application, RequestHandler } from "../../src/index.ts";
import { ExpectedLog, startApplication } from "../../src/testing/index.ts";

class Hello extends RequestHandler {
  get() {
    return "hello";
  }
}

test("an application starts on a free port of the loopback address, as often as one likes", async () => {
  const application = new Application([["/", Hello]], { logger: new ExpectedLog() });
  const servers = [await startApplication(application), await startApplication(application)];
  const [first, second] = servers;
  assert.notEqual(first?.port, second?.port);
  for (const server of servers) {
    assert.equal(server.url, `http://127.0.0.1:${server.port}`);
    assert.equal(await (await fetch(server.url)).text(), "hello");
    await server.close();
    await assert.rejects(fetch(server.url));
  }
});

test("where it listens can be chosen", async () => {
  const application = new Application([["/", Hello]], { logger: new ExpectedLog() });
  const server = await startApplication(application, { host: "localhost" });
  assert.equal(server.url, `http://localhost:${server.port}`);
  assert.equal(await (await fetch(server.url)).text(), "hello");
  await server.close();
});
