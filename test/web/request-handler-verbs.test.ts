import assert from "node:assert/strict";
import { test } from "node:test";
import { Application, HttpError, RequestHandler } from "../../src/index.ts";
import { expectedLog } from "../support/log.ts";
import { RawConnection, get, request, requestText } from "../support/raw-http.ts";
import { serveRoutes } from "../support/serve-routes.ts";

const log = expectedLog();

class Every extends RequestHandler {
  get() {
    return "get";
  }
  head() {
    this.setHeader("X-Verb", "head");
  }
  post() {
    return "post";
  }
  put() {
    return "put";
  }
  patch() {
    return "patch";
  }
  delete() {
    return "delete";
  }
  options() {
    return "options";
  }
}

class OnlyGet extends RequestHandler {
  get() {
    return "héllo";
  }
}

class OnlyPost extends RequestHandler {
  async post() {
    return Promise.resolve("posted");
  }
}

/** Something that takes more than one turn of the event loop. */
function takeTime(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test("every verb has its method", async (context) => {
  const server = await serveRoutes(context, log, [["/", Every]]);
  for (const verb of ["get", "post", "put", "patch", "delete", "options"]) {
    const response = await request(server, verb.toUpperCase(), "/");
    assert.equal(response.status, 200, verb);
    assert.equal(response.text, verb);
  }
  assert.equal((await request(server, "HEAD", "/")).header("X-Verb"), "head");
});

test("HEAD is answered by get, with its header fields and without its body", async (context) => {
  const server = await serveRoutes(context, log, [["/", OnlyGet]]);
  const answer = await request(server, "HEAD", "/");
  assert.equal(answer.status, 200);
  // RFC 9110 §9.3.2: the same header fields as for GET, Content-Length included.
  assert.equal(answer.header("Content-Length"), "6");
  assert.equal(answer.header("Content-Type"), "text/html; charset=utf-8");
});

test("no byte of a body follows the header fields of an answer to HEAD", async (context) => {
  class Streams extends RequestHandler {
    get() {
      return new Response(new Blob(["stream"]).stream());
    }
  }
  const server = await serveRoutes(context, log, [
    ["/", OnlyGet],
    ["/stream", Streams],
  ]);
  for (const path of ["/", "/stream", "/missing"]) {
    // A response to a second request can only be read where the first one ended.
    const connection = await RawConnection.open(server.port);
    connection.send(requestText("HEAD", path) + requestText("GET", "/"));
    assert.equal((await connection.nextResponse("HEAD")).status, path === "/missing" ? 404 : 200);
    assert.equal((await connection.nextResponse()).text, "héllo", path);
    connection.destroy();
  }
  await log.expect(/^404 HEAD \/missing/);
});

test("a verb without a method is 405, with the verbs there are", async (context) => {
  class Nothing extends RequestHandler {}
  const server = await serveRoutes(context, log, [
    ["/get", OnlyGet],
    ["/post", OnlyPost],
    ["/every", Every],
    ["/nothing", Nothing],
  ]);
  const table: readonly [method: string, path: string, allow: string][] = [
    ["POST", "/get", "GET, HEAD, OPTIONS"],
    ["DELETE", "/get", "GET, HEAD, OPTIONS"],
    ["GET", "/post", "POST, OPTIONS"],
    // Without get there is nothing that HEAD could be answered with.
    ["HEAD", "/post", "POST, OPTIONS"],
    ["GET", "/nothing", ""],
    ["OPTIONS", "/nothing", ""],
    ["TRACE", "/every", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"],
    ["PROPFIND", "/every", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"],
  ];
  for (const [method, path, allow] of table) {
    const { status, header } = await request(server, method, path);
    assert.equal(status, 405, `${method} ${path}`);
    assert.equal(header("Allow"), allow, `${method} ${path}`);
    await log.expect(new RegExp(`^405 ${method} ${path} `));
  }
});

test("a verb is not a property: names that every object has are no verbs", async (context) => {
  class Fields extends RequestHandler {
    // Not a method, so not a verb.
    readonly post = "a field" as unknown as () => string;
    constructed = true;
    setup() {
      return "never";
    }
    get() {
      return "get";
    }
  }
  const server = await serveRoutes(context, log, [["/", Fields]]);
  const { status, header } = await request(server, "POST", "/");
  assert.equal(status, 405);
  assert.equal(header("Allow"), "GET, HEAD, OPTIONS");
  await log.expect(/^405 POST/);
});

test("a method that HTTP does not know is a malformed request, in one line of the log", async (context) => {
  const server = await serveRoutes(context, log, [["/", Every]]);
  for (const method of ["BREW", "get", "Get", "CONSTRUCTOR", "__proto__"]) {
    const { status, header } = await request(server, method, "/");
    assert.equal(status, 400, method);
    assert.equal(header("Connection"), "close");
    await log.expect(/^400 \(127\.0\.0\.1\) REQUEST_MALFORMED: .*"Parse Error/);
  }
  assert.deepEqual(
    log.lines.filter(({ level }) => level !== "info"),
    [],
  );
});

test("the stages are run in order, each when the one before has finished", async (context) => {
  const calls: unknown[] = [];
  class Staged extends RequestHandler {
    override async initialize(options: { readonly colour: string }) {
      await takeTime();
      calls.push(["initialize", options, this.currentUser]);
    }
    override async getCurrentUser() {
      await takeTime();
      calls.push("getCurrentUser");
      return { name: "me" };
    }
    override async prepare() {
      await takeTime();
      calls.push(["prepare", this.currentUser]);
    }
    async get() {
      await takeTime();
      calls.push(["get", this.currentUser]);
      return "done";
    }
  }
  const options = { colour: "red" };
  const server = await serveRoutes(context, log, [["/", Staged, options]]);
  assert.equal((await get(server, "/")).text, "done");
  const me = { name: "me" };
  assert.deepEqual(calls, [["initialize", options, null], "getCurrentUser", ["prepare", me], ["get", me]]);
});

test("what prepare answers is the answer: the verb is not called", async (context) => {
  class Redirects extends RequestHandler {
    override prepare(): void | Promise<void> {
      this.redirect("/login");
    }
    get(): string {
      assert.fail("the verb was called");
    }
  }
  class Finishes extends Redirects {
    override async prepare() {
      await this.finish("closed");
    }
  }
  class Refuses extends Redirects {
    override prepare(): void {
      throw new HttpError(401);
    }
  }
  const server = await serveRoutes(context, log, [
    ["/redirects", Redirects],
    ["/finishes", Finishes],
    ["/refuses", Refuses],
  ]);
  assert.equal((await get(server, "/redirects")).header("Location"), "/login");
  assert.equal((await get(server, "/finishes")).text, "closed");
  assert.equal((await get(server, "/refuses")).status, 401);
  await log.expect(/^401 GET \/refuses/);
});

test("a verb that is not allowed reaches none of the handler's hooks", async (context) => {
  class Counts extends OnlyPost {
    override prepare(): void {
      assert.fail("prepare was called");
    }
  }
  const server = await serveRoutes(context, log, [["/", Counts]]);
  assert.equal((await get(server, "/")).status, 405);
  await log.expect(/^405 GET/);
});

test("each request has a handler of its own", async (context) => {
  class Counter extends RequestHandler {
    #count = 0;
    get() {
      return `${++this.#count}`;
    }
  }
  const server = await serveRoutes(context, log, [["/", Counter]]);
  assert.equal((await get(server, "/")).text, "1");
  assert.equal((await get(server, "/")).text, "1");
});

test("a handler knows its request, its parameters and its groups", async (context) => {
  class Shows extends RequestHandler {
    get() {
      const { method, path, query, uri, httpVersion, protocol, host, hostname } = this.request;
      return {
        request: { method, path, query, uri, httpVersion, protocol, host, hostname },
        url: this.request.fullUrl(),
        header: [this.request.header("X-Twice"), this.request.header("x-none") ?? "none"],
        remoteAddress: this.remoteAddress,
        currentUser: this.currentUser,
        params: { ...(this.params as Record<string, string>) },
        pathArgs: this.pathArgs,
      };
    }
  }
  const server = await serveRoutes(context, log, [["/a/:name/*", Shows]]);
  const lines = ["Host: LOCALHOST:80", "X-Twice: one", "x-twice: two"];
  const { text } = await get(server, "/a/%C3%A9/x/y?q=%20&r", lines);
  assert.deepEqual(JSON.parse(text), {
    request: {
      method: "GET",
      path: "/a/%C3%A9/x/y",
      query: "q=%20&r",
      uri: "/a/%C3%A9/x/y?q=%20&r",
      httpVersion: "1.1",
      protocol: "http",
      host: "localhost",
      hostname: "localhost",
    },
    url: "http://localhost/a/%C3%A9/x/y?q=%20&r",
    header: ["one, two", "none"],
    remoteAddress: "127.0.0.1",
    currentUser: null,
    params: { name: "é", "*": "x/y" },
    pathArgs: ["é", "x/y"],
  });
});

test("OPTIONS is answered with the methods that there are, unless the handler or a setting says otherwise", async (context) => {
  const routes = [
    ["/get", OnlyGet],
    ["/every", Every],
  ] as const;
  const server = await serveRoutes(context, log, routes);
  const answer = await request(server, "OPTIONS", "/get");
  assert.deepEqual([answer.status, answer.header("Allow"), answer.text], [204, "GET, HEAD, OPTIONS", ""]);
  assert.equal((await request(server, "OPTIONS", "/every")).text, "options");
  const strict = await serveRoutes(context, log, routes, { automaticMethods: false });
  for (const method of ["OPTIONS", "HEAD"]) {
    const { status, header } = await request(strict, method, "/get");
    assert.deepEqual([status, header("Allow")], [405, "GET"], method);
    await log.expect(new RegExp(`^405 ${method}`));
  }
});

test("a handler may have methods of its own, of those that can come", async (context) => {
  class Dav extends RequestHandler {
    static override readonly customMethods = ["PROPFIND", "M-SEARCH"];
    propfind() {
      return "found";
    }
    "m-search"() {
      return "searched";
    }
    mkcol() {
      return "never";
    }
  }
  const server = await serveRoutes(context, log, [["/", Dav]]);
  assert.equal((await request(server, "PROPFIND", "/")).text, "found");
  assert.equal((await request(server, "M-SEARCH", "/")).text, "searched");
  const { status, header } = await request(server, "MKCOL", "/");
  assert.deepEqual([status, header("Allow")], [405, "OPTIONS, PROPFIND, M-SEARCH"]);
  await log.expect(/^405 MKCOL/);
  for (const [methods, reason] of [
    [["BREW"], /"BREW": Node's HTTP parser does not know it/],
    [["propfind"], /Node's HTTP parser does not know it/],
    [["GET"], /"GET": every handler may have it/],
    [["CONNECT"], /it is for proxies/],
    [[5], /5: it is no text/],
    ["PROPFIND", /it is no list/],
  ] as const) {
    class Wrong extends RequestHandler {
      static override readonly customMethods = methods as unknown as string[];
    }
    assert.throws(() => new Application([["/", Wrong]]), { code: "METHOD_INVALID", message: reason });
  }
});

test("a head() of its own says the length of what it does not make, or none", async (context) => {
  class Own extends RequestHandler {
    head() {
      const { query } = this.request;
      if (query === "response") return new Response(null, { headers: { "Content-Length": "5000" } });
      if (query === "text") return "four";
      if (query === "known") this.setHeader("Content-Length", 5000);
      return undefined;
    }
  }
  const server = await serveRoutes(context, log, [["/", Own]]);
  const lengths = ["?known", "?response", "?text", ""].map(async (query) => {
    const connection = await RawConnection.open(server.port);
    connection.send(requestText("HEAD", `/${query}`) + requestText("HEAD", "/missing"));
    const { status, header } = await connection.nextResponse("HEAD");
    assert.equal(status, 200);
    assert.equal(header("Transfer-Encoding"), undefined);
    assert.equal((await connection.nextResponse("HEAD")).status, 404, "the connection goes on");
    await log.expect(/^404 HEAD/);
    connection.destroy();
    return header("Content-Length");
  });
  // RFC 9110 §8.6: what would be sent to GET, or nothing; never the length of the answer to HEAD.
  assert.deepEqual(await Promise.all(lengths), ["5000", "5000", "4", undefined]);
});
