/** The limits of a request that show before its handler: each is answered, and each stands in the log. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { test } from "node:test";
import { RequestHandler } from "../../src/index.ts";
import { deferred } from "../support/deferred.ts";
import { expectedLog } from "../support/log.ts";
import { get, RawConnection, requestText } from "../support/raw-http.ts";
import { serveRoutes } from "../support/serve-routes.ts";

const log = expectedLog();

class Hello extends RequestHandler {
  get() {
    return "hello";
  }
}

const routes = [["/*", Hello]] as const;

test("a target past its limit is 414, wherever it passes it", async (context) => {
  const server = await serveRoutes(context, log, routes, {
    http: { maxTargetBytes: 100, maxHeaderBytes: 1000 },
  });
  assert.equal((await get(server, `/${"x".repeat(99)}`)).status, 200);
  const { status, text } = await get(server, `/?${"x".repeat(500)}`);
  assert.equal(status, 414);
  assert.equal(text, "414: URI Too Long\nTARGET_TOO_LONG: The URL is too long.\n");
  await log.expect(/^414 GET \/\?xxx/);
  const { text: line } = await log.expect(/^TARGET_TOO_LONG/);
  assert.match(
    line,
    /the request target has 502 bytes, at most 100 bytes are allowed\.\n.*http: \{ maxTargetBytes \}/,
  );
  // So long that Node does not read it to its end.
  const connection = await RawConnection.open(server.port);
  connection.send(`GET /${"x".repeat(2000)}`);
  assert.equal((await connection.nextResponse()).status, 414);
  await connection.ended();
  await log.expect(/^414 \(127\.0\.0\.1\) TARGET_TOO_LONG: .*more than 100 bytes, at most 100/);
});

test("where the header fields are the stricter limit, it is theirs", async (context) => {
  const http = { maxTargetBytes: 2000, maxHeaderBytes: 1000 };
  const server = await serveRoutes(context, log, routes, { http });
  const connection = await RawConnection.open(server.port);
  connection.send(`GET /${"x".repeat(1500)}`);
  assert.equal((await connection.nextResponse()).status, 431);
  await connection.ended();
  await log.expect(/^431 \(127\.0\.0\.1\) HEADERS_TOO_LARGE/);
});

test("the time of a whole request is enough to set: its header fields have no more", async (context) => {
  const server = await serveRoutes(context, log, routes, { http: { requestTimeoutMs: 50 } });
  const connection = await RawConnection.open(server.port);
  connection.send("GET / HT");
  assert.equal((await connection.nextResponse()).status, 408);
  await connection.ended();
  await log.expect(/^408 \(127\.0\.0\.1\) REQUEST_TIMEOUT/);
});

test("a connection is kept for the next request, and closed when none comes", async (context) => {
  const server = await serveRoutes(context, log, routes, { http: { keepAliveTimeoutMs: 50 } });
  const connection = await RawConnection.open(server.port);
  for (let count = 0; count < 3; count++) {
    connection.send(requestText("GET", "/"));
    const { text, header } = await connection.nextResponse();
    assert.equal(text, "hello");
    assert.equal(header("Connection"), "keep-alive");
  }
  assert.equal((await connection.ended()).length, 0);
});

test("answers come in the order of the requests, whatever each of them takes", async (context) => {
  const first = deferred<undefined>();
  const seen: string[] = [];
  class Path extends RequestHandler {
    async get() {
      seen.push(this.request.path);
      if (this.request.path === "/1") await first.promise;
      if (seen.length === 3) first.resolve(undefined);
      return this.request.path;
    }
  }
  const server = await serveRoutes(context, log, [["/*", Path]]);
  const connection = await RawConnection.open(server.port);
  connection.send(["/1", "/2", "/3"].map((path) => requestText("GET", path)).join(""));
  const answers: string[] = [];
  for (let count = 0; count < 3; count++) answers.push((await connection.nextResponse()).text);
  assert.deepEqual(answers, ["/1", "/2", "/3"]);
  assert.deepEqual(seen.toSorted(), ["/1", "/2", "/3"]);
  connection.destroy();
});

/** How many connections to a port have only asked: the kernel had no room, and dropped their first packet. */
function askingFor(port: number): number {
  const hexadecimal = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const fields = readFileSync("/proc/net/tcp", "utf8")
    .split("\n")
    .map((line) => line.trim().split(/\s+/));
  return fields.filter(([, , remote = "", state]) => remote.endsWith(hexadecimal) && state === "02").length;
}

/** Opens connections in one turn of the loop, so that none can be accepted meanwhile; tells how many could not begin. */
async function openAtOnce(port: number, count: number): Promise<number> {
  const sockets = Array.from({ length: count }, () => connect(port, "127.0.0.1").on("error", () => {}));
  const left = await new Promise<number>((resolve) => process.nextTick(() => resolve(askingFor(port))));
  for (const socket of sockets) socket.destroy();
  return left;
}

function somaxconn(): number {
  return process.platform === "linux" ? Number(readFileSync("/proc/sys/net/core/somaxconn", "utf8")) : 0;
}

const skip = somaxconn() < 1000 && "this system has room for fewer connections, or does not tell";

test("a thousand clients that come back at once find room", { skip }, async (context) => {
  const server = await serveRoutes(context, log, routes);
  assert.equal(await openAtOnce(server.port, 950), 0);
});

test("with Node's backlog, and with a small one, they would not", { skip }, async (context) => {
  const plain = createServer().listen(0, "127.0.0.1");
  context.after(() => plain.close());
  await once(plain, "listening");
  assert.ok((await openAtOnce((plain.address() as AddressInfo).port, 950)) > 0);
  const server = await serveRoutes(context, log, routes, {}, { backlog: 10 });
  assert.ok((await openAtOnce(server.port, 50)) > 0);
});
