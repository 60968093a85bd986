import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateRawSync } from "node:zlib";
import { WebSocket } from "ws";
import type { CompressionOptions } from "../../src/index.ts";
import { WebSocketHandler } from "../../src/index.ts";
import { encodeRawFrame } from "../../src/testing/index.ts";
import { resolveSettings } from "../../src/web/settings.ts";
import { CompressingClient } from "../support/compressing-client.ts";
import type { RawSocket } from "../support/raw-socket.ts";
import { closeOf, handshake } from "../support/raw-socket.ts";
import type { Running } from "../support/run-application.ts";
import { runApplication } from "../support/run-application.ts";
import { settingRefusal } from "../support/settings.ts";

class Echo extends WebSocketHandler {
  override onMessage(message: string | Uint8Array) {
    // What a client says of itself decides.
    if (message === "uncompressed, please") this.writeMessage("x".repeat(2000), { compress: false });
    else if (message === "binary, please") this.writeMessage(new Uint8Array(2000));
    else this.writeMessage(message);
  }
}

function run(
  context: Parameters<typeof runApplication>[0],
  compression: boolean | CompressionOptions,
  more: object = {},
): Promise<Running> {
  return runApplication(context, [["/ws", Echo]], { websocket: { compression, ...more } });
}

test("the setting is false, true, or what is wanted; anything else is refused by name", () => {
  const resolved = resolveSettings({ websocket: { compression: { thresholdBytes: 7 } } });
  assert.equal(resolved.websocket.compression?.thresholdBytes, 7);
  assert.equal(resolved.websocket.compression?.serverNoContextTakeover, true);
  assert.equal(resolveSettings({ websocket: { compression: true } }).websocket.compression?.level, 3);
  for (const compression of [false, undefined]) {
    const settings = { websocket: { compression } } as { websocket: { compression: boolean } };
    assert.equal(resolveSettings(settings).websocket.compression, undefined);
  }
  for (const [compression, message] of [
    [5, "setting websocket.compression must be true, false or an object, got 5"],
    [null, "setting websocket.compression must be true, false or an object, got null"],
    ["yes", 'setting websocket.compression must be true, false or an object, got "yes"'],
    [{ level: 10 }, "setting websocket.compression.level must be a whole number from 1 to 9, got 10"],
    [{ serverMaxWindowBits: 8 }, "setting websocket.compression.serverMaxWindowBits must be a whole number from 9 to 15, got 8"],
    [{ serverNoContextTakeover: 1 }, "setting websocket.compression.serverNoContextTakeover must be true or false, got 1"],
  ] as const) assert.equal(settingRefusal({ websocket: { compression } }), message); // prettier-ignore
  assert.match(
    settingRefusal({ websocket: { compression: { threshold: 1 } } }, "SETTING_UNKNOWN"),
    /^there is no setting websocket\.compression\.threshold \(there are: /,
  );
  for (const sharedReadBuffer of [1, null, "true"]) {
    assert.match(settingRefusal({ websocket: { sharedReadBuffer } }), /^setting websocket\.sharedReadBuffer must be true or false, got /); // prettier-ignore
  }
});

const both = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
const takeover = { serverNoContextTakeover: false, clientNoContextTakeover: false };

test("an offer is answered as settings allow, and what cannot be accepted is not answered", async (context) => {
  const cases: readonly (readonly [boolean | CompressionOptions, string | null, string | undefined])[] = [
    [false, "permessage-deflate", undefined],
    [true, null, undefined],
    [true, "permessage-deflate", both],
    [true, "x-webkit-deflate-frame, permessage-deflate; client_max_window_bits", both],
    [true, "permessage-deflate; unknown", undefined],
    [true, "permessage-deflate; server_max_window_bits=8", undefined],
    [true, "permessage-deflate; server_max_window_bits=8, permessage-deflate; server_max_window_bits=10", `${both}; server_max_window_bits=10`],
    [takeover, "permessage-deflate", "permessage-deflate; server_max_window_bits=12"],
    [takeover, "permessage-deflate; client_max_window_bits; server_no_context_takeover", "permessage-deflate; server_no_context_takeover; server_max_window_bits=12; client_max_window_bits=12"],
  ]; // prettier-ignore
  for (const [compression, offer, answer] of cases) {
    const { connectRaw } = await run(context, compression);
    const raw = await connectRaw();
    raw.write(handshake({ "Sec-WebSocket-Extensions": offer }));
    const { status, headers } = await raw.response();
    assert.equal(status, 101);
    assert.deepEqual(headers["sec-websocket-extensions"], answer && [answer], offer ?? "no offer");
    // Whatever was agreed on, messages that are not compressed may come and go.
    raw.write(encodeRawFrame({ opcode: 1, payload: "plain" }));
    assert.deepEqual(await raw.frameWithBits(), { first: 0x81, payload: Buffer.from("plain") });
  }
});

for (const [what, options] of [
  ["without context takeover", true],
  ["with context takeover", takeover],
] as const) {
  // prettier-ignore
  for (const sharedReadBuffer of [true, false]) {
    test(`messages are compressed both ways ${what} (sharedReadBuffer: ${sharedReadBuffer})`, async (context) => {
      const { connectRaw, log } = await run(context, options, { sharedReadBuffer });
      const client = await CompressingClient.connect(connectRaw, takeover);
      const long = "郑老板,您好,我已经收到url:".repeat(100);
      for (const text of [long, "", "short", long, `${long}!`]) {
        client.send(text);
        assert.equal(await client.next(), `${text.length > 1000 ? "compressed " : ""}text ${text}`);
      }
      client.send("uncompressed, please");
      assert.equal(await client.next(), `text ${"x".repeat(2000)}`);
      client.send("binary, please");
      assert.equal(await client.next(), `compressed binary ${"00".repeat(2000)}`);
      client.raw.socket.destroy();
      const bytes = 3 * Buffer.byteLength(long) + 1 + 5;
      // Traffic is counted in bytes of messages, as the handler sees them.
      const { text } = await log.expect(/^1006 GET \/ws/);
      assert.ok(text.includes(`received 7 (${bytes + 20 + 14} bytes), sent 7 (${bytes + 4000} bytes)`), text); // prettier-ignore
    });
  }
}

test("messages from thresholdBytes on are compressed, if they get shorter by it", async (context) => {
  const { connectRaw } = await run(context, { thresholdBytes: 30 });
  const client = await CompressingClient.connect(connectRaw, {});
  assert.equal(client.answer, both);
  for (const [text, isCompressed] of [
    ["a".repeat(29), false],
    ["a".repeat(30), true],
    ["é".repeat(15), true],
    ["abcdefghijklmnopqrstuvwxyz0123456789", false],
  ] as const) {
    client.send(text);
    assert.equal(await client.next(), `${isCompressed ? "compressed " : ""}text ${text}`);
  }
});

async function connectDeflating(running: Running): Promise<RawSocket> {
  const raw = await running.connectRaw();
  raw.write(handshake({ "Sec-WebSocket-Extensions": "permessage-deflate" }));
  await raw.response();
  return raw;
}

test("a bomb is closed with 1009 WS_MESSAGE_TOO_BIG and logged; a message of the limit's length is not one", async (context) => {
  const running = await run(context, true, { maxMessageBytes: 100_000, maxSendQueueBytes: 1 << 20 });
  const compressed = (length: number): Uint8Array =>
    encodeRawFrame({ opcode: 2, rsv: 4, payload: deflateRawSync(new Uint8Array(length)) });
  const raw = await connectDeflating(running);
  raw.write(compressed(100_000));
  assert.equal((await raw.frame()).opcode, 2);
  for (const length of [100_001, 50_000_000]) {
    const peer = await connectDeflating(running);
    peer.write(compressed(length));
    assert.deepEqual(closeOf(await peer.frame()), { code: 1009, reason: "WS_MESSAGE_TOO_BIG" });
    assert.equal(await peer.ended(), "end");
    peer.end();
    const { level, text } = await running.log.expect(/^1009 GET \/ws/);
    assert.equal(level, "warn");
    assert.match(text, / WS_MESSAGE_TOO_BIG: a message is longer than 100000 bytes\. To allow more: websocket: \{ maxMessageBytes \}/); // prettier-ignore
  }
});

test("what is no DEFLATE is closed with 1007 WS_DEFLATE_INVALID and logged; text in it has to be UTF-8", async (context) => {
  const running = await run(context, true);
  for (const [payload, code] of [
    [Buffer.from("ffffffff", "hex"), "WS_DEFLATE_INVALID"],
    [deflateRawSync(Buffer.from("ff", "hex")), "WS_TEXT_INVALID"],
  ] as const) {
    const peer = await connectDeflating(running);
    peer.write(encodeRawFrame({ opcode: 1, rsv: 4, payload }));
    assert.deepEqual(closeOf(await peer.frame()), { code: 1007, reason: code });
    peer.end();
    assert.equal((await running.log.expect(new RegExp(`^1007 GET /ws .* ${code}: `))).level, "warn");
  }
});

test("a frame that says it is compressed where that was not agreed on is closed with 1002", async (context) => {
  const running = await run(context, true);
  const raw = await running.connectRaw();
  raw.write(handshake());
  await raw.response();
  raw.write(encodeRawFrame({ opcode: 1, rsv: 4, payload: "x" }));
  assert.deepEqual(closeOf(await raw.frame()), { code: 1002, reason: "WS_RESERVED_BITS" });
  raw.end();
  await running.log.expect(/^1002 .* WS_RESERVED_BITS/);
});

test("another implementation agrees on compression, and reads what it is sent", async (context) => {
  for (const compression of [true, takeover]) {
    const running = await run(context, { ...(compression === true ? {} : compression), thresholdBytes: 10 });
    const client = new WebSocket(running.at("/ws"), { perMessageDeflate: { threshold: 0 } });
    const messages: string[] = [];
    await new Promise<void>((resolve, reject) => {
      client.on("error", reject);
      client.on("open", () => {
        for (let count = 0; count < 20; count++) client.send(`${count} ${"again and again ".repeat(count)}`);
      });
      client.on("message", (data: Buffer) => {
        messages.push(data.toString());
        if (messages.length === 20) resolve();
      });
    });
    assert.match(client.extensions, /permessage-deflate/);
    assert.deepEqual(messages, messages.map((_, count) => `${count} ${"again and again ".repeat(count)}`)); // prettier-ignore
    client.terminate();
    await running.log.expect(/^1006 /);
  }
});
