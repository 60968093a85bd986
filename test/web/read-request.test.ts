import assert from "node:assert/strict";
import { test } from "node:test";
import { RequestHandler } from "../../src/index.ts";
import { expectedLog } from "../support/log.ts";
import { RawConnection, exchange, get, request, requestText } from "../support/raw-http.ts";
import { serveRoutes } from "../support/serve-routes.ts";

const log = expectedLog();

class Shows extends RequestHandler {
  get() {
    return `${this.request.host} ${this.request.uri}`;
  }
  async post() {
    await this.bytes();
    return this.get();
  }
}
const routes = [["/*", Shows]] as const;

test("more header fields than allowed are 431, exactly as many are not", async (context) => {
  const server = await serveRoutes(context, log, routes, { http: { maxHeaders: 5 } });
  // Repeated ones count each time, and so does Host.
  const lines = ["Host: localhost", ...Array.from({ length: 4 }, () => "X-Same: 1")];
  assert.equal((await get(server, "/", lines)).status, 200);
  const { status, text } = await get(server, "/", [...lines, "X-Same: 1"]);
  assert.equal(status, 431);
  assert.match(text, /^431: .*\nHEADERS_TOO_MANY: There are too many header fields\.\n$/);
  await log.expect(/^431 GET \/ /);
  await log.expect(
    /^HEADERS_TOO_MANY {2}the request has 6 header fields, at most 5 are allowed\.\n.*http: \{ maxHeaders \}/,
  );
});

test("past Node's own count of header fields none is lost: 2500 short ones are counted as such", async (context) => {
  const server = await serveRoutes(context, log, routes);
  const lines = Array.from({ length: 2500 }, () => "a:1");
  assert.equal((await get(server, "/", lines)).status, 431);
  await log.expect(/^431 GET/);
  await log.expect(/the request has 2501 header fields, at most 100 are allowed/);
});

test("an HTTP/1.1 request has one Host, and a good one (RFC 9112 §3.2)", async (context) => {
  const server = await serveRoutes(context, log, routes);
  const table: readonly (readonly string[])[] = [
    [],
    ["Host:"],
    ["Host: localhost", "Host: localhost"],
    ["Host: localhost", "host: evil.example"],
    ["Host: localhost, evil.example"],
    ["Host: a b"],
    ["Host: user@localhost"],
    ["Host: localhost/path"],
    ["Host: http://localhost"],
    ["Host: localhost:port"],
    ["Host: localhost:99999"],
    ["Host: localhost:-1"],
    ["Host: localhost:80:80"],
    ["Host: [::1"],
    ["Host: ::1"],
    ["Host: %6cocalhost"],
    ["Host: \xe9xample"],
  ];
  for (const lines of table) {
    const shown = lines.join(" + ");
    const response = await exchange(server.port, ["GET / HTTP/1.1", ...lines, "", ""].join("\r\n"));
    assert.equal(response.status, 400, shown);
    assert.equal(
      response.text,
      "400: Bad Request\nHOST_INVALID: The Host header is missing or malformed.\n",
      shown,
    );
    await log.expect(/^400 GET \/ /);
  }
  // Explained once, with the first value that came, which was none.
  await log.expect(/^HOST_INVALID {2}there must be one Host header .*, got nothing\.$/);
});

test("a good Host is taken as the client wrote it, without a default port", async (context) => {
  const server = await serveRoutes(context, log, routes);
  for (const [host, shown] of [
    ["localhost", "localhost"],
    ["LocalHost:8080", "localhost:8080"],
    ["localhost:80", "localhost"],
    ["localhost:", "localhost"],
    ["127.0.0.1:1", "127.0.0.1:1"],
    ["[::1]:10000", "[::1]:10000"],
    ["a.localhost", "a.localhost"],
  ] as const) {
    assert.equal((await get(server, "/", [`Host: ${host}`])).text, `${shown} /`, host);
  }
});

test("HTTP/1.0 may do without a Host, but not with two or a bad one", async (context) => {
  const server = await serveRoutes(context, log, routes);
  assert.equal((await exchange(server.port, "GET /x HTTP/1.0\r\n\r\n")).text, "localhost /x");
  for (const lines of ["Host: a b\r\n", "Host: localhost\r\nHost: localhost\r\n"]) {
    assert.equal((await exchange(server.port, `GET / HTTP/1.0\r\n${lines}\r\n`)).status, 400);
    await log.expect(/^400 GET/);
  }
  await log.expect(/^HOST_INVALID/);
});

