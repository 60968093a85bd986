/** Which hooks are called, in which order, and that each is called once, whatever happens. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { ErrorDetails, HandlerResult } from "../../src/index.ts";
import { Finish, HttpError, RequestHandler } from "../../src/index.ts";
import { Inbox } from "../../src/testing/inbox.ts";
import { deferred } from "../support/deferred.ts";
import { page } from "../support/handlers.ts";
import { expectedLog } from "../support/log.ts";
import { get, RawConnection, request, requestText } from "../support/raw-http.ts";
import { serveRoutes } from "../support/serve-routes.ts";

const log = expectedLog();

/** A handler that writes down its hooks, and a promise for the last. */
function recording(act: (handler: RequestHandler, stage: string) => unknown) {
  const calls: string[] = [];
  const finished = deferred();
  class Recorder extends RequestHandler {
    override setDefaultHeaders() {
      calls.push("setDefaultHeaders");
    }
    override async initialize() {
      calls.push("initialize");
      await act(this, "initialize");
    }
    override async prepare() {
      calls.push("prepare");
      await act(this, "prepare");
    }
    async get(): Promise<string> {
      calls.push("get");
      return ((await act(this, "get")) as string | undefined) ?? "done";
    }
    override onConnectionClose() {
      calls.push("onConnectionClose");
    }
    override async onFinish() {
      calls.push("onFinish");
      finished.resolve();
      await act(this, "onFinish");
    }
  }
  return { Recorder, calls, finished: finished.promise };
}

test("the hooks are called in order, once each, and the last when the response is sent", async (context) => {
  const { Recorder, calls, finished } = recording(() => undefined);
  const server = await serveRoutes(context, log, [["/", Recorder]]);
  assert.equal((await get(server, "/")).text, "done");
  await finished;
  assert.deepEqual(calls, ["setDefaultHeaders", "initialize", "prepare", "get", "onFinish"]);
});

test("onFinish is called once whatever stage throws, and is itself logged when it does", async (context) => {
  for (const failing of ["initialize", "prepare", "get", "onFinish"]) {
    const { Recorder, calls, finished } = recording((_handler, stage) => {
      if (stage === failing) throw new Error(`in ${stage}`);
    });
    const server = await serveRoutes(context, log, [["/", Recorder]]);
    const { status } = await get(server, "/");
    assert.equal(status, failing === "onFinish" ? 200 : 500, failing);
    await log.expect(new RegExp(`^Uncaught exception GET / .*\nError: in ${failing}`));
    if (status === 500) await log.expect(/^500 GET/);
    await finished;
    assert.equal(calls.filter((call) => call === "onFinish").length, 1);
    assert.equal(calls.at(-1), "onFinish");
  }
});

test("a client that leaves aborts the signal, and neither its handler nor the log complain", async (context) => {
  const entered = deferred();
  const { Recorder, calls, finished } = recording(async (handler, stage) => {
    if (stage !== "get") return;
    const { signal } = handler;
    entered.resolve();
    // What waits with a signal fails with an error of its own.
    await sleep(60_000, undefined, { signal });
  });
  const server = await serveRoutes(context, log, [["/", Recorder]]);
  const connection = await RawConnection.open(server.port);
  connection.send(requestText("GET", "/"));
  await entered.promise;
  connection.destroy();
  await finished;
  assert.deepEqual(calls.slice(-2), ["onConnectionClose", "onFinish"]);
  const { level } = await log.expect(/^499 GET \/ \(127\.0\.0\.1\) \d+\.\d\dms the client left$/);
  assert.equal(level, "info");
});

test("a signal that is asked for when the client has gone is aborted already", async (context) => {
  const entered = deferred();
  const gone = deferred();
  const finished = deferred();
  const seen: unknown[] = [];
  class Late extends RequestHandler {
    async get() {
      entered.resolve();
      await gone.promise;
      seen.push(this.signal.aborted, (this.signal.reason as { code?: string }).code);
      return "nobody reads it";
    }
    override onConnectionClose() {
      gone.resolve();
    }
    override onFinish() {
      finished.resolve();
    }
  }
  const server = await serveRoutes(context, log, [["/", Late]]);
  const connection = await RawConnection.open(server.port);
  connection.send(requestText("GET", "/"));
  await entered.promise;
  connection.destroy();
  await finished.promise;
  assert.deepEqual(seen, [true, "CLIENT_GONE"]);
});

