import assert from "node:assert/strict";
import { test } from "node:test";
import type { NoParams } from "../../src/index.ts";
import { WebSocketHandler } from "../../src/index.ts";
import { encodeRawFrame, TestClient } from "../../src/testing/index.ts";
import { Inbox } from "../../src/testing/inbox.ts";
import { deferred } from "../support/deferred.ts";
import { closeOf, handshake } from "../support/raw-socket.ts";
import { runApplication } from "../support/run-application.ts";

/** What a handler sees of its end, in `onClose` and in its members. */
function closeRecorder(): {
  readonly closes: Inbox<readonly unknown[]>;
  readonly Recorder: typeof WebSocketHandler<NoParams>;
} {
  const closes = new Inbox<readonly unknown[]>();
  class Recorder extends WebSocketHandler {
    override onClose(code: number, reason: string) {
      closes.add([code, reason, this.closeCode, this.closeReason, this.isOpen, this.signal.aborted]);
    }
  }
  return { closes, Recorder };
}

test("onClose gets the code and reason of the peer's close frame, 1005 without one, 1006 when the peer is lost", async (context) => {
  const { closes, Recorder } = closeRecorder();
  const { at, log, connectRaw } = await runApplication(context, [["/ws", Recorder]]);
  for (const [code, reason] of [
    [1000, ""],
    [1001, "going away"],
    [1011, ""],
    [1014, ""],
    [3000, ""],
    [4999, "再见"],
  ] as const) {
    const client = await TestClient.connect(at("/ws"));
    assert.deepEqual(await client.close(code, reason), { code, reason });
    assert.deepEqual(await closes.next(), [code, reason, code, reason, false, true]);
    assert.equal((await log.expect(new RegExp(`^${code} `))).level, "info");
  }

  const silent = await TestClient.connect(at("/ws"));
  // RFC 6455 §7.1.5: an empty close frame reads as 1005, and is answered with an empty one.
  assert.deepEqual(await silent.close(), { code: 1005, reason: "" });
  assert.deepEqual(await closes.next(), [1005, "", 1005, "", false, true]);
  await log.expect(/^1005 /);

  for (const lose of ["end", "reset", "terminate"] as const) {
    const raw = await connectRaw();
    raw.write(handshake());
    await raw.response();
    if (lose === "terminate") raw.socket.destroy();
    else raw[lose]();
    assert.deepEqual(await closes.next(), [1006, "", 1006, "", false, true], lose);
    await log.expect(/^1006 /);
    // A peer that only ends its side without a close frame is ended in turn, without one (RFC 6455 §7.1.4).
    if (lose === "end") assert.deepEqual([await raw.rest(), await raw.ended()], [Buffer.alloc(0), "end"]);
  }
});

test("close() sends code and reason, and onClose gets them once the peer has answered", async (context) => {
  const { closes, Recorder } = closeRecorder();
  class Closing extends Recorder {
    override onMessage(message: string | Uint8Array) {
      const [code, reason] = JSON.parse(String(message)) as [number | undefined, string | undefined];
      this.close(code ?? undefined, reason);
    }
  }
  const { at, log } = await runApplication(context, [["/ws", Closing]]);
  const reason123 = "é".repeat(61) + "!";
  for (const [code, reason, closed] of [
    [1000, "enough", { code: 1000, reason: "enough" }],
    [4000, reason123, { code: 4000, reason: reason123 }],
    // A reason cannot stand without a code (RFC 6455 §5.5.1).
    [null, "why not", { code: 1000, reason: "why not" }],
    [null, "", { code: 1005, reason: "" }],
  ] as const) {
    const client = await TestClient.connect(at("/ws"));
    client.send(JSON.stringify([code, reason]));
    assert.deepEqual(await client.closed(), closed);
    assert.deepEqual(await closes.next(), [
      closed.code,
      closed.reason,
      closed.code,
      closed.reason,
      false,
      true,
    ]);
    await log.expect(new RegExp(`^${closed.code} `));
  }
});

test("a second close() does nothing, and both ends closing at once is one close", async (context) => {
  const { closes, Recorder } = closeRecorder();
  class Closing extends Recorder {
    override open() {
      this.close(4001, "first");
      this.close(4002, "second");
      assert.equal(this.isOpen, false);
    }
  }
  const { at, log, connectRaw } = await runApplication(context, [["/ws", Closing]]);
  const client = await TestClient.connect(at("/ws"));
  assert.deepEqual(await client.closed(), { code: 4001, reason: "first" });
  assert.deepEqual((await closes.next()).slice(0, 2), [4001, "first"]);
  await log.expect(/^4001 /);

  const raw = await connectRaw();
  raw.write(handshake());
  await raw.response();
  // This close frame crosses the server's: neither is answered, and the first one counts.
  raw.write(encodeRawFrame({ opcode: 8, payload: Buffer.from("\x0f\xa3", "latin1") }));
  assert.deepEqual(closeOf(await raw.frame()), { code: 4001, reason: "first" });
  assert.deepEqual([await raw.rest(), await raw.ended()], [Buffer.alloc(0), "end"]);
  raw.end();
  assert.deepEqual((await closes.next()).slice(0, 2), [4001, "first"]);
  await log.expect(/^4001 /);
});

test("the peer's close frame is answered with its code, then the server ends the connection", async (context) => {
  const { closes, Recorder } = closeRecorder();
  const { connectRaw } = await runApplication(context, [["/ws", Recorder]]);
  const raw = await connectRaw();
  raw.write(handshake());
  await raw.response();
  raw.write(encodeRawFrame({ opcode: 8, payload: Buffer.from("\x0f\xa3bye", "latin1") }));
  // RFC 6455 §5.5.1: the same code; §7.1.1: the server ends first, so that the client does not keep the port.
  assert.deepEqual(closeOf(await raw.frame()), { code: 4003, reason: "" });
  assert.equal(await raw.ended(), "end");
  raw.end();
  assert.deepEqual((await closes.next()).slice(0, 2), [4003, "bye"]);
});

