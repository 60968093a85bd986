import assert from "node:assert/strict";
import { test } from "node:test";
import { WebSocketHandler } from "../../src/index.ts";
import { encodeRawFrame, TestClient } from "../../src/testing/index.ts";
import { handshake } from "../support/raw-socket.ts";
import { runApplication } from "../support/run-application.ts";

class Echo extends WebSocketHandler {
  override onMessage(message: string | Uint8Array) {
    this.writeMessage(message);
  }
}

test("a WebSocket logs one line when it opens and one when it closes, and none in between", async (context) => {
  const { at, log } = await runApplication(context, [["/ws", Echo]]);
  const client = await TestClient.connect(at("/ws?room=7"));
  assert.equal(log.lines.length, 1);
  const opened = await log.expect(/^101 /);
  assert.equal(opened.level, "info");
  assert.match(opened.text, /^101 GET \/ws\?room=7 \(127\.0\.0\.1\) \d+\.\d\dms$/);
  // Bytes are those of the payloads, in UTF-8; pings are no messages.
  client.send("é");
  client.send(new Uint8Array(1000));
  client.ping();
  await client.nextPong();
  await client.close(1000, "done");
  assert.equal(log.lines.length, 1);
  const closed = await log.expect(/^1000 /);
  assert.equal(closed.level, "info");
  assert.match(
    closed.text,
    /^1000 GET \/ws\?room=7 \(127\.0\.0\.1\) closed after \d+\.\d\ds, received 2 \(1002 bytes\), sent 2 \(1002 bytes\) "done"$/,
  );
});

test("a close without a reason says none, and a lost connection is 1006", async (context) => {
  const { at, log } = await runApplication(context, [["/ws", Echo]]);
  const client = await TestClient.connect(at("/ws"));
  await client.close();
  const { text } = await log.expect(/^1005 /);
  assert.match(
    text,
    /^1005 GET \/ws \(127\.0\.0\.1\) closed after \d\.\d\ds, received 0 \(0 bytes\), sent 0 \(0 bytes\)$/,
  );
  const lost = await TestClient.connect(at("/ws"));
  lost.terminate();
  assert.equal((await log.expect(/^1006 .* sent 0 \(0 bytes\)$/)).level, "info");
});

test("what a peer writes cannot end a log line, colour a terminal or reverse the text", async (context) => {
  const { at, log } = await runApplication(context, [["/ws", Echo]]);
  const client = await TestClient.connect(at("/ws"));
  await client.close(4000, "a\r\n200 GET / \u001B[31m\u202E\u2028\u0085z");
  const { text } = await log.expect(/^4000 /);
  assert.ok(text.endsWith(String.raw` "a\x0d\x0a200 GET / \x1b[31m\u{202e}\u{2028}\x85z"`), text);
});

test("the line about a broken rule names the rule and what to change, not the peer's words", async (context) => {
  const { at, log } = await runApplication(context, [["/ws", Echo]], { websocket: { maxMessageBytes: 100 } });
  const client = await TestClient.connect(at("/ws"));
  client.send("x".repeat(101));
  assert.deepEqual(await client.closed(), { code: 1009, reason: "WS_MESSAGE_TOO_BIG" });
  const { level, text } = await log.expect(/^1009 /);
  assert.equal(level, "warn");
  assert.match(
    text,
    / received 0 \(0 bytes\), sent 0 \(0 bytes\) WS_MESSAGE_TOO_BIG: a message is longer than 100 bytes\. To allow more: websocket: \{ maxMessageBytes \}; of connect\(\), maxMessageBytes\.$/,
  );
});

test("the close line is logged although the peer never answers the close frame", async (context) => {
  class Closing extends WebSocketHandler {
    override onMessage() {
      this.close(4321, "leave");
    }
  }
  const { connectRaw, log } = await runApplication(context, [["/ws", Closing]], {
    websocket: { closeTimeoutMs: 30 },
  });
  const raw = await connectRaw();
  raw.write(handshake());
  await raw.response();
  raw.write(encodeRawFrame({ opcode: 1 }));
  const { text } = await log.expect(/^4321 /);
  assert.match(text, /closed after 0\.\d\ds, received 1 \(0 bytes\), sent 0 \(0 bytes\) "leave"$/);
});

test("the path stands in the log as it came, percent-encoded", async (context) => {
  const { connectRaw, log } = await runApplication(context, [["/*", Echo]]);
  const raw = await connectRaw();
  raw.write(handshake({}, "GET /a%0A%1b[31m%E2%80%AE?b=%00 HTTP/1.1"));
  assert.equal((await raw.response()).status, 101);
  await log.expect(/^101 GET \/a%0A%1b\[31m%E2%80%AE\?b=%00 \(127\.0\.0\.1\) /);
});