test("a request that waits behind another one on its connection learns that the client has gone, too", async (context) => {
  const entered = [deferred(), deferred()];
  const gone = [deferred(), deferred()];
  class Waits extends RequestHandler<{ id: string }> {
    async get() {
      entered[Number(this.params.id)]?.resolve();
      await gone[Number(this.params.id)]?.promise;
    }
    override onConnectionClose() {
      gone[Number(this.params.id)]?.resolve();
    }
  }
  const server = await serveRoutes(context, log, [["/:id", Waits]]);
  const connection = await RawConnection.open(server.port);
  connection.send(requestText("GET", "/0") + requestText("GET", "/1"));
  for (const each of entered) await each.promise;
  connection.destroy();
  await log.expect(/^499 GET \/0/);
  await log.expect(/^499 GET \/1/);
});

test("a response that was sent whole is no reason to tell that the client left", async (context) => {
  const { Recorder, calls, finished } = recording(() => undefined);
  const server = await serveRoutes(context, log, [["/", Recorder]]);
  const connection = await RawConnection.open(server.port);
  connection.send(requestText("GET", "/"));
  await connection.nextResponse();
  connection.destroy();
  await finished;
  assert.ok(!calls.includes("onConnectionClose"));
});

test("Finish ends the request with what has been written, in any hook", async (context) => {
  class Ends extends RequestHandler {
    override prepare() {
      this.setStatus(503, "Tea Time");
      this.write("come ");
      throw new Finish("back");
    }
    get(): string {
      assert.fail("the verb was called");
    }
  }
  const server = await serveRoutes(context, log, [
    ["/", Ends],
    [
      "/flushed",
      page(async (handler) => {
        handler.write("begun ");
        await handler.flush();
        throw new Finish("ended");
      }),
    ],
  ]);
  const connection = await RawConnection.open(server.port);
  connection.send(requestText("GET", "/"));
  const { status, text } = await connection.nextResponse();
  assert.deepEqual([status, text], [503, "come back"]);
  connection.destroy();
  await log.expect(/^503 GET/);
  assert.equal((await get(server, "/flushed")).text, "begun ended");
});

test("an error page may be the handler's own, and what is logged is the same", async (context) => {
  class Own extends RequestHandler<{ how: string }> {
    override setDefaultHeaders() {
      this.setHeader("Access-Control-Allow-Origin", "*");
    }
    get() {
      this.setHeader("X-Forgotten", "1");
      this.write("forgotten");
      if (this.params.how === "refused") throw new HttpError(403, "secret", { reason: "Go Away" });
      throw new Error("secret");
    }
    override async writeError(status: number, { code, message, error }: ErrorDetails): Promise<object> {
      await Promise.resolve();
      return { status, code, message, isError: error instanceof Error };
    }
  }
  const server = await serveRoutes(context, log, [["/:how", Own]]);
  const failed = await get(server, "/failed");
  assert.equal(failed.status, 500);
  const message = "Something went wrong on the server.";
  assert.deepEqual(JSON.parse(failed.text), { status: 500, code: "HANDLER_FAILED", message, isError: true });
  assert.equal(failed.header("Content-Type"), "application/json; charset=utf-8");
  assert.deepEqual(
    [failed.header("X-Forgotten"), failed.header("Access-Control-Allow-Origin")],
    [undefined, "*"],
  );
  await log.expect(/^Uncaught exception GET \/failed/);
  await log.expect(/^500 GET/);
  assert.equal((await get(server, "/refused")).status, 403);
  await log.expect(/^403 GET/);
  await log.expect(/^HANDLER_REFUSED {2}Own refused the request: secret\./);
  const wrong = await request(server, "PUT", "/x");
  assert.deepEqual([wrong.status, wrong.header("Allow")], [405, "GET, HEAD, OPTIONS"]);
  assert.equal((JSON.parse(wrong.text) as ErrorDetails).code, "METHOD_NOT_ALLOWED");
  await log.expect(/^405 PUT/);
});

