import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { RouteEntry } from "../../src/index.ts";
import {
  authenticated,
  RequestHandler,
  StaticFileHandler,
  WaterspoutError,
  WebSocketHandler,
} from "../../src/index.ts";
import { TestClient } from "../../src/testing/index.ts";
import { allTransports, postSession } from "../support/fallback.ts";
import { get, request } from "../support/raw-http.ts";
import { runApplication } from "../support/run-application.ts";

const ada = ["Cookie: user=ada"];

class Profile extends RequestHandler {
  override async getCurrentUser() {
    return Promise.resolve(this.getCookie("user"));
  }
  @authenticated
  get() {
    return `hello ${String(this.currentUser)}`;
  }
  @authenticated
  async post() {
    return Promise.resolve({ user: this.currentUser, of: this });
  }
  put() {
    return "open to all";
  }
  toJSON() {
    return "this";
  }
}

const loginUrl = "/login";

suite("a method", () => {
  test("is called for a user, with its own this and result", async (context) => {
    const { server } = await runApplication(context, [["/", Profile]], { loginUrl });
    assert.equal((await get(server, "/", ada)).text, "hello ada");
    const posted = await request(server, "POST", "/", [...ada, "Content-Length: 0"]);
    assert.deepEqual(JSON.parse(posted.text), { user: "ada", of: "this" });
    assert.equal((await request(server, "PUT", "/", ["Content-Length: 0"])).text, "open to all");
    assert.equal(Profile.prototype.get.name, "get");
  });

  test("sends nobody to log in, with the way back", async (context) => {
    const { server, log } = await runApplication(context, [["/*", Profile]], { loginUrl });
    for (const [target, next] of [
      ["/", "%2F"],
      ["/a/b?c=d&e=%2F", "%2Fa%2Fb%3Fc%3Dd%26e%3D%252F"],
      // What would lead to another site, were it followed later.
      ["//evil.example/x", "%2F"],
      ["/%2Fevil.example", "%2F"],
      ["/..//evil.example", "%2F"],
    ] as const) {
      for (const method of ["GET", "HEAD"]) {
        const response = await request(server, method, target);
        assert.equal(response.status, 302);
        assert.equal(response.header("location"), `/login?next=${next}`);
      }
    }
    const refused = await request(server, "POST", "/", ["Content-Length: 0"]);
    assert.equal(refused.status, 403);
    assert.match(refused.text, /LOGIN_REQUIRED: You have to log in first\./);
    await log.expect(/^403 POST/);
    await log.expect(/^LOGIN_REQUIRED {2}Profile serves users only, and nobody is logged in\.\n.*loginUrl/);
  });

  test("sends to a login that has a query as it is, and to one that the handler chooses", async (context) => {
    class Chosen extends Profile {
      override getLoginUrl() {
        return `https://login.example/for/${String(this.pathArgs[0])}`;
      }
    }
    const { server } = await runApplication(
      context,
      [
        ["/plain", Profile],
        ["/*", Chosen],
      ],
      { loginUrl: "/login?from=here" },
    );
    assert.equal((await get(server, "/plain")).header("location"), "/login?from=here");
    assert.equal((await get(server, "/x")).header("location"), "https://login.example/for/x?next=%2Fx");
  });

  test("is refused where there is no login to be sent to", async (context) => {
    const { server, log } = await runApplication(context, [["/", Profile]]);
    assert.equal((await get(server, "/")).status, 403);
    await log.expect(/^403 GET/);
    await log.expect(/^LOGIN_REQUIRED/);
  });

  test("can be wrapped without the decorator", async (context) => {
    class Wrapped extends Profile {
      override get = authenticated(function (this: Wrapped) {
        return `wrapped ${String(this.currentUser)}`;
      });
    }
    const { server } = await runApplication(context, [["/", Wrapped]], { loginUrl });
    assert.equal((await get(server, "/", ada)).text, "wrapped ada");
    assert.equal((await get(server, "/")).status, 302);
  });

  test("takes what is not truthy for nobody, as Tornado does", async (context) => {
    for (const user of [null, undefined, "", 0, false]) {
      class Somebody extends Profile {
        override getCurrentUser() {
          return Promise.resolve(user as null);
        }
      }
      const { server } = await runApplication(context, [["/", Somebody]], { loginUrl });
      assert.equal((await get(server, "/")).status, 302);
    }
  });
});

