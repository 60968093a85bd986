import assert from "node:assert/strict";
import { test } from "node:test";
import { RequestHandler } from "../../src/index.ts";
import { deferred } from "../support/deferred.ts";
import { expectedLog } from "../support/log.ts";
import { RawConnection, requestText } from "../support/raw-http.ts";
import { serveRoutes } from "../support/serve-routes.ts";

const log = expectedLog();

class Echo extends RequestHandler {
  get() {
    return this.request.uri;
  }
  post() {
    return this.request.uri;
  }
}

test("one connection serves one request after the other", async (context) => {
  const server = await serveRoutes(context, log, [["/*", Echo]]);
  const connection = await RawConnection.open(server.port);
  context.after(() => connection.destroy());
  for (const path of ["/1", "/2", "/3"]) {
    connection.send(requestText("GET", path));
    const response = await connection.nextResponse();
    assert.equal(response.text, path);
    assert.equal(response.header("Connection"), "keep-alive");
  }
});

test("requests that came in one piece, or byte by byte, are answered in order", async (context) => {
  const server = await serveRoutes(context, log, [["/*", Echo]]);
  const connection = await RawConnection.open(server.port);
  context.after(() => connection.destroy());
  const paths = Array.from({ length: 50 }, (_, index) => `/${index}`);
  connection.send(paths.map((path) => requestText("GET", path)).join(""));
  for (const path of paths) assert.equal((await connection.nextResponse()).text, path);
  for (const byte of requestText("GET", "/slowly")) connection.send(byte);
  assert.equal((await connection.nextResponse()).text, "/slowly");
});

test("a fast answer waits for the slow one before it", async (context) => {
  const gate = deferred();
  const fastIsDone = deferred();
  class Slow extends RequestHandler {
    async get() {
      await gate.promise;
      return "slow";
    }
  }
  class Fast extends RequestHandler {
    async get() {
      await this.finish("fast");
      fastIsDone.resolve();
    }
  }
  const server = await serveRoutes(context, log, [
    ["/slow", Slow],
    ["/fast", Fast],
  ]);
  const connection = await RawConnection.open(server.port);
  context.after(() => connection.destroy());
  connection.send(requestText("GET", "/slow") + requestText("GET", "/fast"));
  await fastIsDone.promise;
  gate.resolve();
  assert.equal((await connection.nextResponse()).text, "slow");
  assert.equal((await connection.nextResponse()).text, "fast");
});

test("a body that no handler reads is not taken for the next request", async (context) => {
  const server = await serveRoutes(context, log, [["/*", Echo]]);
  const smuggled = requestText("GET", "/smuggled");
  const sized = [`Content-Length: ${smuggled.length}`];
  const chunk = `${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`;
  const connection = await RawConnection.open(server.port);
  context.after(() => connection.destroy());
  connection.send(requestText("POST", "/sized", sized) + smuggled);
  connection.send(requestText("POST", "/chunked", ["Transfer-Encoding: chunked"]) + chunk);
  // Also not behind an answer that no handler gave.
  connection.send(requestText("PUT", "/refused", sized) + smuggled);
  connection.send(requestText("GET", "/next"));
  assert.equal((await connection.nextResponse()).text, "/sized");
  assert.equal((await connection.nextResponse()).text, "/chunked");
  assert.equal((await connection.nextResponse()).status, 405);
  assert.equal((await connection.nextResponse()).text, "/next");
  await log.expect(/^405 PUT/);
});

test("a connection ends when the client asks for it, and after an HTTP/1.0 request", async (context) => {
  const server = await serveRoutes(context, log, [["/*", Echo]]);
  for (const text of [requestText("GET", "/", ["Connection: close"]), "GET / HTTP/1.0\r\n\r\n"]) {
    const connection = await RawConnection.open(server.port);
    connection.send(text);
    const response = await connection.nextResponse();
    assert.equal(response.header("Connection"), "close");
    assert.equal((await connection.ended()).length, 0);
  }
});

test("rubbish behind a request ends the connection with one answer and one line in the log", async (context) => {
  const server = await serveRoutes(context, log, [["/*", Echo]]);
  const connection = await RawConnection.open(server.port);
  connection.send(requestText("GET", "/good"));
  assert.equal((await connection.nextResponse()).text, "/good");
  connection.send("rubbish\r\n\r\n");
  const { status, text } = await connection.nextResponse();
  assert.deepEqual([status, text], [400, "REQUEST_MALFORMED: The request is malformed.\n"]);
  assert.equal((await connection.ended()).length, 0);
  await log.expect(/^400 \(127\.0\.0\.1\) REQUEST_MALFORMED/);
});

test("rubbish behind a request whose answer has begun is not answered into the middle of it", async (context) => {
  const gate = deferred();
  async function* halves(): AsyncGenerator<Uint8Array> {
    yield Buffer.from("first half");
    await gate.promise;
    yield Buffer.from("second half");
  }
  class Streams extends RequestHandler {
    get() {
      const body = ReadableStream.from(halves()) as ReadableStream<Uint8Array<ArrayBuffer>>;
      return new Response(body, { headers: { "Content-Length": "21" } });
    }
  }
  const server = await serveRoutes(context, log, [["/", Streams]]);
  const connection = await RawConnection.open(server.port);
  connection.send(requestText("GET", "/"));
  await connection.received();
  connection.send("rubbish\r\n\r\n");
  await log.expect(/^400 \(127\.0\.0\.1\) REQUEST_MALFORMED/);
  gate.resolve();
  assert.equal((await connection.nextResponse()).text, "first halfsecond half");
  assert.equal((await connection.nextResponse()).status, 400);
  assert.equal((await connection.ended()).length, 0);
});
