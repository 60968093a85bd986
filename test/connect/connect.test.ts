import assert from "node:assert/strict";
import { test } from "node:test";
import { connect, HandshakeError, WebSocket } from "../../src/index.ts";
import { runEcho } from "../support/echo-server.ts";
import { accepting, fakeServer } from "../support/fake-server.ts";

test("a socket is open when connect() resolves", async (context) => {
  const { url } = await runEcho(context);
  const socket = await connect(url, { protocols: ["v2", "v1"] });
  assert.ok(socket instanceof WebSocket && socket instanceof EventTarget);
  assert.equal(socket.readyState, WebSocket.OPEN);
  assert.equal(socket.url, url);
  assert.equal(socket.protocol, "v1");
  assert.equal(socket.extensions, "");
  await socket.opened;
  socket.close(3001, "bye");
  assert.equal(socket.readyState, WebSocket.CLOSING);
  // The server's answer repeats the code alone.
  assert.deepEqual(await socket.closed, { code: 3001, reason: "", wasClean: true });
  assert.equal(socket.readyState, WebSocket.CLOSED);
});

test("options and the user of the URL become header fields", async (context) => {
  const { url, handlers } = await runEcho(context, { allowedOrigins: ["https://app.example"] });
  const host = new URL(url).host;
  const withUser = url.replace("//", "//m%C3%A9:p%40ss%ZZ@");
  const socket = await connect(withUser, {
    headers: { "X-Key": ["a", "b"], Cookie: "c=1", "User-Agent": "test" },
    origin: "https://app.example",
  });
  const { headers } = handlers[0]?.request ?? assert.fail("there is no request");
  assert.equal(headers["x-key"], "a, b");
  assert.equal(headers["cookie"], "c=1");
  assert.equal(headers["user-agent"], "test");
  assert.equal(headers["origin"], "https://app.example");
  assert.equal(headers["host"], host);
  // A user name is percent-encoded in a URL and UTF-8 in the field (RFC 7617 §2.1); what is not encoded stays as it is.
  assert.equal(headers["authorization"], `Basic ${Buffer.from("mé:p%40ss%ZZ").toString("base64")}`);
  assert.equal(headers["sec-websocket-extensions"], undefined);
  await using _ = socket;
});

test("a refusal shows status, header fields and the start of the body, and has them as properties", async (context) => {
  const body = `not for you\n\u001b[31m${"x".repeat(5000)}`;
  const url = await fakeServer(
    context,
    () =>
      `HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nSet-Cookie: session=secret\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  const wsUrl = url.replace("http://", "ws://me:secret@");
  await assert.rejects(connect(`${wsUrl}/private?token=secret`), (error) => {
    assert.ok(error instanceof HandshakeError);
    assert.equal(error.code, "HANDSHAKE_FAILED");
    assert.equal(error.status, 401);
    assert.equal(error.headers?.["www-authenticate"], "Basic");
    assert.equal(error.body, body);
    const lines = error.message.split("\n");
    const at = url.replace("http:", "ws:");
    assert.equal(lines[0], `the WebSocket handshake failed: ${at}/private answered 401 Unauthorized`);
    assert.deepEqual(lines.slice(1, 6), [
      "  www-authenticate: Basic",
      "  set-cookie: (not shown)",
      `  content-length: ${body.length}`,
      "",
      "  not for you",
    ]);
    assert.match(lines[6] ?? "", /^ {2}\\x1b\[31mx+…$/);
    assert.ok(error.message.length < 2000);
    assert.doesNotMatch(error.message, /secret/);
    return true;
  });
});

test("an answer with many fields is not shown whole", async (context) => {
  const fields = Array.from({ length: 50 }, (_, index) => `X-${index}: ${"v".repeat(250)}\r\n`).join("");
  const url = await fakeServer(context, () => `HTTP/1.1 403 Forbidden\r\n${fields}Content-Length: 0\r\n\r\n`);
  await assert.rejects(connect(url), (error) => {
    assert.ok(error instanceof HandshakeError);
    assert.match(error.message, /\n {2}x-0: v{200}…\n/);
    assert.match(error.message, /\n {2}… and 19 more$/);
    assert.equal(Object.keys(error.headers ?? {}).length, 51);
    return true;
  });
});

test("messages that come with the handshake and before anybody listens are not lost", async (context) => {
  const frames = Buffer.from("810161810162810163", "hex");
  const url = await fakeServer(context, (received) =>
    Buffer.concat([Buffer.from(accepting(received)), frames]),
  );
  const socket = await connect(url);
  const texts: unknown[] = [];
  await new Promise<void>((resolve) => {
    setImmediate(() => {
      socket.addEventListener("message", ({ data }) => texts.push(data));
      // Listeners that are added in the same turn get all of them.
      socket.addEventListener("message", ({ data }) => {
        if (data === "c") resolve();
      });
    });
  });
  assert.deepEqual(texts, ["a", "b", "c"]);
  socket.terminate();
});

test("what connect() has opened gives binary messages as ArrayBuffers, and Blobs when asked to", async (context) => {
  const { url } = await runEcho(context);
  const socket = await connect(url);
  const next = (): Promise<unknown> =>
    new Promise((resolve) => {
      socket.addEventListener("message", ({ data }) => resolve(data), { once: true });
    });
  socket.send(new Uint8Array([1, 2, 3]));
  const first = await next();
  assert.ok(first instanceof ArrayBuffer);
  assert.deepEqual(new Uint8Array(first), new Uint8Array([1, 2, 3]));
  socket.binaryType = "blob";
  socket.send(new Uint8Array([4, 5]));
  const second = await next();
  assert.ok(second instanceof Blob);
  assert.deepEqual(new Uint8Array(await second.arrayBuffer()), new Uint8Array([4, 5]));
  socket.close();
  assert.equal(
    (
      await connect(url, { binaryType: "blob" }).then(async (other) => {
        other.close();
        await other.closed;
        return other;
      })
    ).binaryType,
    "blob",
  );
  await socket.closed;
});

test("nobody there, and a name that does not exist, are said", async () => {
  // Port 1 is below those that are handed out, and nothing listens there.
  await assert.rejects(connect("ws://localhost:1/"), {
    code: "HANDSHAKE_FAILED",
    message: /^the WebSocket handshake failed: ws:\/\/localhost:1\/: connect ECONNREFUSED 127\.0\.0\.1:1/,
  });
  await assert.rejects(connect("ws://does-not-exist.invalid/"), {
    code: "HANDSHAKE_FAILED",
    message: /ENOTFOUND|EAI_AGAIN/,
  });
});
