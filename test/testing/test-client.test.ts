import assert from "node:assert/strict";
import { test } from "node:test";
import { RequestHandler, WebSocketHandler } from "../../src/index.ts";
import { TestClient } from "../../src/testing/index.ts";
import { runApplication } from "../support/run-application.ts";

class Echo extends WebSocketHandler {
  override selectSubprotocol(offered: readonly string[]) {
    return offered[0];
  }
  override onMessage(message: string | Uint8Array) {
    if (message === "close") this.close(4000, "as asked");
    else this.writeMessage(message);
  }
}

test("connect takes http and ws URLs, as strings and objects", async (context) => {
  const { at } = await runApplication(context, [["/ws", Echo]]);
  for (const url of [at("/ws"), at("/ws").replace("http:", "ws:"), new URL(at("/ws"))]) {
    const client = await TestClient.connect(url);
    client.send("hello");
    assert.equal(await client.nextMessage(), "hello");
    assert.deepEqual(await client.close(), { code: 1005, reason: "" });
  }
});

test("options go into the handshake, and its answer can be read", async (context) => {
  class Headers extends Echo {
    override checkOrigin() {
      return true;
    }
    override open() {
      const { request } = this;
      this.writeMessage([request.header("Origin"), request.header("Cookie"), request.header("X-Twice")]);
    }
  }
  const { at } = await runApplication(context, [["/ws", Headers]]);
  const client = await TestClient.connect(at("/ws"), {
    origin: "https://elsewhere.example",
    headers: { Cookie: "a=1", "X-Twice": ["1", "2"] },
    subprotocols: ["v2", "v1"],
  });
  assert.deepEqual(JSON.parse(String(await client.nextMessage())), [
    "https://elsewhere.example",
    "a=1",
    "1, 2",
  ]);
  assert.equal(client.subprotocol, "v2");
  assert.equal(client.headers["upgrade"], "websocket");
});

test("connect rejects with status and body where the handshake is refused; refusal expects that", async (context) => {
  class Page extends RequestHandler {
    get() {
      return "page";
    }
  }
  const { at, log } = await runApplication(context, [
    ["/page", Page],
    ["/ws", Echo],
  ]);
  await assert.rejects(
    TestClient.connect(at("/page")),
    /^Error: the handshake was refused: 400\n400: Bad Request\nWS_NOT_SPOKEN_HERE/,
  );
  const { status, headers, body } = await TestClient.refusal(at("/page"));
  assert.equal(status, 400);
  assert.equal(headers["content-type"], "text/plain; charset=utf-8");
  assert.match(body, /WS_NOT_SPOKEN_HERE/);
  await assert.rejects(TestClient.refusal(at("/ws")), /^Error: the handshake was not refused$/);
  // The connection that was not expected is not left open.
  await log.expect(/^1006 GET \/ws/);
  await log.expect(/^400 /);
  await log.expect(/^400 /);
  await log.expect(/^WS_NOT_SPOKEN_HERE/);
});

test("messages, frames and bytes leave in the order of the calls", async (context) => {
  const { at } = await runApplication(context, [["/ws", Echo]]);
  const client = await TestClient.connect(at("/ws"));
  client.send("1");
  client.sendFrame({ opcode: 1, payload: "2" });
  // The frame of RFC 6455 §5.7, as it stands there.
  client.sendBytes("81 85 37 fa 21 3d 7f 9f 4d 51 58");
  client.send(Uint8Array.of(4));
  client.sendBytes(Buffer.from("818037fa213d", "hex"));
  client.send("6");
  const received: unknown[] = [];
  for (let i = 0; i < 6; i++) received.push(await client.nextMessage());
  assert.deepEqual(received, ["1", "2", "Hello", Uint8Array.of(4), "", "6"]);
  client.ping(Uint8Array.of(7));
  client.sendFrame({ opcode: 9, payload: "8" });
  assert.deepEqual(
    [await client.nextPong(), await client.nextPong()],
    [Uint8Array.of(7), new Uint8Array(Buffer.from("8"))],
  );
});

test("a close is reported once with code and reason, and ends what still waits", async (context) => {
  const { at } = await runApplication(context, [["/ws", Echo]]);
  const client = await TestClient.connect(at("/ws"));
  client.send("before");
  client.send("close");
  const never = assert.rejects(client.nextPing(), /^Error: the connection was closed with 4000 as asked$/);
  assert.deepEqual(await client.closed(), { code: 4000, reason: "as asked" });
  await never;
  // What came before the end can still be read.
  assert.equal(await client.nextMessage(), "before");
  await assert.rejects(client.nextMessage(), /closed with 4000 as asked/);
  await assert.rejects(client.nextPong(), /closed with 4000 as asked/);
});

test("close sends code and reason; terminate sends nothing", async (context) => {
  const { at, log } = await runApplication(context, [["/ws", Echo]]);
  const client = await TestClient.connect(at("/ws"));
  assert.deepEqual(await client.close(4001, "bye"), { code: 4001, reason: "bye" });
  await log.expect(/^4001 .* "bye"$/);
  const other = await TestClient.connect(at("/ws"));
  other.terminate();
  assert.deepEqual(await other.closed(), { code: 1006, reason: "" });
  await log.expect(/^1006 /);
});

test("a paused client gets nothing until it resumes", async (context) => {
  const { at } = await runApplication(context, [["/ws", Echo]]);
  const paused = await TestClient.connect(at("/ws"));
  const other = await TestClient.connect(at("/ws"));
  paused.pause();
  paused.send("waits");
  let received = false;
  const message = paused.nextMessage().then((text) => {
    received = true;
    return text;
  });
  for (let i = 0; i < 20; i++) {
    other.send("x");
    await other.nextMessage();
  }
  assert.equal(received, false);
  paused.resume();
  assert.equal(await message, "waits");
});

test("a client answers pings and close frames by itself, and takes messages of any size", async (context) => {
  const { at } = await runApplication(context, [["/ws", Pinging]]);
  const client = await TestClient.connect(at("/ws"));
  assert.equal((await client.nextMessage()).length, 3 << 20);
  assert.deepEqual(await client.nextPing(), new Uint8Array(Buffer.from("are you there?")));
  assert.deepEqual(await client.closed(), { code: 1000, reason: "are you there?" });
});

class Pinging extends WebSocketHandler {
  override open() {
    this.writeMessage(new Uint8Array(3 << 20));
    this.ping("are you there?");
  }
  override onPong(data: Uint8Array) {
    this.close(1000, Buffer.from(data).toString());
  }
}