test("an error page that fails is replaced by the standard one, and both errors are logged", async (context) => {
  for (const fail of [
    () => {
      throw new Error("in the page");
    },
    () => Promise.reject(new Error("in the page")),
  ]) {
    class Broken extends RequestHandler {
      get(): never {
        throw new HttpError(404);
      }
      override writeError(): HandlerResult {
        this.write("half a page");
        return fail();
      }
    }
    const server = await serveRoutes(context, log, [["/", Broken]]);
    const { status, text } = await get(server, "/");
    assert.deepEqual([status, text], [404, "404: Not Found\nSTATUS_REFUSED: The request was refused.\n"]);
    await log.expect(/^Uncaught exception GET \/ .*\nError: in the page/);
    await log.expect(/^404 GET/);
  }
});

test("a reason phrase is sent as it is, and one that could smuggle in something is refused", async (context) => {
  const server = await serveRoutes(context, log, [
    [
      "/",
      page((handler) => {
        for (const reason of ["a\r\nX: y", "", "é", "x".repeat(201), 5 as unknown as string])
          assert.throws(() => handler.setStatus(200, reason), { code: "REASON_INVALID" });
        handler.setStatus(201, "Made <it>");
      }),
    ],
  ]);
  const response = await fetch(`${server.url}/`);
  assert.deepEqual([response.status, response.statusText], [201, "Made <it>"]);
});

test("addHeader adds, setHeader replaces, clear forgets all but the defaults", async (context) => {
  class Headers extends RequestHandler {
    override setDefaultHeaders() {
      this.setHeader("X-Default", "1");
    }
    get() {
      this.setStatus(404);
      this.setHeader("X-Gone", "1");
      this.write("gone");
      this.clear();
      this.addHeader("Link", "<a>");
      this.addHeader("link", "<b>");
      assert.throws(() => this.addHeader("Link", "a\nb"), { code: "HEADER_INVALID" });
      return "text";
    }
  }
  const server = await serveRoutes(context, log, [["/", Headers]]);
  const { status, text, headers } = await get(server, "/");
  assert.deepEqual([status, text], [200, "text"]);
  assert.deepEqual(headers.get("link"), ["<a>", "<b>"]);
  assert.deepEqual([headers.get("x-default"), headers.get("x-gone")], [["1"], undefined]);
});

test("what a Finish brings and cannot be sent is a failure like any other", async (context) => {
  const finished = new Inbox<string>();
  class Odd extends RequestHandler {
    override prepare() {
      if (this.request.path === "/prepare") throw new Finish(new Map());
    }
    get() {
      throw new Finish(5 as unknown as string);
    }
    override onFinish() {
      finished.add(this.request.path);
    }
  }
  const server = await serveRoutes(context, log, [["/*", Odd]]);
  for (const path of ["/prepare", "/get"]) {
    assert.equal((await get(server, path)).status, 500);
    assert.equal(await finished.next(), path);
    await log.expect(new RegExp(`^Uncaught exception GET ${path}`));
    await log.expect(new RegExp(`^500 GET ${path}`));
  }
});

test("who has gone is written down when they go, whether the handler ends or not, and once", async (context) => {
  const calls = new Inbox<string>();
  const left = deferred();
  class Waiting extends RequestHandler<{ how: string }> {
    async get() {
      calls.add("waits");
      if (this.params.how === "forever") await new Promise(() => {});
      await left.promise;
      return "as if nothing had happened";
    }
    override onFinish() {
      calls.add("onFinish");
    }
  }
  const server = await serveRoutes(context, log, [["/:how", Waiting]]);
  for (const how of ["forever", "once"]) {
    const connection = await RawConnection.open(server.port);
    connection.send(requestText("GET", `/${how}`));
    assert.equal(await calls.next(), "waits");
    connection.destroy();
    await log.expect(new RegExp(`^499 GET /${how} .* the client left$`));
  }
  left.resolve();
  assert.equal(await calls.next(), "onFinish");
  assert.deepEqual(
    log.lines.filter(({ text }) => /GET \/(?:forever|once)/.test(text)),
    [],
  );
});
