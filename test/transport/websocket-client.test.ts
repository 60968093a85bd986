import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { createServer } from "node:net";
import { test } from "node:test";
import { HandshakeError, WaterspoutError } from "../../src/index.ts";
import { defaultWebSocketLimits } from "../../src/base/limits.ts";
import { TestClient } from "../../src/testing/index.ts";
import { HeartbeatWheel } from "../../src/transport/heartbeat.ts";
import type { DialResult } from "../../src/transport/dial/dial-options.ts";
import { dialWebSocket } from "../../src/transport/websocket-client.ts";
import { deferred } from "../support/deferred.ts";
import type { Received } from "../support/fake-server.ts";
import { accepting, fakeServer } from "../support/fake-server.ts";

function dial(url: string, subprotocols: readonly string[] = []): Promise<DialResult> {
  return dialWebSocket(new URL(url), {
    headers: {},
    subprotocols,
    tls: {},
    limits: defaultWebSocketLimits,
    heartbeats: new HeartbeatWheel(),
  });
}

test("the request is the one of RFC 6455 §4.1, and its key is new each time", async (context) => {
  const requests: Received[] = [];
  const url = await fakeServer(context, (received) => {
    requests.push(received);
    return accepting(received);
  });
  for (const subprotocols of [[], ["v2", "v1"]]) {
    const result = await dial(`${url}/a%20b?c=d`, subprotocols);
    assert.ok(result.kind === "opened");
    result.socket.destroy();
  }
  const [first, second] = requests;
  assert.equal(first?.requestLine, "GET /a%20b?c=d HTTP/1.1");
  assert.equal(first?.fields["host"], new URL(url).host);
  assert.equal(first?.fields["upgrade"], "websocket");
  assert.equal(first?.fields["connection"], "Upgrade");
  assert.equal(first?.fields["sec-websocket-version"], "13");
  assert.equal(first?.fields["sec-websocket-protocol"], undefined);
  assert.equal(second?.fields["sec-websocket-protocol"], "v2, v1");
  const keys = requests.map(({ fields }) => fields["sec-websocket-key"] ?? "");
  for (const key of keys) assert.equal(Buffer.from(key, "base64").length, 16);
  assert.notEqual(keys[0], keys[1]);
});

for (const { name, changes, reason } of [
  { name: "another Upgrade", changes: { Upgrade: "h2c" }, reason: 'Upgrade is "h2c"' },
  {
    name: "a wrong accept",
    changes: { "Sec-WebSocket-Accept": "x" },
    reason: "Sec-WebSocket-Accept does not fit the key",
  },
  {
    name: "no accept",
    changes: { "Sec-WebSocket-Accept": null },
    reason: "Sec-WebSocket-Accept does not fit the key",
  },
  {
    name: "an extension that was not offered",
    changes: { "Sec-WebSocket-Extensions": "permessage-deflate" },
    reason: 'extension "permessage-deflate" was not offered',
  },
  {
    name: "a subprotocol that was not offered",
    changes: { "Sec-WebSocket-Protocol": "v3" },
    reason: 'subprotocol "v3" was not offered',
  },
] as readonly {
  name: string;
  changes: Readonly<Record<string, string | null>>;
  reason: string;
}[]) {
  test(`a server that answers with ${name} fails the handshake`, async (context) => {
    const ended = deferred();
    const url = await fakeServer(context, (received, socket) => {
      socket.once("close", () => ended.resolve());
      return accepting(received, changes);
    });
    await assert.rejects(dial(url, ["v1", "v2"]), (error) => {
      assert.ok(error instanceof WaterspoutError);
      assert.equal(error.code, "HANDSHAKE_FAILED");
      const [sentence = "", ...fields] = error.message.split("\n");
      assert.equal(
        sentence,
        `the WebSocket handshake failed: ${url}/ answered 101 Switching Protocols, but ${reason}`,
      );
      assert.ok(fields.includes("  connection: Upgrade"), error.message);
      return true;
    });
    // RFC 6455 §4.1: the client fails the connection, and does not leave it open.
    await ended.promise;
  });
}

for (const [changes, problem] of [
  [{ Upgrade: null }, "Upgrade is nothing"],
  [{ Connection: null }, "Connection is nothing"],
  [{ Connection: "close" }, 'Connection is "close"'],
] as const) {
  test(`a 101 that switches to nothing fails the handshake: ${problem}`, async (context) => {
    const url = await fakeServer(context, (received, socket) => {
      socket.end(accepting(received, changes));
      return "";
    });
    await assert.rejects(dial(url), (error) => {
      assert.ok(error instanceof HandshakeError);
      assert.equal(error.status, 101);
      assert.ok(error.message.includes(`101 Switching Protocols, but ${problem}\n`), error.message);
      return true;
    });
  });
}

