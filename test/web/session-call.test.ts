import assert from "node:assert/strict";
import { test } from "node:test";
import { RequestHandler, route, WebSocketHandler } from "../../src/index.ts";
import { RawConnection, request } from "../support/raw-http.ts";
import { runApplication, takeWarnings } from "../support/run-application.ts";
import { serveSessions } from "../support/serve-sessions.ts";
import { post, SessionClient, sessionBody } from "../support/session-client.ts";

test("a body that is no request is refused with 400, and in debug mode with the reason", async (context) => {
  for (const debug of [true, false]) {
    const { server, log } = await serveSessions(context, { debug });
    for (const [body, reason] of [
      ["", "the first line must be a JSON object"],
      ["{}", "there must be either transport, which opens a session, or session"],
      ['{"transport":"polling","poll":-1}', "poll must be a number of milliseconds"],
      ['{"transport":"polling","seq":1}\nx', "line 2 is no record"],
      [new Uint8Array([0x7b, 0xff, 0x7d]), "it is not UTF-8"],
    ] as const) {
      const { status, text } = await post(server, "/ws", body);
      assert.equal(status, 400);
      assert.match(text, /^SESSION_REQUEST_INVALID: /m);
      assert.equal(text.includes(reason), debug, text);
    }
    await takeWarnings(log);
  }
});

test("a request has the type text/plain, in whatever way that is written", async (context) => {
  const { server, log, opened } = await serveSessions(context);
  const body = sessionBody({ transport: "polling" });
  for (const type of ["text/plain", "Text/Plain;charset=UTF-8", "text/plain ; x=y"]) {
    assert.equal((await post(server, "/ws", body, [`Content-Type: ${type}`])).status, 200, type);
    await opened.next();
  }
  for (const type of ["application/json", "text/plainer", "", "multipart/form-data; boundary=text/plain"]) {
    const { status, text } = await post(server, "/ws", body, [`Content-Type: ${type}`]);
    assert.equal(status, 415, type);
    assert.match(text, /^SESSION_CONTENT_TYPE: /m);
  }
  await takeWarnings(log);
});

test("a body that is too long is refused, whether its length is told or not, and what is left of it ends", async (context) => {
  const { server, log, opened } = await serveSessions(context, { fallback: { maxBodyBytes: 100 } });
  const head = sessionBody({ transport: "polling" });
  assert.equal((await post(server, "/ws", head.padEnd(99, " ") + "\n")).status, 400);
  assert.equal((await post(server, "/ws", head.trimEnd().padEnd(100, " "))).status, 200);
  await opened.next();
  const told = await post(server, "/ws", head.trimEnd().padEnd(101, " "));
  assert.equal(told.status, 413);
  assert.match(told.text, /^BODY_TOO_LARGE: /m);
  // Its length told, it is refused before it comes.
  for (const lines of [["Content-Length: 1000000000"], ["Content-Length: 101", "Expect: 100-continue"]]) {
    const connection = await RawConnection.open(server.port);
    connection.send(`POST /ws HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n${lines.join("\r\n")}\r\n\r\n`); // prettier-ignore
    let response = await connection.nextResponse();
    if (response.status === 100) response = await connection.nextResponse();
    assert.equal(response.status, 413);
    connection.destroy();
  }
  const chunked = await RawConnection.open(server.port);
  chunked.send("POST /ws HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"); // prettier-ignore
  const chunk = `32\r\n${"x".repeat(0x32)}\r\n`;
  chunked.send(chunk + chunk);
  chunked.send("1\r\nx\r\n");
  assert.equal((await chunked.nextResponse()).status, 413);
  // The connection serves nobody else before that body is at its end.
  chunked.send(chunk.repeat(1000));
  await chunked.ended();
  await takeWarnings(log);
});

test("a client that leaves in the middle of its request leaves nothing behind", async (context) => {
  const { server, client, log } = await serveSessions(context);
  const connection = await RawConnection.open(server.port);
  connection.send('POST /ws HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\n{"tr'); // prettier-ignore
  const alice = client();
  await alice.open();
  connection.destroy();
  await alice.close();
  assert.deepEqual(log.lines.filter(({ level }) => level !== "debug").length, 2);
});

test("a token that is guessed, altered or of another route finds no session", async (context) => {
  class Echo extends WebSocketHandler {}
  const routes = [
    route("/ws/:room", Echo, { transports: ["polling"] }),
    route("/other", Echo, { transports: ["polling"] }),
  ];
  const { server, log } = await runApplication(context, routes);
  const alice = new SessionClient(server, "/ws/a");
  await alice.open({ transport: "polling" });
  const { token } = alice;
  const [id = "", secret = ""] = token.split(".");
  const last = token.endsWith("A") ? "B" : "A";
  for (const guess of [
    "",
    ".",
    id,
    `${id}.`,
    `${id}.${secret}x`,
    `${token.slice(0, -1)}${last}`,
    `${secret}.${id}`,
    "__proto__.x",
  ]) {
    // prettier-ignore
    const { status, text } = await post(server, "/ws/a", sessionBody({ session: guess }));
    assert.equal(status, 404, guess);
    assert.match(text, /^SESSION_UNKNOWN: /m);
  }
  for (const path of ["/other", "/ws/b", "/ws/A"]) {
    assert.equal((await post(server, path, sessionBody({ session: token }))).status, 404, path);
  }
  assert.equal((await post(server, "/ws/a?x=y", sessionBody({ session: token }))).status, 200, "a query is no other place"); // prettier-ignore
  await alice.close();
  await takeWarnings(log);
});

test("only the transports of a route are served on it", async (context) => {
  class Echo extends WebSocketHandler {}
  class Page extends RequestHandler {
    post(): string {
      return "a page";
    }
  }
  const { server, log } = await runApplication(context, [
    route("/polling", Echo, { transports: ["polling"] }),
    ["/websocket", Echo],
    ["/page", Page],
  ]);
  const statusOf = async (path: string, head: object): Promise<number> =>
    (await post(server, path, sessionBody(head))).status;
  assert.equal(await statusOf("/polling", { transport: "polling" }), 200);
  assert.equal(await statusOf("/polling", { transport: "long-polling" }), 400);
  assert.equal(await statusOf("/polling", { transport: "sse" }), 400);
  assert.equal((await request(server, "GET", "/polling", ["Accept: text/event-stream"])).status, 400);
  for (const method of ["PUT", "DELETE", "HEAD", "PATCH"]) {
    assert.ok([400, 405].includes((await request(server, method, "/polling")).status), method);
  }
  assert.equal(await statusOf("/websocket", { transport: "polling" }), 400);
  assert.equal((await request(server, "OPTIONS", "/websocket")).status, 405);
  assert.equal(await statusOf("/page", { transport: "polling" }), 200);
  await takeWarnings(log);
});
