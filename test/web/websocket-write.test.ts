import assert from "node:assert/strict";
import { test } from "node:test";
import { WaterspoutError, WebSocketHandler } from "../../src/index.ts";
import type { BytesLike } from "../../src/index.ts";
import { TestClient } from "../../src/testing/index.ts";
import { Inbox } from "../../src/testing/inbox.ts";
import { closeOf, handshake } from "../support/raw-socket.ts";
import type { Running } from "../support/run-application.ts";
import { runApplication } from "../support/run-application.ts";

const connected = new Inbox<WebSocketHandler>();

class Puppet extends WebSocketHandler {
  override open() {
    connected.add(this);
  }
}

/** A client, and the handler that serves it. */
async function connectPair(running: Running): Promise<[handler: WebSocketHandler, client: TestClient]> {
  const client = await TestClient.connect(running.at("/ws"));
  return [await connected.next(), client];
}

/** The code and message of the WaterspoutError that `action` throws. */
function thrownBy(action: () => void): string {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof WaterspoutError, String(error));
    return `${error.code}: ${error.message}`;
  }
  throw new Error("nothing was thrown");
}

test("writeMessage sends strings as text, bytes as binary, other objects as JSON text", async (context) => {
  const [handler, client] = await connectPair(await runApplication(context, [["/ws", Puppet]]));
  const memory = Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7).buffer;
  const shared = new SharedArrayBuffer(2);
  new Uint8Array(shared).set([8, 9]);
  const cases: readonly (readonly [sent: string | BytesLike | object, received: string | Uint8Array])[] = [
    ["text", "text"],
    ["", ""],
    ["郑老板 🌊", "郑老板 🌊"],
    // A lone surrogate has no UTF-8; what is sent must be valid all the same (RFC 6455 §5.6).
    ["\ud800", "\ufffd"],
    [Uint8Array.of(1, 2), Uint8Array.of(1, 2)],
    [Buffer.from("bytes"), new Uint8Array(Buffer.from("bytes"))],
    [new Uint8Array(0), new Uint8Array(0)],
    [memory, Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7)],
    [shared, Uint8Array.of(8, 9)],
    // By byte length and offset, not by element count.
    [new Uint16Array(memory, 2, 2), Uint8Array.of(2, 3, 4, 5)],
    [new DataView(memory, 1, 3), Uint8Array.of(1, 2, 3)],
    [{ a: 1, b: "é", c: undefined }, '{"a":1,"b":"é"}'],
    [[1, null], "[1,null]"],
    [{ toJSON: () => "itself" }, '"itself"'],
    [new Date(0), '"1970-01-01T00:00:00.000Z"'],
  ];
  for (const [index, [sent, received]] of cases.entries()) {
    assert.equal(handler.writeMessage(sent), true);
    assert.deepEqual(await client.nextMessage(), received, `case ${index}`);
  }
});

test("messages of every length class arrive whole", async (context) => {
  const [handler, client] = await connectPair(await runApplication(context, [["/ws", Puppet]]));
  for (const length of [125, 126, 65_535, 65_536, 200_000]) {
    const bytes = Uint8Array.from({ length }, (_, index) => index % 251);
    handler.writeMessage(bytes);
    handler.writeMessage("x".repeat(length));
    assert.deepEqual(await client.nextMessage(), bytes, `${length} bytes`);
    assert.equal(await client.nextMessage(), "x".repeat(length));
  }
});

test("writeMessage throws at once for what is no message, whether the connection is open or not", async (context) => {
  const running = await runApplication(context, [["/ws", Puppet]]);
  const [handler, client] = await connectPair(running);
  for (const [value, shown] of [
    [undefined, "undefined"],
    [null, "null"],
    [7, "7"],
    [true, "true"],
    [10n, "10n"],
    [Symbol("s"), "a symbol"],
    [() => {}, "a function"],
  ] as const) {
    const message = thrownBy(() => handler.writeMessage(value as unknown as string));
    assert.match(
      message,
      /^ARGUMENT_TYPE_INVALID: message must be a string, an object or bytes, got /,
      shown,
    );
    assert.ok(message.endsWith(shown), message);
  }
  // JSON has nothing for this object, so that there is nothing to send either.
  assert.match(
    thrownBy(() => handler.writeMessage({ toJSON: () => undefined })),
    /^ARGUMENT_TYPE_INVALID: /,
  );
  const circular: { self?: object } = {};
  circular.self = circular;
  assert.match(
    thrownBy(() => handler.writeMessage(circular)),
    /^ARGUMENT_TYPE_INVALID: .*circular structure/,
  );
  await client.close();
  // None of it was sent.
  await running.log.expect(/^1005 GET \/ws .* sent 0 \(0 bytes\)$/);
  assert.throws(() => handler.writeMessage(undefined as unknown as string), WaterspoutError);
});