suite("a class", () => {
  const prepared: string[] = [];
  @authenticated
  class Private extends RequestHandler {
    override getCurrentUser() {
      return this.getCookie("user");
    }
    override prepare() {
      prepared.push(this.request.method);
    }
    get() {
      return "private";
    }
    post() {
      return "private";
    }
  }

  test("of pages is closed to nobody before anything is prepared", async (context) => {
    const { server, log } = await runApplication(context, [["/", Private]], { loginUrl });
    prepared.length = 0;
    assert.equal((await get(server, "/")).header("location"), "/login?next=%2F");
    assert.equal((await request(server, "POST", "/", ["Content-Length: 0"])).status, 403);
    await log.expect(/^403 POST/);
    await log.expect(/^LOGIN_REQUIRED {2}Private/);
    assert.deepEqual(prepared, []);
    assert.equal((await get(server, "/", ada)).text, "private");
    assert.deepEqual(prepared, ["GET"]);
  });

  test("stays closed when a class that extends it overrides all it can", async (context) => {
    class Derived extends Private {
      override getCurrentUser() {
        return null;
      }
      override prepare() {
        prepared.push("derived");
      }
      override get() {
        return "derived";
      }
    }
    const { server } = await runApplication(context, [["/", Derived]], { loginUrl });
    assert.equal((await get(server, "/", ada)).status, 302);
  });

  test("that is wrapped for one route stays open on others, and keeps its name and statics", async (context) => {
    class Open extends RequestHandler {
      static readonly answer = 42;
      get() {
        return `${this.constructor.name} ${Open.answer}`;
      }
    }
    const Closed = authenticated(Open);
    assert.equal(Closed.answer, 42);
    assert.equal(Closed.name, "Open");
    const routes: RouteEntry[] = [
      ["/open", Open],
      ["/closed", Closed],
      ["/files/*", authenticated(StaticFileHandler), { root: "." }],
    ];
    const { server } = await runApplication(context, routes, { loginUrl });
    assert.equal((await get(server, "/open")).text, "Open 42");
    assert.equal((await get(server, "/closed")).status, 302);
    assert.equal(
      (await get(server, "/files/package.json")).header("location"),
      "/login?next=%2Ffiles%2Fpackage.json",
    );
  });

  const hooks: string[] = [];
  @authenticated
  class Feed extends WebSocketHandler {
    override async getCurrentUser() {
      return Promise.resolve(this.getCookie("user"));
    }
    override prepare() {
      hooks.push("prepare");
    }
    override selectSubprotocol() {
      hooks.push("selectSubprotocol");
      return undefined;
    }
    override open() {
      hooks.push("open");
      this.writeMessage(`hello ${String(this.currentUser)}`);
    }
  }

  test("of WebSockets answers 401 before the upgrade", async (context) => {
    const { at, log } = await runApplication(context, [["/feed", Feed]], { loginUrl });
    hooks.length = 0;
    const refusal = await TestClient.refusal(at("/feed"));
    assert.equal(refusal.status, 401);
    assert.match(refusal.body, /WS_LOGIN_REQUIRED: You have to log in first\./);
    assert.equal(refusal.headers["www-authenticate"], "Cookie");
    await log.expect(/^401 GET/);
    await log.expect(/^WS_LOGIN_REQUIRED {2}Feed serves users only, and nobody is logged in/);
    assert.deepEqual(hooks, []);
    const client = await TestClient.connect(at("/feed"), { headers: { cookie: "user=ada" } });
    assert.equal(await client.nextMessage(), "hello ada");
    await client.close();
  });

  test("of WebSockets opens no session for nobody, over any transport", async (context) => {
    const routes: RouteEntry[] = [["/feed", Feed, { transports: allTransports }]];
    const { server, log } = await runApplication(context, routes);
    hooks.length = 0;
    for (const transport of ["sse", "long-polling", "polling"]) {
      const isStream = transport === "sse";
      const head = { transport, key: transport.padEnd(16, "k"), ...(isStream ? {} : { poll: 0 }) };
      const lines = isStream ? ["Accept: text/event-stream"] : [];
      const refused = await postSession(server, "/feed", head, { lines });
      assert.equal(refused.status, 401);
      assert.equal(refused.header("vary"), "Origin");
      await log.expect(/^401 POST/);
    }
    const stream = await get(server, "/feed", ["Accept: text/event-stream"]);
    assert.equal(stream.status, 401);
    await log.expect(/^401 GET/);
    await log.expect(/^WS_LOGIN_REQUIRED/);
    assert.deepEqual(hooks, []);
    const opened = await postSession(server, "/feed", { transport: "polling", poll: 0 }, { lines: ada });
    assert.equal(opened.status, 200);
    assert.match(opened.text, /"hello ada"/);
  });

  test("lets nobody in where it cannot be told who they are, which is asked once", async (context) => {
    const asked: string[] = [];
    const failing = (what: string) => (): Promise<never> => {
      asked.push(what);
      return Promise.reject(new Error("no database"));
    };
    @authenticated
    class Page extends RequestHandler {
      override getCurrentUser = failing("page");
      get() {
        return String(this.currentUser);
      }
    }
    @authenticated
    class Socket extends WebSocketHandler {
      override getCurrentUser = failing("socket");
      override open() {
        hooks.push("open");
      }
    }
    const routes: RouteEntry[] = [
      ["/page", Page],
      ["/socket", Socket, { transports: allTransports }],
    ];
    const { server, at, log } = await runApplication(context, routes, { loginUrl });
    hooks.length = 0;
    assert.equal((await get(server, "/page", ada)).status, 500);
    assert.equal((await TestClient.refusal(at("/socket"))).status, 500);
    const session = { transport: "polling", poll: 0 };
    assert.equal((await postSession(server, "/socket", session, { lines: ada })).status, 500);
    for (const line of ["GET /page", "GET /socket", "POST /socket"]) {
      await log.expect(new RegExp(`Uncaught exception ${line}[^]*no database`));
      await log.expect(new RegExp(`^500 ${line}`));
    }
    assert.deepEqual(asked, ["page", "socket", "socket"]);
    assert.deepEqual(hooks, []);
  });

  test("of WebSockets can tell a browser's script why in debug mode", async (context) => {
    const { at, server, log } = await runApplication(context, [["/feed", Feed]], { debug: true });
    const client = await TestClient.connect(at("/feed"), { origin: `http://127.0.0.1:${server.port}` });
    const { code, reason } = await client.closed();
    assert.equal(code, 4401);
    assert.match(reason, /^WS_LOGIN_REQUIRED: /);
    await log.expect(/^401 GET/);
    await log.expect(/^WS_LOGIN_REQUIRED/);
  });
});

