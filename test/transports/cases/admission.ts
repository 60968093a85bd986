import assert from "node:assert/strict";
import type { HandlerContext, TransportKind } from "../../../src/index.ts";
import { WebSocketHandler } from "../../../src/index.ts";
import { Inbox } from "../../../src/testing/inbox.ts";
import { runApplication } from "../../support/run-application.ts";
import { runArena } from "../arena.ts";
import type { BehaviourCase } from "../behaviour-suite.ts";
import { openingRequest, sendPong } from "../driver.ts";

const elsewhere = "https://elsewhere.example";

export const admissionCases: readonly BehaviourCase[] = [
  {
    name: "the stages come in order, each finished before the next, once for each connection",
    async run(context, driver) {
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
        override onMessage() {
          this.writeMessage("and no stage again");
        }
      }
      const arena = await runArena(context, driver, Staged);
      const client = await arena.connect({ origin: elsewhere });
      assert.equal(await client.nextMessage(), '{"user":{"name":"郑"}}');
      client.send("");
      await client.nextMessage();
      const stages = ["initialize", "checkOrigin", "getCurrentUser", "prepare", "selectSubprotocol"];
      const both = stages.flatMap((name) => [`${name} begins`, `${name} ends`]);
      assert.deepEqual(calls, ["constructor", ...both, "open"]);
    },
  },
  {
    name: "nobody is the current user where getCurrentUser is not overridden",
    async run(context, driver) {
      class Anonymous extends WebSocketHandler {
        override open() {
          this.writeMessage({ user: this.currentUser });
        }
      }
      const arena = await runArena(context, driver, Anonymous);
      assert.equal(await (await arena.connect()).nextMessage(), '{"user":null}');
    },
  },
  {
    name: "this.transport says in every hook how the messages travel",
    async run(context, driver) {
      const seen: (readonly [hook: string, kind: TransportKind])[] = [];
      const ended = new Inbox<void>();
      class Watching extends WebSocketHandler {
        #note(hook: string): void {
          seen.push([hook, this.transport]);
        }
        override initialize() {
          this.#note("initialize");
        }
        override checkOrigin() {
          this.#note("checkOrigin");
          return true;
        }
        override getCurrentUser() {
          this.#note("getCurrentUser");
        }
        override prepare() {
          this.#note("prepare");
        }
        override selectSubprotocol() {
          this.#note("selectSubprotocol");
          return undefined;
        }
        override open() {
          this.#note("open");
        }
        override onMessage() {
          this.#note("onMessage");
        }
        override onPing() {
          this.#note("onPing");
        }
        override onPong() {
          this.#note("onPong");
        }
        override onClose() {
          this.#note("onClose");
          ended.add();
        }
      }
      const arena = await runArena(context, driver, Watching);
      const client = await arena.connect({ origin: elsewhere });
      client.send("");
      client.ping();
      sendPong(client);
      await client.nextPong();
      await client.close();
      await ended.next();
      const hooks = ["initialize", "checkOrigin", "getCurrentUser", "prepare", "selectSubprotocol", "open", "onMessage", "onPing", "onPong", "onClose"]; // prettier-ignore
      assert.deepEqual(seen, hooks.map((hook) => [hook, driver.kind])); // prettier-ignore
    },
  },
  {
    name: "header fields and cookies that prepare sets stand on the answer, but not what the answer itself says",
    async run(context, driver) {
      class Headers extends WebSocketHandler {
        override prepare() {
          this.setHeader("X-Room", 7);
          this.setHeader("x-gone", "soon");
          this.clearHeader("X-Gone");
          this.setHeader("Set-Cookie", ["a=1; Path=/", "b=2"]);
          this.setHeader("Content-Length", "1");
          assert.throws(() => this.setHeader("X-Bad", "a\r\nX-Smuggled: 1"), { code: "HEADER_INVALID" });
        }
        override open() {
          assert.throws(() => this.setHeader("X-Late", "1"), { code: "HEADERS_SENT" });
        }
        override onMessage(message: string | Uint8Array) {
          this.writeMessage(message);
        }
      }
      const arena = await runArena(context, driver, Headers);
      const client = await arena.connect();
      assert.equal(client.headers["x-room"], "7");
      assert.equal(client.headers["x-gone"], undefined);
      assert.deepEqual(client.headers["set-cookie"], ["a=1; Path=/", "b=2"]);
      client.send("it works");
      assert.equal(await client.nextMessage(), "it works");
    },
  },
  {
    name: "params, pathArgs, query arguments, route options, cookies and the request are there in every hook",
    async run(context, driver) {
      const seen = new Inbox<readonly unknown[]>();
      class Room extends WebSocketHandler<{ id: string }> {
        #transports: readonly string[] = [];
        override async initialize(options: { transports: readonly string[] }) {
          await Promise.resolve();
          this.#transports = options.transports;
        }
        override onMessage() {
          const { request } = this;
          seen.add([this.#transports, { ...this.params }, this.pathArgs]);
          seen.add([this.getQueryArgument("tag", "none"), this.getQueryArguments("many")]);
          seen.add([request.path, request.query, request.method, this.remoteAddress]);
          seen.add([request.header("X-Client"), request.header("Cookie")]);
        }
      }
      const arena = await runArena(context, driver, { "/rooms/:id": Room });
      const headers = { "X-Client": "test", Cookie: "a=1; b=2" };
      const client = await arena.connect({ headers }, "/rooms/%2Fa%C3%A9?tag=x&many=1&many=+2+");
      client.send("");
      assert.deepEqual(await seen.next(), [[driver.kind], { id: "/aé" }, ["/aé"]]);
      assert.deepEqual(await seen.next(), ["x", ["1", "2"]]);
      const query = "tag=x&many=1&many=+2+";
      assert.deepEqual(await seen.next(), ["/rooms/%2Fa%C3%A9", query, driver.method, "127.0.0.1"]);
      assert.deepEqual(await seen.next(), ["test", "a=1; b=2"]);
    },
  },
  {
    name: "the address is the one that a trusted proxy tells, and no other's",
    async run(context, driver) {
      class Address extends WebSocketHandler {
        override open() {
          this.writeMessage(this.remoteAddress);
        }
      }
      const headers = { "X-Forwarded-For": "192.0.2.7" };
      for (const [trustedProxies, address] of [
        [["loopback"], "192.0.2.7"],
        [["198.51.100.7"], "127.0.0.1"],
      ] as const) {
        const arena = await runArena(context, driver, Address, { trustedProxies });
        const client = await arena.connect({ headers });
        assert.equal(await client.nextMessage(), address);
        await client.close();
        const address4 = address.replaceAll(".", String.raw`\.`);
        await arena.log.expect(new RegExp(String.raw`^${driver.openedStatus} \w+ /ws \(${address4}\)`));
        await arena.log.expect(new RegExp(String.raw`^1005 \w+ /ws \(${address4}\) closed after`));
      }
    },
  },
  {
    name: "a query argument that is missing in prepare is a 400, not a failure",
    async run(context, driver) {
      class Needy extends WebSocketHandler {
        override prepare() {
          this.getQueryArgument("token");
        }
      }
      const arena = await runArena(context, driver, Needy);
      const refusal = await arena.refusal();
      assert.equal(refusal.status, 400);
      assert.match(refusal.body, /ARGUMENT_MISSING/);
      await arena.log.expect(arena.opened("/ws", 400));
      await arena.log.expect(/^ARGUMENT_MISSING {2}the query argument "token" is missing\.$/);
    },
  },
  {
    name: "a Host that is not served is refused, and explained",
    async run(context, driver) {
      const arena = await runArena(context, driver, WebSocketHandler, { allowedHosts: ["example.com"] });
      const raw = await arena.connectRaw();
      raw.write(openingRequest(driver, "rebound.example"));
      assert.equal((await raw.response()).status, 403);
      await arena.log.expect(arena.opened("/ws", 403));
      await arena.log.expect(/^HOST_REFUSED {2}Host "rebound\.example" is not served here/);
    },
  },
  {
    name: "a path that no route matches is a 404",
    async run(context, driver) {
      const arena = await runArena(context, driver, WebSocketHandler);
      const refusal = await arena.refusal({}, "/elsewhere");
      assert.equal(refusal.status, 404);
      assert.match(refusal.body, /ROUTE_NOT_FOUND/);
      await arena.log.expect(arena.opened("/elsewhere", 404));
      if (driver.kind === "websocket") await arena.log.expect(/^ROUTE_NOT_FOUND {2}/);
    },
  },
  {
    name: "a route that is not reached over this transport says so, and no hook but checkOrigin's runs",
    async run(context, driver) {
      class Closed extends WebSocketHandler {
        override prepare() {
          throw new Error("must not be called");
        }
      }
      const all: readonly TransportKind[] = ["websocket", "sse", "long-polling", "polling"];
      const others = all.filter((kind) => kind !== driver.kind);
      const { at, log } = await runApplication(context, [["/ws", Closed, { transports: others }]]);
      const refusal = await driver.refusal(at("/ws"));
      assert.equal(refusal.status, 400);
      assert.match(refusal.body, /^400: Bad Request\nWS_TRANSPORT_NOT_ALLOWED: /);
      await log.expect(new RegExp(String.raw`^400 ${driver.method} /ws`));
      const { text } = await log.expect(/^WS_TRANSPORT_NOT_ALLOWED {2}/);
      assert.ok(
        text.includes(`not reached over ${driver.kind} (its transports: ${others.join(", ")})`),
        text,
      );
    },
  },
  {
    name: "a route of which nothing is said is reached over WebSocket alone",
    skips: { websocket: "this is what it is reached over" },
    async run(context, driver) {
      const { at, log } = await runApplication(context, [["/ws", WebSocketHandler]]);
      const refusal = await driver.refusal(at("/ws"));
      assert.equal(refusal.status, 400);
      assert.match(refusal.body, /WS_TRANSPORT_NOT_ALLOWED/);
      await log.expect(/^400 POST \/ws/);
      await log.expect(/^WS_TRANSPORT_NOT_ALLOWED .*\(its transports: websocket\)/);
    },
  },
];
