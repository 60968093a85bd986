import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import { Application, RequestHandler, WaterspoutError } from "../../src/index.ts";
import type { Server } from "../../src/index.ts";
import { listenError } from "../../src/transport/listen-address.ts";
import { expectedLog } from "../support/log.ts";
import { exchange, get, requestText } from "../support/raw-http.ts";

const log = expectedLog();

class Hello extends RequestHandler {
  get() {
    return "hello";
  }
}

function createApplication(): Application {
  return new Application([["/", Hello]], { logger: log });
}

/** The error with which listening is refused. */
async function refusal(port: unknown, host?: string): Promise<WaterspoutError> {
  try {
    const server = await createApplication().listen(port as number, host === undefined ? {} : { host });
    await server.close();
  } catch (error) {
    assert.ok(error instanceof WaterspoutError, String(error));
    return error;
  }
  return assert.fail(`listening on ${String(port)} of ${host} was not refused`);
}

test("port 0 picks a free port, which the handle tells", async () => {
  const server = await createApplication().listen(0, { host: "127.0.0.1" });
  assert.ok(server.port > 0 && server.port <= 65_535, String(server.port));
  assert.equal(server.url, `http://127.0.0.1:${server.port}`);
  assert.equal((await get(server, "/")).text, "hello");
  await server.close();
});

test("without a host it listens on every address, and the URL is one that a person can open", async () => {
  const server = await createApplication().listen(0);
  assert.equal(server.url, `http://localhost:${server.port}`);
  assert.equal((await exchange(server.port, requestText("GET", "/"), { host: "127.0.0.1" })).text, "hello");
  assert.equal(await (await fetch(server.url)).text(), "hello");
  await server.close();
});

test("the host may be a name", async () => {
  const server = await createApplication().listen(0, { host: "localhost" });
  assert.equal(server.url, `http://localhost:${server.port}`);
  assert.equal(await (await fetch(server.url)).text(), "hello");
  await server.close();
});

test("one application listens as often as it likes, and each server ends by itself", async () => {
  const app = createApplication();
  const [first, second] = await Promise.all([
    app.listen(0, { host: "127.0.0.1" }),
    app.listen(0, { host: "127.0.0.1" }),
  ]);
  assert.notEqual(first.port, second.port);
  for (const server of [first, second]) assert.equal((await get(server, "/")).text, "hello");
  await first.close();
  await assert.rejects(get(first, "/"), { code: "ECONNREFUSED" });
  assert.equal((await get(second, "/")).text, "hello");
  await second.close();
});

test("after it was closed, an application listens again on the same port", async () => {
  const app = createApplication();
  let port = 0;
  for (let time = 0; time < 3; time++) {
    const server = await app.listen(port, { host: "127.0.0.1" });
    if (port !== 0) assert.equal(server.port, port);
    port = server.port;
    assert.equal((await get(server, "/")).text, "hello");
    await server.close();
  }
});

test("a port that is taken is refused with the port and with what to do", async (context) => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  context.after(() => taken.close());
  const address = taken.address();
  assert.ok(address !== null && typeof address === "object");
  const { port } = address;
  const error = await refusal(port, "127.0.0.1");
  assert.equal(error.code, "PORT_IN_USE");
  assert.equal(
    error.message,
    `port ${port} on 127.0.0.1 is already in use. Stop the program that has it, or choose another port: listen(0) picks a free one.`,
  );
  assert.ok(error.cause instanceof Error && "code" in error.cause && error.cause.code === "EADDRINUSE");
});

test("a port taken by the same application is as taken, and the first server goes on", async () => {
  const app = createApplication();
  const server = await app.listen(0, { host: "127.0.0.1" });
  await assert.rejects(app.listen(server.port, { host: "127.0.0.1" }), { code: "PORT_IN_USE" });
  assert.equal((await get(server, "/")).text, "hello");
  await server.close();
});

test("a port is a whole number from 0 to 65535", async () => {
  for (const [port, got] of [
    [-1, "-1"],
    [65_536, "65536"],
    [1.5, "1.5"],
    [Number.NaN, "NaN"],
    [Infinity, "Infinity"],
    ["10000", '"10000"'],
    [undefined, "undefined"],
    [null, "null"],
    [{}, "an object (Object)"],
  ] as const) {
    const error = await refusal(port);
    assert.equal(error.code, "PORT_INVALID");
    assert.equal(error.message, `a port is a whole number from 0 (any free one) to 65535, got ${got}`);
  }
});

test("an address that is not this machine's is refused with the address and with what to do", async () => {
  // RFC 5737: for documentation, so nobody's.
  const error = await refusal(0, "192.0.2.1");
  assert.equal(error.code, "ADDRESS_INVALID");
  assert.equal(
    error.message,
    'cannot listen on host "192.0.2.1": it is not an address of this machine. ' +
      "Use an address of this machine, such as 127.0.0.1, or leave host out to listen on all.",
  );
});

test("each reason of the operating system has its code, and the message says what to do", () => {
  const table: readonly [system: string, code: string, message: RegExp][] = [
    ["EADDRINUSE", "PORT_IN_USE", /^port 80 on app\.example is already in use\. Stop the program/],
    // Root may open every port, so that no test can count on being refused.
    [
      "EACCES",
      "PORT_FORBIDDEN",
      /^port 80 on app\.example may not be opened by this user\. Choose a port above 1023/,
    ],
    [
      "EADDRNOTAVAIL",
      "ADDRESS_INVALID",
      /^cannot listen on host "app\.example": it is not an address of this machine\./,
    ],
    ["ENOTFOUND", "ADDRESS_INVALID", /^cannot listen on host "app\.example": the name cannot be resolved\./],
    ["EAI_AGAIN", "ADDRESS_INVALID", /the name cannot be resolved/],
    ["EINVAL", "ADDRESS_INVALID", /the name cannot be resolved/],
    ["EMFILE", "LISTEN_FAILED", /^cannot listen on port 80 of app\.example: EMFILE: system words$/],
  ];
  for (const [system, code, message] of table) {
    const cause = Object.assign(new Error(`${system}: system words`), { code: system });
    const error = listenError(cause, 80, "app.example");
    assert.equal(error.code, code, system);
    assert.match(error.message, message);
    assert.equal(error.cause, cause);
  }
  assert.match(
    listenError(new Error("no code"), 80, undefined).message,
    /^cannot listen on port 80 of all addresses: no code$/,
  );
});

test("a program may try another port, as the documentation shows", async () => {
  const app = createApplication();
  const first = await app.listen(0, { host: "127.0.0.1" });
  let second: Server;
  try {
    second = await app.listen(first.port, { host: "127.0.0.1" });
  } catch (error) {
    if (!(error instanceof WaterspoutError && error.code === "PORT_IN_USE")) throw error;
    second = await app.listen(0, { host: "127.0.0.1" });
  }
  assert.equal((await get(second, "/")).text, "hello");
  await Promise.all([first.close(), second.close()]);
});

test("routes that are no list are refused", () => {
  for (const [routes, got] of [
    [undefined, "undefined"],
    [null, "null"],
    [{}, "an object (Object)"],
    ["/", '"/"'],
    [new Map(), "an object (Map)"],
  ] as const) {
    assert.throws(() => new Application(routes as unknown as []), {
      code: "ROUTE_INVALID",
      message: `route ${got}: the routes are a list of [pattern, Handler]`,
    });
  }
});
