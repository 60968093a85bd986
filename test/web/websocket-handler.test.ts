import assert from "node:assert/strict";
import { test } from "node:test";
import type { HandlerContext } from "../../src/index.ts";
import { HttpError, route, WebSocketHandler } from "../../src/index.ts";
import { TestClient } from "../../src/testing/index.ts";
import { Inbox } from "../../src/testing/inbox.ts";
import { handshake } from "../support/raw-socket.ts";
import { runApplication } from "../support/run-application.ts";

test("the stages of a handshake come in order, each finished before the next", async (context) => {
  const calls: string[] = [];
  const later = async (name: string): Promise<void> => {
    calls.push(`${name} begins`);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    calls.push(`${name} ends`);
  };
  class Staged extends WebSocketHandler {
    constructor(handlerContext: HandlerContext) {
      super(handlerContext);
      calls.push("constructor");
    }
    override initialize() {
      return later("initialize");
    }
    override async checkOrigin() {
      await later("checkOrigin");
      return true;
    }
    override async getCurrentUser() {
      await later("getCurrentUser");
      return { name: "郑" };
    }
    override async prepare() {
      assert.deepEqual(this.currentUser, { name: "郑" });
      await later("prepare");
    }
    override async selectSubprotocol() {
      await later("selectSubprotocol");
      return undefined;
    }
    override open() {
      calls.push("open");
      this.writeMessage({ user: this.currentUser });
    }
  }
  const { at } = await runApplication(context, [["/ws", Staged]]);
  const client = await TestClient.connect(at("/ws"), { origin: "https://elsewhere.example" });
  assert.equal(await client.nextMessage(), '{"user":{"name":"郑"}}');
  const stages = ["initialize", "checkOrigin", "getCurrentUser", "prepare", "selectSubprotocol"];
  assert.deepEqual(calls, [
    "constructor",
    ...stages.flatMap((name) => [`${name} begins`, `${name} ends`]),
    "open",
  ]);
});

test("nobody is the current user where getCurrentUser is not overridden", async (context) => {
  class Anonymous extends WebSocketHandler {
    override open() {
      this.writeMessage({ user: this.currentUser });
    }
  }
  const { at } = await runApplication(context, [["/ws", Anonymous]]);
  assert.equal(await (await TestClient.connect(at("/ws"))).nextMessage(), '{"user":null}');
});

test("an HttpError in prepare answers the handshake with its status, and no hook runs", async (context) => {
  class Private extends WebSocketHandler {
    override async prepare() {
      const user: unknown = await this.getCurrentUser();
      if (user === null) {
        throw new HttpError(401, "who are you?", { headers: { "WWW-Authenticate": "Bearer" } });
      }
    }
    override open() {
      throw new Error("must not be called");
    }
    override onClose() {
      throw new Error("must not be called");
    }
  }
  class Silent extends WebSocketHandler {
    override prepare() {
      throw new HttpError(403);
    }
  }
  const { server, at, log } = await runApplication(context, [
    ["/ws", Private],
    ["/silent", Silent],
  ]);
  const refusal = await TestClient.refusal(at("/ws"));
  assert.equal(refusal.status, 401);
  assert.equal(refusal.headers["www-authenticate"], "Bearer");
  assert.equal(refusal.headers["connection"], "close");
  assert.equal(refusal.body, "401: Unauthorized\nHANDLER_REFUSED: The request was refused.\n");
  assert.equal((await log.expect(/^401 GET \/ws \(127\.0\.0\.1\) \d+\.\d\dms$/)).level, "warn");
  await log.expect(/^HANDLER_REFUSED {2}Private refused the request: who are you\?\.$/);

  assert.equal((await TestClient.refusal(at("/silent"))).status, 403);
  await log.expect(/^403 GET \/silent/);
  // A client that asked for a WebSocket gets no page to look at, so that the log says more than for a page.
  await log.expect(/^STATUS_REFUSED {2}Silent answered with status 403\.$/);
  await server.close();
});

test("an HttpError whose header fields cannot be sent is a mistake of the handler: 500, logged", async (context) => {
  class Broken extends WebSocketHandler {
    override prepare() {
      throw new HttpError(401, "no", { headers: { "Retry-After": "1\r\nSet-Cookie: a=b" } });
    }
  }
  const { at, log } = await runApplication(context, [["/ws", Broken]], {
    websocket: { closeTimeoutMs: 100 },
  });
  const refusal = await TestClient.refusal(at("/ws"));
  assert.equal(refusal.status, 500);
  assert.equal(refusal.headers["set-cookie"], undefined);
  await log.expect(/^Uncaught exception/);
  await log.expect(/^500 /);
});

