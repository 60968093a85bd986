import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import fc from "fast-check";
import { WebSocketHandler } from "../../src/index.ts";
import { TestClient } from "../../src/testing/index.ts";
import { handshake, RawSocket } from "../support/raw-socket.ts";
import { runApplication, takeWarnings } from "../support/run-application.ts";

class Echo extends WebSocketHandler {
  override onMessage(message: string | Uint8Array) {
    this.writeMessage(message);
  }
}

/** What is no HTTP request, by the line that the server logs about it. */
for (const [name, bytes] of [
  ["a TLS hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
  ["an SSH greeting", "SSH-2.0-OpenSSH_9.2\r\n"],
  ["an HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ["a WebSocket frame", "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"],
  ["a NUL byte", "\0"],
  ["words", "hello, is anybody there?\r\n\r\n"],
  ["an unknown method", "BREW /pot HTTP/1.1\r\nHost: localhost\r\n\r\n"],
  ["an unknown version", "GET / HTTP/9.9\r\nHost: localhost\r\n\r\n"],
  ["a header field without a colon", "GET / HTTP/1.1\r\nHost\r\n\r\n"],
  ["a header field with a space before the colon", "GET / HTTP/1.1\r\nHost : localhost\r\n\r\n"],
  ["a header field with a NUL", "GET / HTTP/1.1\r\nHost: local\0host\r\n\r\n"],
  ["a folded header field at the start", "GET / HTTP/1.1\r\n Host: localhost\r\n\r\n"],
  [
    "both lengths (request smuggling)",
    "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  ],
  [
    "two lengths (request smuggling)",
    "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
  ],
  ["a negative length", "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n"],
  ["a length that is no number", "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: five\r\n\r\n"],
  ["a path with bytes past ASCII", "GET /\xe9 HTTP/1.1\r\nHost: localhost\r\n\r\n"],
] as const) {
  test(`answered with 400 and one line in the log: ${name}`, async (context) => {
    const { log, connectRaw } = await runApplication(context, [["/ws", Echo]]);
    const raw = await connectRaw();
    raw.write(bytes);
    const { status, headers, body } = await raw.response();
    assert.equal(status, 400);
    assert.equal(body, "REQUEST_MALFORMED: The request is malformed.\n");
    assert.deepEqual(headers["connection"], ["close"]);
    assert.deepEqual(headers["content-type"], ["text/plain; charset=utf-8"]);
    assert.deepEqual([await raw.rest(), await raw.ended()], [Buffer.alloc(0), "end"]);
    const { level, text } = await log.expect(/^400 /);
    assert.equal(level, "warn");
    assert.match(
      text,
      /^400 \(127\.0\.0\.1\) REQUEST_MALFORMED: the bytes received are not an HTTP\/1\.1 request: "[^"]+"$/,
    );
    assert.deepEqual(log.lines, []);
  });
}

test("much garbage in many segments is one bad request: one answer, one line, an orderly end", async (context) => {
  const { log, connectRaw } = await runApplication(context, [["/ws", Echo]]);
  const raw = await connectRaw();
  for (let i = 0; i < 20; i++) await raw.writeSegment(new Uint8Array(50_000).fill(0x7e));
  const { status } = await raw.response();
  assert.equal(status, 400);
  assert.deepEqual([await raw.rest(), await raw.ended()], [Buffer.alloc(0), "end"]);
  raw.end();
  await once(raw.socket, "close");
  await log.expect(/^400 /);
  assert.deepEqual(log.lines, []);
});

test("who connects and says nothing, or leaves in the middle, asks for nothing and is not logged", async (context) => {
  const { at, log, connectRaw } = await runApplication(context, [["/ws", Echo]]);
  for (const [bytes, leave] of [
    ["", "end"],
    ["", "reset"],
    ["GET / HT", "end"],
    ["GET / HTTP/1.1\r\nHost: loc", "reset"],
    [handshake().slice(0, -2), "end"],
  ] as const) {
    const raw = await connectRaw();
    if (bytes !== "") await raw.writeSegment(bytes);
    raw[leave]();
    await raw.ended();
    raw.socket.destroy();
  }
  const client = await TestClient.connect(at("/ws"));
  await client.close();
  await log.expect(/^101 /);
  await log.expect(/^1005 /);
  assert.deepEqual(log.lines, []);
});

test("random bytes instead of a request never harm the server", async (context) => {
  const { server, at, log } = await runApplication(context, [["/ws", Echo]]);
  const seed = Number(process.env["SEED"] ?? Math.trunc(Math.random() * 2 ** 31));
  context.diagnostic(`SEED=${seed}`);
  const request = handshake();
  const garbage = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    // A handshake with some bytes changed.
    fc
      .array(fc.tuple(fc.nat(request.length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 })
      .map((changes) => {
        const bytes = Buffer.from(request);
        for (const [at_, byte] of changes) bytes[at_] = byte;
        return bytes;
      }),
  );
  for (const bytes of fc.sample(garbage, { seed, numRuns: 150 })) {
    const raw = await RawSocket.connect(server.port);
    raw.write(bytes);
    raw.end();
    const answer = (await raw.rest()).toString("latin1");
    const shown = bytes.toString("latin1");
    assert.match(answer, /^(?:HTTP\/1\.1 (?:101|400|403|404|405|417|426|431) |$)/, JSON.stringify(shown));
    raw.socket.destroy();
  }
  const client = await TestClient.connect(at("/ws"));
  client.send("alive");
  assert.equal(await client.nextMessage(), "alive");
  for (const text of await takeWarnings(log)) assert.match(text, /^(?:4\d\d |[A-Z_]+ {2})/);
});
