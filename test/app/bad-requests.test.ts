import assert from "node:assert/strict";
import { test } from "node:test";
import { RequestHandler } from "../../src/index.ts";
import { expectedLog } from "../support/log.ts";
import { RawConnection, get, requestText } from "../support/raw-http.ts";
import { serveRoutes } from "../support/serve-routes.ts";

const log = expectedLog();

class Hello extends RequestHandler {
  get() {
    return "hello";
  }
  post() {
    return "posted";
  }
}
const routes = [["/*", Hello]] as const;

/** What was logged that nobody has expected, apart from requests that went well. */
function warnings(): readonly string[] {
  return log.lines.filter(({ level }) => level !== "info").map(({ text }) => text);
}

const get11 = "GET / HTTP/1.1\r\nHost: localhost\r\n";
const post11 = "POST / HTTP/1.1\r\nHost: localhost\r\n";

/** Bytes that are no HTTP/1.1 request, by what is wrong with them. */
const malformed: Readonly<Record<string, string>> = {
  "a TLS handshake": "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",
  zeros: "\0".repeat(50),
  words: "hello there\r\n\r\n",
  "a target that is no ASCII": "GET /\xe9 HTTP/1.1\r\nHost: localhost\r\n\r\n",
  "a control character in the target": "GET /a\x01b HTTP/1.1\r\nHost: localhost\r\n\r\n",
  "the preface of HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "a version that does not exist": "GET / HTTP/1.2\r\nHost: localhost\r\n\r\n",
  "no target": "GET HTTP/1.1\r\nHost: localhost\r\n\r\n",
  // Each of these has been a way to have two servers see two different requests.
  "lines without a carriage return": "GET / HTTP/1.1\nHost: localhost\n\n",
  "a space before a colon (RFC 9112 §5.1)": "GET / HTTP/1.1\r\nHost : localhost\r\n\r\n",
  "a folded field (RFC 9112 §5.2)": `${get11} folded\r\n\r\n`,
  "a zero byte in a field": `${get11}X: a\0b\r\n\r\n`,
  "a carriage return in a field": `${get11}X: a\rb\r\n\r\n`,
  "a field without a name": `${get11}: x\r\n\r\n`,
  "a field without a colon": `${get11}X\r\n\r\n`,
  "two lengths (RFC 9112 §6.3)": `${post11}Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef`,
  "a length and chunks (RFC 9112 §6.1)": `${post11}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  "a negative length": `${post11}Content-Length: -5\r\n\r\n`,
  "a length in words": `${post11}Content-Length: five\r\n\r\n`,
};

test("bytes that are no request get one answer, an end, and one line in the log", async (context) => {
  const server = await serveRoutes(context, log, routes);
  for (const [what, bytes] of Object.entries(malformed)) {
    const connection = await RawConnection.open(server.port);
    connection.send(bytes);
    const { status, text, header } = await connection.nextResponse();
    assert.equal(status, 400, what);
    assert.equal(text, "REQUEST_MALFORMED: The request is malformed.\n", what);
    assert.equal(header("Connection"), "close", what);
    assert.equal((await connection.ended()).length, 0, what);
    const line = await log.expect(/REQUEST_MALFORMED/);
    assert.equal(line.level, "warn");
    assert.match(
      line.text,
      /^400 \(127\.0\.0\.1\) REQUEST_MALFORMED: the bytes received are not an HTTP\/1\.1 request: "Parse Error: [^\n]*"$/,
      what,
    );
    assert.deepEqual(warnings(), [], what);
  }
});

test("a body that breaks its own framing is one line as well, and not a success", async (context) => {
  const server = await serveRoutes(context, log, routes);
  for (const bytes of [
    `${post11}Transfer-Encoding: chunked\r\n\r\nzz\r\n`,
    `${post11}Transfer-Encoding: unheard-of\r\n\r\nzz\r\n`,
  ]) {
    const connection = await RawConnection.open(server.port);
    connection.send(bytes);
    assert.equal((await connection.nextResponse()).status, 400);
    assert.equal((await connection.ended()).length, 0);
    await log.expect(/^400 \(127\.0\.0\.1\) REQUEST_MALFORMED/);
  }
  // One request more, whose line comes after whatever the others still had to say.
  await get(server, "/last");
  await log.expect(/^200 GET \/last/);
  const successes = log.lines.filter(({ text }) => text.startsWith("200 POST"));
  assert.deepEqual(successes, [], "a client that got 400 was not answered with 200");
});

test("a request line and header fields past the limit are 431, and one line in the log", async (context) => {
  const server = await serveRoutes(context, log, routes, { http: { maxHeaderBytes: 1024 } });
  assert.equal((await get(server, "/", [`X: ${"x".repeat(900)}`])).status, 200);
  for (const bytes of [
    requestText("GET", "/", [`X: ${"x".repeat(1100)}`]),
    requestText("GET", `/${"x".repeat(900)}`, [`X: ${"x".repeat(200)}`]),
    requestText(
      "GET",
      "/",
      Array.from({ length: 20 }, (_, index) => `X-${index}: ${"x".repeat(50)}`),
    ),
    // Without an end, so that only the limit can stop it.
    `${get11}X: ${"x".repeat(4000)}`,
  ]) {
    const connection = await RawConnection.open(server.port);
    connection.send(bytes);
    const { status, text } = await connection.nextResponse();
    assert.equal(status, 431);
    assert.equal(text, "HEADERS_TOO_LARGE: The header fields are too large.\n");
    assert.equal((await connection.ended()).length, 0);
    const { text: line } = await log.expect(/HEADERS_TOO_LARGE/);
    assert.match(
      line,
      /^431 \(127\.0\.0\.1\) HEADERS_TOO_LARGE: .* exceed 1024 bytes\. .*http: \{ maxHeaderBytes \}/,
    );
    assert.deepEqual(warnings(), []);
  }
});

test("the default limit is 16 KiB", async (context) => {
  const server = await serveRoutes(context, log, routes);
  assert.equal((await get(server, "/", [`X: ${"x".repeat(16_000)}`])).status, 200);
  assert.equal((await get(server, "/", [`X: ${"x".repeat(16_500)}`])).status, 431);
  await log.expect(/^431 .* exceed 16384 bytes/);
});

test("header fields that do not arrive in time are 408; a connection without a byte just ends", async (context) => {
  const server = await serveRoutes(context, log, routes, { http: { headersTimeoutMs: 50 } });
  const slow = await RawConnection.open(server.port);
  const silent = await RawConnection.open(server.port);
  slow.send("GET / HT");
  const { status, text, header } = await slow.nextResponse();
  assert.equal(status, 408);
  assert.equal(text, "REQUEST_TIMEOUT: The request took too long to arrive.\n");
  assert.equal(header("Connection"), "close");
  assert.equal((await slow.ended()).length, 0);
  assert.equal((await silent.ended()).length, 0);
  const { text: line } = await log.expect(/REQUEST_TIMEOUT/);
  assert.match(
    line,
    /^408 \(127\.0\.0\.1\) REQUEST_TIMEOUT: the request was not complete in time: 50 ms for its header fields, 300000 ms for all of it\. .*headersTimeoutMs/,
  );
  assert.deepEqual(warnings(), []);
});

test("a body that does not arrive in time is told with the time that it had", async (context) => {
  const http = { headersTimeoutMs: 50, requestTimeoutMs: 100 };
  const server = await serveRoutes(context, log, routes, { http });
  const connection = await RawConnection.open(server.port);
  connection.send(requestText("POST", "/", ["Content-Length: 10"]));
  connection.send("half");
  // The handler does not need the body.
  assert.equal((await connection.nextResponse()).text, "posted");
  await connection.ended();
  const { text } = await log.expect(/^408 \(127\.0\.0\.1\) REQUEST_TIMEOUT/);
  assert.match(
    text,
    /the request was not complete in time: 50 ms for its header fields, 100 ms for all of it/,
  );
});

test("a client that gives up in the middle of a request is nobody's fault", async (context) => {
  const server = await serveRoutes(context, log, routes);
  for (const bytes of ["GET / HT", get11, `${post11}Content-Length: 10\r\n`]) {
    const connection = await RawConnection.open(server.port);
    connection.send(bytes);
    connection.end();
    assert.equal((await connection.ended()).length, 0);
  }
  await get(server, "/last");
  await log.expect(/^200 GET \/last/);
  assert.deepEqual(warnings(), []);
});

test("empty lines before a request are forgiven (RFC 9112 §2.2)", async (context) => {
  const server = await serveRoutes(context, log, routes);
  const connection = await RawConnection.open(server.port);
  context.after(() => connection.destroy());
  connection.send(`\r\n\r\n${get11}\r\n`);
  assert.equal((await connection.nextResponse()).text, "hello");
});
