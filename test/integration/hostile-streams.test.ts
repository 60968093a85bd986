import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { WebSocketHandler } from "../../src/index.ts";
import { encodeRawFrame, TestClient } from "../../src/testing/index.ts";
import { Inbox } from "../../src/testing/inbox.ts";
import type { ReceivedFrame } from "../support/raw-socket.ts";
import { closeOf, handshake, RawSocket } from "../support/raw-socket.ts";
import { runApplication } from "../support/run-application.ts";

/** Bytes after a handshake: noise, or frames of which any field may be wrong. */
const anyFrame = fc
  .record({
    opcode: fc.oneof({ weight: 4, arbitrary: fc.constantFrom(0, 1, 2, 8, 9, 10) }, fc.nat(15)),
    fin: fc.boolean(),
    rsv: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, fc.nat(7)),
    payload: fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.string({ unit: "binary" })),
    mask: fc.oneof({ weight: 9, arbitrary: fc.nat() }, fc.constant(null)),
  })
  .map(encodeRawFrame);
const anyStream = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.array(anyFrame, { maxLength: 6 }).map((frames) => Buffer.concat(frames)),
  fc
    .tuple(fc.array(anyFrame, { minLength: 1, maxLength: 4 }), fc.nat(), fc.nat(255))
    .map(([frames, at, byte]) => {
      const bytes = Buffer.concat(frames);
      bytes[at % bytes.length] = byte;
      return bytes;
    }),
);

/** Codes a server may send for what a peer did, besides those that the peer itself sent. */
const ownCodes = new Set([1002, 1007, 1009]);

test("200 streams of garbage after a handshake: each ends with a documented code, and the server serves on", async (context) => {
  const closes = new Inbox<number>();
  const echoed = new Set<number>();
  class Echo extends WebSocketHandler {
    override onMessage(message: string | Uint8Array) {
      this.writeMessage(message);
    }
    override onClose(code: number) {
      closes.add(code);
    }
  }
  const { server, at, log } = await runApplication(context, [["/ws", Echo]], {
    websocket: { maxMessageBytes: 500 },
  });
  const seed = Number(process.env["SEED"] ?? Math.trunc(Math.random() * 2 ** 31));
  context.diagnostic(`SEED=${seed}`);
  for (const stream of fc.sample(anyStream, { seed, numRuns: 200 })) {
    const shown = Buffer.from(stream).toString("hex");
    const raw = await RawSocket.connect(server.port);
    raw.write(Buffer.concat([Buffer.from(handshake()), stream]));
    raw.end();
    assert.equal((await raw.response()).status, 101, shown);
    const last = await lastFrame(raw);
    const reported = await closes.next();
    if (last?.opcode === 8) {
      const { code, reason } = closeOf(last);
      assert.equal(reported, code, shown);
      // Either the server found a rule broken and names it, or it echoes the code of the peer's own close frame.
      if (reason === "") echoed.add(code);
      else assert.ok(ownCodes.has(code) && /^WS_[A-Z_]+$/.test(reason), `${code} ${reason} for ${shown}`);
      assert.ok(reason !== "" || code === 1005 || (code >= 1000 && code < 5000), `${code} for ${shown}`);
    } else {
      assert.equal(reported, 1006, shown);
    }
    assert.equal(await raw.ended(), "end", shown);
    raw.socket.destroy();
    // One line for the opening and one for the close, and the close one says the same code.
    await log.expect(/^101 GET \/ws/);
    const line = await log.expect(new RegExp(`^${reported} GET /ws`));
    assert.equal(
      line.level,
      ownCodes.has(reported) && / WS_[A-Z_]+: /.test(line.text) ? "warn" : "info",
      shown,
    );
    assert.deepEqual(log.lines, [], shown);
  }
  const client = await TestClient.connect(at("/ws"));
  client.send("alive");
  assert.equal(await client.nextMessage(), "alive");
});

/** Reads frames until the connection ends; every one of them must be whole. */
async function lastFrame(raw: RawSocket): Promise<ReceivedFrame | undefined> {
  let last: ReceivedFrame | undefined;
  for (;;) {
    await raw.available();
    if (raw.received === 0) return last;
    // RFC 6455 §5.5.1: nothing follows a close frame.
    assert.notEqual(last?.opcode, 8, "a frame follows the close frame");
    last = await raw.frame();
  }
}