test("header fields and cookies that prepare sets stand on the 101", async (context) => {
  class Headers extends WebSocketHandler {
    override prepare() {
      this.setHeader("X-Room", 7);
      this.setHeader("x-gone", "soon");
      this.clearHeader("X-Gone");
      this.setHeader("Set-Cookie", ["a=1; Path=/", "b=2"]);
      assert.throws(() => this.setHeader("X-Bad", "a\r\nX-Smuggled: 1"), { code: "HEADER_INVALID" });
      assert.throws(() => this.setHeader("X Bad", "a"), { code: "HEADER_INVALID" });
    }
    override open() {
      assert.throws(() => this.setHeader("X-Late", "1"), { code: "HEADERS_SENT" });
    }
  }
  const { at, connectRaw } = await runApplication(context, [["/ws", Headers]]);
  const client = await TestClient.connect(at("/ws"));
  assert.equal(client.headers["x-room"], "7");
  assert.equal(client.headers["x-gone"], undefined);
  assert.deepEqual(client.headers["set-cookie"], ["a=1; Path=/", "b=2"]);
  client.ping();
  await client.nextPong();

  // The whole answer, as RFC 6455 §4.2.2 wants it and with nothing else.
  const raw = await connectRaw();
  raw.write(handshake());
  const { status, headers } = await raw.response();
  assert.equal(status, 101);
  assert.deepEqual(headers, {
    upgrade: ["websocket"],
    connection: ["Upgrade"],
    "sec-websocket-accept": ["s3pPLMBiTxaQ9kYGzzhZRbK+xOo="],
    "x-room": ["7"],
    "set-cookie": ["a=1; Path=/", "b=2"],
  });
});

test("what the handshake itself says cannot be said by a handler", async (context) => {
  const names = [
    "Sec-WebSocket-Accept",
    "Sec-WebSocket-Protocol",
    "Sec-WebSocket-Extensions",
    "Content-Length",
  ];
  class Meddling extends WebSocketHandler {
    override prepare() {
      for (const name of names) this.setHeader(name, "1");
      this.setHeader("X-Mine", "1");
    }
  }
  const { at } = await runApplication(context, [["/ws", Meddling]]);
  // The client would fail the handshake for most of them.
  const { headers } = await TestClient.connect(at("/ws"), { subprotocols: ["1"] });
  assert.deepEqual(Object.keys(headers).toSorted(), [
    "connection",
    "sec-websocket-accept",
    "upgrade",
    "x-mine",
  ]);
  assert.equal(headers["connection"], "Upgrade");
});

test("the Sec-WebSocket-Accept of the project's own vector", async (context) => {
  class Quiet extends WebSocketHandler {}
  const { connectRaw } = await runApplication(context, [["/ws", Quiet]]);
  const raw = await connectRaw();
  raw.write(handshake({ "Sec-WebSocket-Key": "sN9cRrP/n9NdMgdcy2VJFQ==" }));
  assert.deepEqual((await raw.response()).headers["sec-websocket-accept"], ["fFBooB7FAkLlXgRSz0BT3v4hq5s="]);
});

test("WebSocketHandler itself is a handler, too: one that only listens", async (context) => {
  const { at, log } = await runApplication(context, [["/ws", WebSocketHandler]], {
    websocket: { closeTimeoutMs: 100 },
  });
  const refused = await fetch(at("/ws"), { signal: AbortSignal.timeout(1000) });
  assert.equal(refused.status, 426);
  await refused.text();
  await log.expect(/^426 GET/);
  await log.expect(/^WS_UPGRADE_REQUIRED/);
  const client = await TestClient.connect(at("/ws"));
  client.send("to nobody");
  assert.deepEqual(await client.close(1000), { code: 1000, reason: "" });
  await log.expect(/^1000 .* received 1 \(9 bytes\)/);
});