test("ping sends what it is given, and the pong comes back to onPong", async (context) => {
  const pongs = new Inbox<Uint8Array>();
  class Pinging extends Puppet {
    override onPong(data: Uint8Array) {
      pongs.add(data);
    }
  }
  const [handler, client] = await connectPair(await runApplication(context, [["/ws", Pinging]]));
  for (const [data, bytes] of [
    [undefined, new Uint8Array(0)],
    ["é", Uint8Array.of(0xc3, 0xa9)],
    [new Uint16Array([0x0201]), Uint8Array.of(1, 2)],
    [new Uint8Array(125).fill(7), new Uint8Array(125).fill(7)],
  ] as const) {
    assert.equal(handler.ping(data), true);
    assert.deepEqual(await client.nextPing(), bytes);
    assert.deepEqual(await pongs.next(), bytes);
  }
});

test("a ping that RFC 6455 does not allow is thrown at once, and nothing is sent", async (context) => {
  const [handler, client] = await connectPair(await runApplication(context, [["/ws", Puppet]]));
  // RFC 6455 §5.5: 125 bytes; they are counted in UTF-8.
  for (const data of [new Uint8Array(126), new Uint16Array(63), "é".repeat(63)]) {
    assert.equal(
      thrownBy(() => handler.ping(data)),
      "PING_TOO_LONG: a ping or pong has at most 125 bytes, got 126",
    );
  }
  assert.match(
    thrownBy(() => handler.ping(5 as unknown as string)),
    /^ARGUMENT_TYPE_INVALID: data must be a string or bytes, got 5/,
  );
  handler.ping("the first");
  assert.equal(Buffer.from(await client.nextPing()).toString(), "the first");
});

test("close codes and reasons are checked at once, and a refused one leaves the connection open", async (context) => {
  const [handler, client] = await connectPair(await runApplication(context, [["/ws", Puppet]]));
  // RFC 6455 §7.4.2, and those that §7.4.1 reserves for reports.
  for (const code of [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_536, -1, 1000.5, Number.NaN]) {
    assert.equal(
      thrownBy(() => handler.close(code)),
      `CLOSE_CODE_INVALID: close codes a program may send are 1000 to 1003, 1007 to 1014 and 3000 to 4999, got ${code}`,
    );
  }
  assert.match(
    thrownBy(() => handler.close("1000" as unknown as number)),
    /^CLOSE_CODE_INVALID: .* got "1000"$/,
  );
  for (const reason of ["x".repeat(124), "é".repeat(62)]) {
    assert.equal(
      thrownBy(() => handler.close(1000, reason)),
      "CLOSE_REASON_TOO_LONG: a close reason has at most 123 bytes in UTF-8, got 124",
    );
  }
  assert.match(
    thrownBy(() => handler.close(1000, 5 as unknown as string)),
    /^ARGUMENT_TYPE_INVALID: reason must be a string, got 5/,
  );
  assert.equal(handler.isOpen, true);
  handler.close(1000, "x".repeat(123));
  assert.deepEqual(await client.closed(), { code: 1000, reason: "x".repeat(123) });
  // Also where there is nothing to close any more: it is a mistake all the same.
  assert.match(
    thrownBy(() => handler.close(1006)),
    /^CLOSE_CODE_INVALID/,
  );
});

for (const code of [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999]) {
  test(`close code ${code} may be sent`, async (context) => {
    const [handler, client] = await connectPair(await runApplication(context, [["/ws", Puppet]]));
    handler.close(code);
    assert.deepEqual(await client.closed(), { code, reason: "" });
  });
}

test("what is written in one turn of the event loop leaves in one piece, and in order", async (context) => {
  const { connectRaw } = await runApplication(context, [["/ws", Puppet]]);
  const raw = await connectRaw();
  raw.write(handshake());
  await raw.response();
  const handler = await connected.next();
  const pieces: Buffer[] = [];
  raw.socket.on("data", (piece: Buffer) => pieces.push(piece));
  handler.writeMessage("one");
  handler.ping("two");
  handler.writeMessage(Uint8Array.of(3));
  handler.close(4000, "four");
  assert.deepEqual(await raw.frame(), { opcode: 1, payload: Buffer.from("one") });
  assert.deepEqual(await raw.frame(), { opcode: 9, payload: Buffer.from("two") });
  assert.deepEqual(await raw.frame(), { opcode: 2, payload: Buffer.from([3]) });
  assert.deepEqual(closeOf(await raw.frame()), { code: 4000, reason: "four" });
  assert.equal(pieces.length, 1);
});
