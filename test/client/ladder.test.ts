/** Which transport is taken, when, and what a refusal says. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { WebSocket } from "undici";
import type { WebSocketLike } from "../../src/client/index.ts";
import { WebSocketHandler } from "../../src/index.ts";
import { expectedLog } from "../support/log.ts";
import { serveRoutes } from "../support/serve-routes.ts";
import {
  closeOf,
  closeSockets,
  Echo,
  nextEvent,
  nextMessages,
  openSocket,
  recordStates,
  serveEcho,
  transports,
} from "./realtime.ts";

const log = expectedLog();

/** A WebSocket that opens, and that nothing comes through. */
class SwallowedWebSocket extends WebSocket {
  override addEventListener(type: string, listener: (event: Event) => void): void {
    if (type !== "message") super.addEventListener(type, listener);
  }
}

/** One that fails at once, as behind a proxy that knows no Upgrade. */
class BlockedWebSocket extends EventTarget implements WebSocketLike {
  binaryType = "blob";
  readonly protocol = "";
  readonly extensions = "";
  readonly bufferedAmount = 0;

  constructor() {
    super();
    queueMicrotask(() => this.dispatchEvent(Object.assign(new Event("close"), { code: 1006, reason: "" })));
  }

  send(): void {}

  close(): void {}
}

/** One that a page may not even make. */
class ForbiddenWebSocket extends BlockedWebSocket {
  constructor() {
    super();
    throw new DOMException("insecure", "SecurityError");
  }
}

/** Counts the requests by what opens or carries them. */
function countRequests(): [typeof fetch, string[]] {
  const opened: string[] = [];
  const send: typeof fetch = (input, init) => {
    const { transport } = JSON.parse(
      String(init?.body as string | undefined)
        .split("\n", 1)
        .join(),
    ) as { transport?: string };
    if (transport !== undefined) opened.push(transport);
    return fetch(input, init);
  };
  return [send, opened];
}

test("a WebSocket that works is all that is tried", async (context) => {
  const { url } = await serveEcho(context, log);
  const [send, opened] = countRequests();
  const socket = openSocket(context, `${url}/echo`, { fetch: send });
  socket.send("first");
  assert.deepEqual(await nextMessages(socket, 1), ["first"]);
  assert.deepEqual([socket.transport, socket.protocol, opened], ["websocket", "", []]);
});

for (const Blocked of [BlockedWebSocket, ForbiddenWebSocket]) {
  test(`${Blocked.name}: the next transport is there at once, and remembered`, async (context) => {
    const { url } = await serveEcho(context, log);
    const [send, opened] = countRequests();
    const options = { fetch: send, WebSocket: Blocked, fallbackAfterMs: 60_000 };
    const socket = openSocket(context, `${url}/echo`, options);
    socket.send("first");
    assert.deepEqual(await nextMessages(socket, 1), ["first"]);
    assert.deepEqual([socket.transport, opened], ["sse", ["sse"]]);
    let made = 0;
    class Counted extends WebSocket {
      constructor(target: string, protocols: string[]) {
        super(target, protocols);
        made++;
      }
    }
    const second = openSocket(context, `${url}/echo`, { WebSocket: Counted });
    await nextEvent(second, "open");
    assert.deepEqual([second.transport, made], ["sse", 0]);
  });
}

test("when its time is over, the WebSocket is tried again", async (context) => {
  const { url } = await serveEcho(context, log);
  const blocked = openSocket(context, `${url}/echo`, { WebSocket: BlockedWebSocket, rememberMs: 0 });
  await nextEvent(blocked, "open");
  const socket = openSocket(context, `${url}/echo`);
  await nextEvent(socket, "open");
  assert.deepEqual([blocked.transport, socket.transport], ["sse", "websocket"]);
});

test("a WebSocket that opens and says nothing gets company, and is closed", async (context) => {
  const { url } = await serveEcho(context, log);
  const socket = openSocket(context, `${url}/echo`, { WebSocket: SwallowedWebSocket, fallbackAfterMs: 50 });
  socket.send("first");
  assert.deepEqual(await nextMessages(socket, 1), ["first"]);
  assert.equal(socket.transport, "sse");
  await log.expect(/^1005 GET /);
});

test("a transport that loses late is closed as soon as it is open", async (context) => {
  const { url } = await serveEcho(context, log);
  const send: typeof fetch = async (...args) => {
    if (socket.state === "connecting") await nextEvent(socket, "open");
    return fetch(...args);
  };
  const socket = openSocket(context, `${url}/echo`, {
    fallbackAfterMs: 0,
    transports: ["websocket", "polling"],
    fetch: send,
  });
  await nextEvent(socket, "open");
  assert.equal(socket.transport, "websocket");
  await log.expect(/^1005 POST .* over polling/);
});

test("where there is no WebSocket at all, the ladder begins with the next", async (context) => {
  const { url } = await serveEcho(context, log);
  const socket = openSocket(context, `${url}/echo`, { WebSocket: undefined });
  await nextEvent(socket, "open");
  assert.ok(socket.transport === "sse" || "WebSocket" in globalThis);
});

for (const debug of [false, true]) {
  for (const transport of transports) {
    test(`${transport}, debug ${debug}: a refusal is final, asked once, and says why`, async (context) => {
      closeSockets(context);
      class Refusing extends WebSocketHandler {
        override checkOrigin(): boolean {
          return false;
        }
      }
      const { url } = await serveRoutes(context, log, [["/", Refusing, { transports: [...transports] }]], {
        debug,
      });
      class PageWebSocket extends WebSocket {
        constructor(target: string, protocols: string[]) {
          super(target, { protocols, headers: { Origin: "https://evil.example" } });
        }
      }
      const [send, opened] = countRequests();
      const evil: typeof fetch = (input, init) =>
        send(input, {
          ...init,
          headers: { ...(init?.headers as Record<string, string>), Origin: "https://evil.example" },
        });
      const order = transport === "websocket" ? transports : [transport, ...transports];
      const socket = openSocket(context, url, { WebSocket: PageWebSocket, fetch: evil, transports: order });
      const states = recordStates(socket);
      const [code, reason, wasClean] = await closeOf(socket);
      assert.equal(code, 4403);
      assert.match(reason, /^WS_ORIGIN_REFUSED: ./);
      assert.equal(wasClean, transport === "websocket" && debug);
      assert.deepEqual(states, ["connecting > closed WS_ORIGIN_REFUSED"]);
      // Outside debug mode a browser does not say why a WebSocket failed: the next transport learns it.
      assert.equal(opened.length, transport === "websocket" && debug ? 0 : 1);
      await log.expect(/^403 /);
      await log.expect(/WS_ORIGIN_REFUSED/);
      if (transport === "websocket" && !debug) await log.expect(/^403 /);
    });
  }
}

test("a transport that is not to be had here leads to the next, and one that failed may come back", async (context) => {
  closeSockets(context);
  const { url } = await serveRoutes(context, log, [["/", Echo, { transports: ["websocket", "polling"] }]]);
  const socket = openSocket(context, url, { transports: ["sse", "polling"] });
  await nextEvent(socket, "open");
  assert.equal(socket.transport, "polling");
  await log.expect(/^400 /);
  await log.expect(/WS_TRANSPORT_NOT_ALLOWED/);
});