test("params, pathArgs, query arguments, route options and the request are there in every hook", async (context) => {
  const seen = new Inbox<readonly unknown[]>();
  class Room extends WebSocketHandler<{ id: string }> {
    #greeting = "";
    override async initialize(options: { greeting: string }) {
      await Promise.resolve();
      this.#greeting = options.greeting;
    }
    override onMessage() {
      const { request } = this;
      seen.add([
        this.#greeting,
        { ...this.params },
        this.pathArgs,
        this.getQueryArgument("tag", "none"),
        this.getQueryArguments("many"),
        request.path,
        request.query,
        request.header("X-Client"),
        request.method,
        this.remoteAddress,
        this.reverseUrl("room", { id: "a b" }),
      ]);
    }
  }
  class Numbered extends WebSocketHandler {
    override onMessage() {
      seen.add([{ ...this.params }, this.pathArgs]);
    }
  }
  const { at } = await runApplication(context, [
    route("/rooms/:id", Room, { name: "room", options: { greeting: "hello" } }),
    [/\/numbered\/(\d+)(?:\/(\d+))?/, Numbered],
  ]);
  const client = await TestClient.connect(at("/rooms/%2Fa%C3%A9?tag=x&many=1&many=+2+"), {
    headers: { "X-Client": "test" },
  });
  client.send("");
  assert.deepEqual(await seen.next(), [
    "hello",
    { id: "/aé" },
    ["/aé"],
    "x",
    ["1", "2"],
    "/rooms/%2Fa%C3%A9",
    "tag=x&many=1&many=+2+",
    "test",
    "GET",
    "127.0.0.1",
    "/rooms/a%20b",
  ]);
  const numbered = await TestClient.connect(at("/numbered/7"));
  numbered.send("");
  assert.deepEqual(await seen.next(), [{}, ["7", undefined]]);
});

test("a query argument that is missing in prepare is a 400, not a failure", async (context) => {
  class Needy extends WebSocketHandler {
    override prepare() {
      this.getQueryArgument("token");
    }
  }
  const { at, log } = await runApplication(context, [["/ws", Needy]]);
  const refusal = await TestClient.refusal(at("/ws"));
  assert.equal(refusal.status, 400);
  assert.match(refusal.body, /ARGUMENT_MISSING/);
  await log.expect(/^400 GET \/ws/);
  await log.expect(/^ARGUMENT_MISSING {2}the query argument "token" is missing\.$/);
});

for (const [accepted, refused] of [
  ["text", Uint8Array.of(1)],
  ["binary", "text"],
] as const) {
  test(`a handler that takes ${accepted} messages closes with 1003 on others`, async (context) => {
    const received = new Inbox<string | Uint8Array>();
    class Choosy extends WebSocketHandler {
      override readonly acceptedMessages = accepted;
      override onMessage(message: string | Uint8Array) {
        received.add(message);
      }
    }
    const { at, log } = await runApplication(context, [["/ws", Choosy]]);
    const client = await TestClient.connect(at("/ws"));
    const wanted = accepted === "text" ? "text" : Uint8Array.of(1);
    client.send(wanted);
    assert.deepEqual(await received.next(), wanted);
    client.send(refused);
    assert.deepEqual(await client.closed(), { code: 1003, reason: "WS_MESSAGE_TYPE_REFUSED" });
    const got = accepted === "text" ? "binary" : "text";
    await log.expect(
      new RegExp(
        `^1003 .* received 1 .*WS_MESSAGE_TYPE_REFUSED: a ${got} message came, only ${accepted} is accepted$`,
      ),
    );
  });
}

test("text that is no UTF-8 closes with 1007, and the handler never sees it", async (context) => {
  const received: unknown[] = [];
  class Recorder extends WebSocketHandler {
    override onMessage(message: string | Uint8Array) {
      received.push(message);
    }
  }
  const { at, log } = await runApplication(context, [["/ws", Recorder]]);
  for (const frames of [
    [{ opcode: 1, payload: Uint8Array.of(0x80) }],
    [{ opcode: 1, payload: Uint8Array.of(0xed, 0xa0, 0x80) }],
    // Cut inside a character, and never completed.
    [
      { opcode: 1, fin: false, payload: Uint8Array.of(0xe9, 0x83) },
      { opcode: 0, payload: Uint8Array.of(0x41) },
    ],
    [
      { opcode: 1, fin: false, payload: Uint8Array.of(0xe9, 0x83) },
      { opcode: 0, payload: new Uint8Array(0) },
    ],
  ]) {
    const client = await TestClient.connect(at("/ws"));
    for (const frame of frames) client.sendFrame(frame);
    assert.deepEqual(await client.closed(), { code: 1007, reason: "WS_TEXT_INVALID" });
    await log.expect(/^1007 .* WS_TEXT_INVALID: /);
  }
  assert.deepEqual(received, []);
});