test("the host of an absolute target overrules the Host field (RFC 9112 §3.2.2)", async (context) => {
  const server = await serveRoutes(context, log, routes, { allowedHosts: ["a.example", "b.example"] });
  const table: readonly [target: string, host: string, shown: string][] = [
    ["http://a.example/x?y", "b.example", "a.example /x?y"],
    ["HTTP://A.Example:81/x", "b.example", "a.example:81 /x"],
    ["https://a.example/x", "b.example", "a.example /x"],
    ["http://a.example", "b.example", "a.example /"],
    ["http://a.example?y", "b.example", "a.example /?y"],
    // A path that looks like a host is a path.
    ["//b.example/x", "a.example", "a.example //b.example/x"],
  ];
  for (const [target, host, shown] of table) {
    assert.equal((await get(server, target, [`Host: ${host}`])).text, shown, target);
  }
  // Also where it decides who is served.
  const refused = await get(server, "http://c.example/", ["Host: a.example"]);
  assert.equal(refused.status, 403);
  await log.expect(/^403 GET/);
  await log.expect(/^HOST_REFUSED {2}Host "c\.example" is not served here/);
});

test("an absolute target does not excuse a missing or bad Host (RFC 9112 §3.2)", async (context) => {
  const server = await serveRoutes(context, log, routes);
  for (const lines of ["", "Host: a b\r\n", "Host: localhost\r\nHost: localhost\r\n"]) {
    const text = `GET http://localhost/ HTTP/1.1\r\n${lines}\r\n`;
    assert.equal((await exchange(server.port, text)).status, 400, JSON.stringify(lines));
    await log.expect(/^400 GET/);
  }
  await log.expect(/^HOST_INVALID/);
});

test("a target that is no path and no http URL is 400", async (context) => {
  const server = await serveRoutes(context, log, routes);
  for (const target of [
    "ftp://localhost/",
    "http://",
    "http://user@localhost/",
    "http://a:b@localhost/",
    "http://localhost:x/",
  ]) {
    const { status, text } = await get(server, target);
    assert.equal(status, 400, target);
    // Some of them Node's parser refuses by itself.
    assert.match(text, /REQUEST_TARGET_INVALID|REQUEST_MALFORMED/, target);
    await log.expect(/^400 /);
  }
  await log.expect(/^REQUEST_TARGET_INVALID {2}the request target must be a path/);
});

test("CONNECT asks for a tunnel, which nobody gives", async (context) => {
  const server = await serveRoutes(context, log, routes);
  const connection = await RawConnection.open(server.port);
  connection.send(requestText("CONNECT", "localhost:80"));
  const { status, header } = await connection.nextResponse();
  assert.deepEqual([status, header("Connection")], [400, "close"]);
  assert.equal((await connection.ended()).length, 0);
  await log.expect(/^400 CONNECT localhost:80 /);
  await log.expect(/^REQUEST_TARGET_INVALID/);
});

test("the target * is about the whole server, and no route's", async (context) => {
  const server = await serveRoutes(context, log, routes);
  for (const method of ["OPTIONS", "GET"]) {
    assert.equal((await request(server, method, "*")).status, 404);
    await log.expect(new RegExp(`^404 ${method} \\* `));
  }
});

test("100-continue is met, and any other expectation is 417 (RFC 9110 §10.1.1)", async (context) => {
  const server = await serveRoutes(context, log, routes);
  for (const value of ["100-continue", "100-Continue"]) {
    const connection = await RawConnection.open(server.port);
    context.after(() => connection.destroy());
    connection.send(requestText("POST", "/", [`Expect: ${value}`, "Content-Length: 2"]));
    assert.equal((await connection.nextResponse()).status, 100, value);
    connection.send("ab");
    assert.equal((await connection.nextResponse()).status, 200, value);
  }
  for (const value of ["200-ok", "x"]) {
    const { status, text } = await request(server, "POST", "/", [`Expect: ${value}`, "Content-Length: 0"]);
    assert.equal(status, 417, value);
    assert.match(text, /EXPECTATION_FAILED: The expectation cannot be met\./);
    await log.expect(/^417 POST/);
  }
  await log.expect(
    /^EXPECTATION_FAILED {2}the only expectation that can be met is 100-continue, got "200-ok"/,
  );
  // An HTTP/1.0 client that says it is not waiting for anything.
  const old = await exchange(
    server.port,
    "POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n",
  );
  assert.equal(old.status, 200);
});

test("what a stranger sent cannot forge a line of the log, or colour it", async (context) => {
  const server = await serveRoutes(context, log, routes);
  assert.equal((await get(server, "/", ["Host: a\tb"])).status, 400);
  await log.expect(/^400 GET/);
  const { text } = await log.expect(/^HOST_INVALID/);
  assert.ok(text.includes(String.raw`got "a\x09b"`), text);
});