for (const [name, answer] of [
  ["hangs up", (_received: Received, socket: Socket) => socket.resetAndDestroy() && ""],
  ["ends without an answer", (_received: Received, socket: Socket) => socket.end() && ""],
  ["answers with garbage", () => "SSH-2.0-OpenSSH_9.2\r\n"],
] as const) {
  test(`a server that ${name} fails the handshake`, async (context) => {
    const url = await fakeServer(context, (received, socket) => answer(received, socket) || "");
    await assert.rejects(dial(url), { name: "WaterspoutError", code: "HANDSHAKE_FAILED" });
  });
}

test("nobody listening fails the handshake, and says why", async (context) => {
  const url = await fakeServer(context, () => "");
  const port = Number(new URL(url).port);
  const blocked = createServer().listen(0, "127.0.0.1");
  await once(blocked, "listening");
  const free = (blocked.address() as AddressInfo).port;
  blocked.close();
  await once(blocked, "close");
  assert.notEqual(free, port);
  await assert.rejects(dial(`http://127.0.0.1:${free}`), {
    code: "HANDSHAKE_FAILED",
    message: /^the WebSocket handshake failed: http:\/\/127\.0\.0\.1:\d+\/: connect ECONNREFUSED/,
  });
});

test("an HTTP answer is a refusal, with status, header fields and a body of bounded length", async (context) => {
  const url = await fakeServer(context, ({ requestLine }) => {
    const body = requestLine.includes("/long") ? "x".repeat(1_000_000) : "not here";
    return `HTTP/1.1 404 Not Found\r\nX-Reason: none\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
  });
  const refused = await dial(url);
  assert.ok(refused.kind === "refused");
  assert.deepEqual([refused.status, refused.headers["x-reason"], refused.body], [404, "none", "not here"]);
  const long = await dial(`${url}/long`);
  assert.ok(long.kind === "refused" && long.body.length >= 65_536 && long.body.length < 1_000_000);
});

test("a refusal's body is UTF-8, also when a character is cut between segments", async (context) => {
  const url = await fakeServer(context, (_received, socket) => {
    const body = Buffer.from("é");
    socket.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\n");
    socket.write(body.subarray(0, 1), () => setImmediate(() => socket.write(body.subarray(1))));
    return "";
  });
  const refused = await dial(url);
  assert.ok(refused.kind === "refused");
  assert.equal(refused.body, "é");
});

test("frames in the segment of the 101 are not lost, and what a server must not send closes with 1002", async (context) => {
  const frames = Buffer.from("810568656c6c6f8900", "hex");
  const url = await fakeServer(context, (received) =>
    Buffer.concat([Buffer.from(accepting(received)), frames, Buffer.from("818037fa213d", "hex")]),
  );
  const client = await TestClient.connect(url);
  assert.equal(await client.nextMessage(), "hello");
  assert.deepEqual(await client.nextPing(), new Uint8Array(0));
  // RFC 6455 §5.1: a server does not mask, and a client fails the connection of one that does.
  const closed = client.closed();
  client.terminate();
  assert.deepEqual(await closed, { code: 1002, reason: "WS_MASK_UNEXPECTED" });
});

test("a client masks every frame with another key", async (context) => {
  const count = 300;
  const bytes: Buffer[] = [];
  const complete = deferred();
  const url = await fakeServer(context, (received, socket) => {
    socket.on("data", (chunk: Buffer) => {
      bytes.push(chunk);
      if (Buffer.concat(bytes).length >= count * 6) complete.resolve();
    });
    return accepting(received);
  });
  const result = await dial(url);
  assert.ok(result.kind === "opened");
  const { transport } = result;
  transport.start({
    receiveText() {},
    receiveBinary() {},
    receivePing() {},
    receivePong() {},
    receiveClosing() {},
    receiveClosed() {},
  });
  for (let i = 0; i < count; i++) transport.sendText("");
  await complete.promise;
  const all = Buffer.concat(bytes);
  const keys = Array.from({ length: count }, (_, index) => {
    assert.equal(all.readUInt16BE(index * 6), 0x81_80);
    return all.readUInt32BE(index * 6 + 2);
  });
  // RFC 6455 §10.3: unpredictable; that two of 300 are alike has a chance of one in a hundred thousand.
  assert.ok(new Set(keys).size >= count - 1, "the keys differ");
  result.socket.destroy();
});