suite("nothing else", () => {
  const decorate = authenticated as unknown as (target: unknown, context?: unknown) => unknown;

  test("can be wrapped", () => {
    const expected = { code: "ARGUMENT_TYPE_INVALID", name: WaterspoutError.name };
    for (const target of [undefined, null, 5, {}, class extends Array {}]) {
      assert.throws(() => decorate(target), expected);
    }
    // As a decorator: on a getter, a field; by the older kind of decorators.
    assert.throws(() => decorate(() => {}, { kind: "getter" }), /got a getter$/);
    assert.throws(() => decorate(undefined, { kind: "field" }), /got a field$/);
    assert.throws(() => decorate(class extends Array {}, { kind: "class" }), /got a class$/);
    assert.throws(() => decorate(Profile.prototype, "get"), /got an object/);
  });

  test("and a method of a WebSocketHandler fails, rather than being open to all", async (context) => {
    class Wrong extends WebSocketHandler {
      override open = decorate(() => {
        this.writeMessage("secret");
      }) as () => void;
    }
    const { at, log } = await runApplication(context, [["/ws", Wrong]]);
    const client = await TestClient.connect(at("/ws"));
    assert.equal((await client.closed()).code, 1011);
    await log.expect(/Wrong serves users only/);
    await log.expect(/^1011 GET \/ws/);
  });
});