test("close() drops what has not been handed over; the peer's close does not", async (context) => {
  const calls = new Inbox<string>();
  const working = deferred();
  class Worker extends WebSocketHandler {
    override async onMessage(message: string | Uint8Array) {
      calls.add(String(message));
      await working.promise;
      if (message === "close") this.close(4000);
      calls.add(`written: ${this.writeMessage("answer")}`);
    }
    override onClose(code: number) {
      calls.add(`close ${code}`);
    }
  }
  const { at } = await runApplication(context, [["/ws", Worker]]);
  const dropped = await TestClient.connect(at("/ws"));
  const kept = await TestClient.connect(at("/ws"));
  for (const [client, text] of [
    [dropped, "close"],
    [kept, "a"],
  ] as const) {
    client.send(text);
    assert.equal(await calls.next(), text);
    client.send("b");
    client.send("c");
    client.ping();
    await client.nextPong();
  }
  assert.deepEqual(await kept.close(4001), { code: 4001, reason: "" });
  working.resolve();
  assert.deepEqual(await dropped.closed(), { code: 4000, reason: "" });
  const all: string[] = [];
  while (all.filter((call) => call.startsWith("close")).length < 2) all.push(await calls.next());
  // Two messages waited on each connection: those of the one that the peer closed were handed over.
  assert.deepEqual(
    all.filter((call) => /^[a-c]$/.test(call)),
    ["b", "c"],
  );
  assert.ok(all.indexOf("c") < all.indexOf("close 4001"), "onClose comes last");
  assert.equal(all.filter((call) => call === "written: true").length, 0);
  assert.equal(all.filter((call) => call === "written: false").length, 4);
});

test("after close() a handler can write nothing, and gets no message that still comes", async (context) => {
  const calls = new Inbox<unknown>();
  class Closing extends WebSocketHandler {
    override onMessage(message: string | Uint8Array) {
      calls.add(message);
      this.close(1000);
      calls.add([
        this.isOpen,
        this.writeMessage("text"),
        this.writeMessage(new Uint8Array(3)),
        this.writeMessage({}),
      ]);
      calls.add([this.ping(), this.bufferedAmount > 0, this.closeCode, this.signal.aborted]);
    }
    override onPing() {
      calls.add("ping");
    }
    override async onClose(code: number) {
      await this.drained();
      calls.add([code, this.writeMessage("text"), this.ping()]);
    }
  }
  const { connectRaw, log } = await runApplication(context, [["/ws", Closing]]);
  const raw = await connectRaw();
  raw.write(handshake());
  await raw.response();
  // All of it in one segment: what follows the first message is parsed after close() was called.
  raw.write(
    Buffer.concat([
      encodeRawFrame({ opcode: 1, payload: "first" }),
      encodeRawFrame({ opcode: 1, payload: "second" }),
      encodeRawFrame({ opcode: 9, payload: "ping" }),
    ]),
  );
  assert.equal(await calls.next(), "first");
  assert.deepEqual(await calls.next(), [false, false, false, false]);
  assert.deepEqual(await calls.next(), [false, true, 1000, true]);
  assert.deepEqual(closeOf(await raw.frame()), { code: 1000, reason: "" });
  // RFC 6455 §5.5.2: a ping is answered until a close frame comes; no message follows ours.
  raw.write(encodeRawFrame({ opcode: 1, payload: "third" }));
  raw.write(encodeRawFrame({ opcode: 8 }));
  assert.equal(String((await raw.frame()).payload), "ping");
  assert.deepEqual([await raw.rest(), await raw.ended()], [Buffer.alloc(0), "end"]);
  raw.end();
  assert.deepEqual(await calls.next(), [1000, false, false]);
  await log.expect(/^1000 .* sent 0 \(0 bytes\)$/);
});

test("messages written just before close() arrive before the close frame", async (context) => {
  class Goodbye extends WebSocketHandler {
    override async onMessage() {
      await Promise.resolve();
      this.writeMessage("last");
      this.writeMessage("words");
      this.close(1000, "that was all");
    }
  }
  const { at } = await runApplication(context, [["/ws", Goodbye]]);
  const client = await TestClient.connect(at("/ws"));
  client.send("");
  assert.deepEqual([await client.nextMessage(), await client.nextMessage()], ["last", "words"]);
  assert.deepEqual(await client.closed(), { code: 1000, reason: "that was all" });
});

/** All that a handler says of its connection. */
function look(handler: WebSocketHandler): readonly unknown[] {
  return [
    handler.isOpen,
    handler.writeMessage("lost"),
    handler.ping(),
    handler.bufferedAmount,
    handler.closeCode,
    handler.closeReason,
    handler.subprotocol,
    handler.signal.aborted,
    handler.transport,
  ];
}

test("before open the members say that there is no connection yet", async (context) => {
  const seen = new Inbox<readonly unknown[]>();
  class Early extends WebSocketHandler {
    override async prepare() {
      await this.drained();
      assert.throws(() => this.close(1000), { code: "NOT_OPEN_YET" });
      seen.add(look(this));
    }
    override open() {
      seen.add([this.isOpen, this.bufferedAmount, this.closeCode, this.closeReason, this.signal.aborted]);
    }
  }
  const { at } = await runApplication(context, [["/ws", Early]]);
  const client = await TestClient.connect(at("/ws"));
  assert.deepEqual(await seen.next(), [false, false, false, 0, undefined, "", "", false, "websocket"]);
  assert.deepEqual(await seen.next(), [true, 0, undefined, "", false]);
  await client.close();
});
