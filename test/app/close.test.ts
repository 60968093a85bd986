import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { Application, RequestHandler } from "../../src/index.ts";
import { startApplication } from "../../src/testing/index.ts";
import { deferred } from "../support/deferred.ts";
import { temporaryFiles } from "../support/files.ts";
import { expectedLog } from "../support/log.ts";
import { RawConnection, get, requestText } from "../support/raw-http.ts";

const log = expectedLog();

class Hello extends RequestHandler {
  get() {
    return "hello";
  }
}

/** Long enough that a test which waits for any of these times fails at its own. */
const patient = {
  logger: log,
  http: { keepAliveTimeoutMs: 60_000 },
  websocket: { closeTimeoutMs: 60_000 },
};

const soon = { timeout: 5000 };

test("close can be called as often as one likes, and all calls wait for the same end", soon, async () => {
  const server = await startApplication(new Application([["/", Hello]], patient));
  const [first, second] = [server.close(), server.close()];
  assert.equal(first, second);
  await first;
  await server.close();
  await server[Symbol.asyncDispose]();
  await assert.rejects(get(server, "/"), { code: "ECONNREFUSED" });
});

test("`await using` closes the server at the end of the block", soon, async () => {
  const app = new Application([["/", Hello]], patient);
  let port: number;
  {
    await using server = await startApplication(app);
    ({ port } = server);
    assert.equal((await get(server, "/")).text, "hello");
  }
  await assert.rejects(get({ port }, "/"), { code: "ECONNREFUSED" });
});

test("connections that are kept alive without a request are closed at once", soon, async () => {
  const server = await startApplication(new Application([["/", Hello]], patient));
  const connections = await Promise.all(Array.from({ length: 5 }, () => RawConnection.open(server.port)));
  for (const connection of connections) {
    connection.send(requestText("GET", "/"));
    assert.equal((await connection.nextResponse()).header("Connection"), "keep-alive");
  }
  await server.close();
  for (const connection of connections) assert.equal((await connection.ended()).length, 0);
});

test(
  "connections on which nothing was ever sent, as browsers open some in advance, are closed at once",
  soon,
  async (context) => {
    const server = await startApplication(new Application([["/", Hello]], patient));
    const silent = await RawConnection.open(server.port);
    context.after(() => silent.destroy());
    // The answer on another connection shows that the server has accepted the silent one.
    await get(server, "/");
    await server.close();
    assert.equal((await silent.ended()).length, 0);
  },
);

test(
  "a request that is being handled is finished, and its connection is not kept for another",
  soon,
  async () => {
    const entered = deferred();
    const gate = deferred();
    class Slow extends RequestHandler {
      async get() {
        entered.resolve();
        await gate.promise;
        return "slow";
      }
    }
    const server = await startApplication(new Application([["/", Slow]], patient));
    const connection = await RawConnection.open(server.port);
    connection.send(requestText("GET", "/"));
    await entered.promise;
    const closed = server.close();
    await assert.rejects(get(server, "/"), { code: "ECONNREFUSED" });
    gate.resolve();
    const response = await connection.nextResponse();
    assert.equal(response.text, "slow");
    assert.equal(response.header("Connection"), "close", "so that the client sends no other");
    await closed;
    assert.equal((await connection.ended()).length, 0);
  },
);

test("an answer that has begun ends its connection as well, though it could not say so", soon, async () => {
  const gate = deferred();
  class Begun extends RequestHandler {
    async get() {
      this.setHeader("Content-Length", 6);
      this.write("be");
      await this.flush();
      await gate.promise;
      return this.finish("gun.");
    }
  }
  const server = await startApplication(new Application([["/", Begun]], patient));
  const connection = await RawConnection.open(server.port);
  connection.send(requestText("GET", "/"));
  await connection.received();
  const closed = server.close();
  gate.resolve();
  const response = await connection.nextResponse();
  assert.deepEqual([response.text, response.header("Connection")], ["begun.", "keep-alive"]);
  await closed;
  assert.equal((await connection.ended()).length, 0);
});

test("a request that arrives while the server closes is 503", soon, async () => {
  const entered = deferred();
  const gate = deferred();
  class Slow extends RequestHandler {
    async get() {
      entered.resolve();
      await gate.promise;
      return "slow";
    }
  }
  const server = await startApplication(new Application([["/", Slow]], patient));
  const connection = await RawConnection.open(server.port);
  connection.send(requestText("GET", "/"));
  await entered.promise;
  const closed = server.close();
  const arrived = deferred();
  const onRequest = (): void => arrived.resolve();
  subscribe("http.server.request.start", onRequest);
  connection.send(requestText("GET", "/late"));
  await arrived.promise;
  unsubscribe("http.server.request.start", onRequest);
  gate.resolve();
  assert.equal((await connection.nextResponse()).text, "slow");
  const late = await connection.nextResponse();
  assert.equal(late.status, 503);
  assert.equal(late.text, "503: Service Unavailable\nSERVER_CLOSING: The server is closing.\n");
  assert.equal(late.header("Connection"), "close");
  await closed;
  await log.expect(/^503 GET \/late/);
  await log.expect(/^SERVER_CLOSING {2}the server is closing\.$/);
});

test("what does not end by itself is cut when the time is up", soon, async () => {
  const entered = deferred();
  class Endless extends RequestHandler {
    async get() {
      entered.resolve();
      await new Promise(() => {});
    }
  }
  const settings = { ...patient, websocket: { closeTimeoutMs: 50 } };
  const server = await startApplication(new Application([["/", Endless]], settings));
  const connection = await RawConnection.open(server.port);
  connection.send(requestText("GET", "/"));
  // A client that sends half a request and then nothing must not hold up the end either.
  const half = await RawConnection.open(server.port);
  half.send("GET / HT");
  await entered.promise;
  await server.close();
  assert.equal((await connection.ended()).length, 0);
  assert.equal((await half.ended()).length, 0);
  await log.expect(/^499 GET \/ .* cut off$/);
});

test("closing one server of an application refuses nothing on the other", soon, async () => {
  const app = new Application([["/", Hello]], patient);
  const [first, second] = await Promise.all([startApplication(app), startApplication(app)]);
  await first.close();
  assert.equal((await get(second, "/")).status, 200);
  await second.close();
});

test("an answer that was handed over is not cut under a client that takes its time", soon, async () => {
  const text = "é".repeat(255_000);
  class Long extends RequestHandler {
    get() {
      return text;
    }
  }
  const directory = temporaryFiles({});
  const path = join(directory, "socket");
  const app = new Application([["/", Long]], patient);
  const server = await app.listen({ path });
  // A Unix socket holds less than the answer.
  const connection = await RawConnection.open(path);
  connection.send(requestText("GET", "/"));
  await connection.received();
  connection.pause();
  const closing = server.close();
  connection.resume();
  assert.equal((await connection.nextResponse()).text, text);
  await connection.ended();
  await closing;
});

test("a connection whose answer was handed over just before is ended behind it", soon, async () => {
  let closing: Promise<void> | undefined;
  class Last extends RequestHandler {
    get() {
      // When the answer has been handed over, and before anybody is told that it has been taken.
      process.nextTick(() => {
        closing = server.close();
      });
      return "last";
    }
  }
  const server = await startApplication(new Application([["/", Last]], patient));
  const connection = await RawConnection.open(server.port);
  connection.send(requestText("GET", "/"));
  assert.equal((await connection.nextResponse()).text, "last");
  connection.send(requestText("GET", "/"));
  assert.equal((await connection.ended()).length, 0);
  await closing;
});
