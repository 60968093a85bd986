import assert from "node:assert/strict";
import { test } from "node:test";
import { HttpError, RequestHandler } from "../../src/index.ts";
import { throwing } from "../support/handlers.ts";
import { expectedLog } from "../support/log.ts";
import { get } from "../support/raw-http.ts";
import { watchRejections } from "../support/rejections.ts";
import { serveRoutes } from "../support/serve-routes.ts";

const log = expectedLog();

function fail(stage: string): never {
  throw new Error(stage);
}

const secret = "password=hunter2";
const browser = ["Accept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"];

test("an HttpError answers with its status, and its message goes to the log only", async (context) => {
  const server = await serveRoutes(context, log, [
    throwing("/message", () => new HttpError(403, secret)),
    throwing("/silent", () => new HttpError(410)),
    throwing("/unknown", () => new HttpError(499)),
  ]);
  const response = await get(server, "/message");
  assert.equal(response.status, 403);
  assert.equal(response.text, "403: Forbidden\nHANDLER_REFUSED: The request was refused.\n");
  await log.expect(/^403 GET \/message \(127\.0\.0\.1\) /);
  const { level, text } = await log.expect(/^HANDLER_REFUSED/);
  assert.equal(level, "warn");
  assert.equal(text, `HANDLER_REFUSED  SecretHandler refused the request: ${secret}.`);

  const silent = await get(server, "/silent");
  assert.equal(silent.text, "410: Gone\nSTATUS_REFUSED: The request was refused.\n");
  // The line of the access log says it all.
  await log.expect(/^410 GET \/silent/);

  assert.equal(
    (await get(server, "/unknown")).text,
    "499: Unknown\nSTATUS_REFUSED: The request was refused.\n",
  );
  await log.expect(/^499 GET \/unknown/);
  assert.deepEqual(log.lines, []);
});

test("an HttpError brings its header fields, and what the handler has set before is forgotten", async (context) => {
  class Limited extends RequestHandler {
    get(): never {
      this.setHeader("X-Page", "1");
      this.write("half a page");
      throw new HttpError(429, "", { headers: { "Retry-After": "60", "X-Reason": "much" } });
    }
  }
  const server = await serveRoutes(context, log, [["/", Limited]]);
  const { status, text, header } = await get(server, "/");
  assert.equal(status, 429);
  assert.equal(header("Retry-After"), "60");
  assert.equal(header("X-Reason"), "much");
  assert.equal(header("X-Page"), undefined);
  assert.ok(!text.includes("half"));
  await log.expect(/^429 GET/);
});

test("an HttpError is made of a status from 400 to 599", () => {
  for (const status of [200, 302, 399, 600, 404.5, Number.NaN, "404" as unknown as number]) {
    assert.throws(
      () => new HttpError(status),
      { code: "STATUS_INVALID", message: /^a status is a whole number from 400 to 599, got / },
      String(status),
    );
  }
  const cause = new Error("why");
  const error = new HttpError(404, "gone", { cause });
  assert.deepEqual([error.name, error.status, error.message, error.cause], ["HttpError", 404, "gone", cause]);
  assert.deepEqual(error.headers, {});
});

test("an HttpError whose header fields could smuggle in others is refused where it is made", () => {
  for (const headers of [{ "X-A": "a\r\nX-B: b" }, { "X-A": "网" }, { "X A": "a" }, { "X-A\r\nX-B": "a" }]) {
    const shown = JSON.stringify(headers);
    assert.throws(() => new HttpError(400, "", { headers }), { code: "HEADER_INVALID" }, shown);
  }
});

test(
  "a header field of an HttpError that HTTP does not allow is 500, and never the end of the process",
  { timeout: 5000 },
  async (context) => {
    const unhandled = watchRejections(context);
    const server = await serveRoutes(context, log, [
      throwing("/", () => new HttpError(400, "", { headers: { "X-Echo": "a\r\nX-Evil: 1" } })),
    ]);
    const { status, headers } = await get(server, "/");
    assert.deepEqual(unhandled, []);
    assert.equal(status, 500);
    assert.equal(headers.has("x-evil"), false);
    await log.expect(/^Uncaught exception GET \//);
    await log.expect(/^500 GET \//);
  },
);

test("an exception is 500 without a word of it, and the log has its stack and its causes", async (context) => {
  const server = await serveRoutes(context, log, [
    throwing("/error", () => new TypeError(secret, { cause: new Error("deeper", { cause: "deepest" }) })),
  ]);
  for (const accept of [[], browser]) {
    const { status, text, header } = await get(server, "/error", accept);
    assert.equal(status, 500);
    assert.ok(text.includes("HANDLER_FAILED") && text.includes("Something went wrong on the server."), text);
    assert.doesNotMatch(text, /hunter2|TypeError|SecretHandler|\.ts|\.js|node:| at |error/);
    assert.equal(header("X-Content-Type-Options"), "nosniff");
    const logged = await log.expect(/^Uncaught exception GET \/error \(127\.0\.0\.1\)\nTypeError: /);
    assert.equal(logged.level, "error");
    assert.match(
      logged.text,
      /password=hunter2\n +at .*request-errors\.test[^]*\nCaused by: Error: deeper\n[^]*\nCaused by: .* "deepest"$/,
    );
    assert.equal((await log.expect(/^500 GET \/error/)).level, "error");
  }
  assert.deepEqual(log.lines, [], "the explanation of a refusal would say nothing new");
});

test("whatever is thrown is 500, and the log says what it was", async (context) => {
  const table: readonly [value: unknown, logged: RegExp][] = [
    ["a string", /a value that is no Error was thrown: "a string"$/],
    [undefined, /thrown: undefined$/],
    [null, /thrown: null$/],
    [404, /thrown: 404$/],
    [{ status: 404 }, /thrown: \{ status: 404 \}$/],
    [Object.create(null), /thrown: \[Object: null prototype\] \{\}$/],
    [Symbol("s"), /thrown: a symbol$/],
    [Promise.resolve(), /thrown: Promise \{ undefined/],
    ["\u001b[31mred\nline", /thrown: "\\x1b\[31mred\\x0aline"$/],
  ];
  const routes = table.flatMap(([value], index) => {
    class Rejects extends RequestHandler {
      get() {
        // oxlint-disable-next-line promise/prefer-await-to-then, typescript/prefer-promise-reject-errors
        return Promise.reject(value);
      }
    }
    return [throwing(`/${index}`, () => value), [`/async/${index}`, Rejects] as const];
  });
  const server = await serveRoutes(context, log, routes);
  for (const [index, [, logged]] of table.entries()) {
    for (const path of [`/${index}`, `/async/${index}`]) {
      assert.equal((await get(server, path)).status, 500, path);
      assert.match((await log.expect(/^Uncaught exception GET/)).text, logged, path);
      await log.expect(/^500 GET/);
    }
  }
});

test(
  "an error that is its own cause is logged like any other, and never the end of the process",
  { timeout: 5000 },
  async (context) => {
    const unhandled = watchRejections(context);
    const own = new Error("own cause");
    own.cause = own;
    const first = new Error("first");
    first.cause = new Error("second", { cause: first });
    const server = await serveRoutes(context, log, [
      throwing("/own", () => own),
      throwing("/ring", () => first),
    ]);
    for (const path of ["/own", "/ring"]) {
      assert.equal((await get(server, path)).status, 500, path);
      assert.deepEqual(unhandled, []);
      await log.expect(/^Uncaught exception GET/);
      await log.expect(/^500 GET/);
    }
  },
);

test("an exception of any stage is 500", async (context) => {
  class Page extends RequestHandler {
    override initialize(options: { readonly stage: string }) {
      this.#stage = options.stage;
      if (this.#stage === "initialize") fail("initialize");
    }
    override getCurrentUser() {
      return this.#stage === "getCurrentUser" && fail("getCurrentUser");
    }
    override async prepare() {
      await Promise.resolve();
      if (this.#stage === "prepare") fail("prepare");
    }
    get(): string {
      assert.fail("the verb was called");
    }
    #stage = "";
  }
  for (const stage of ["initialize", "getCurrentUser", "prepare"]) {
    const server = await serveRoutes(context, log, [["/", Page, { stage }]]);
    assert.equal((await get(server, "/")).status, 500, stage);
    await log.expect(new RegExp(`^Uncaught exception GET / .*\nError: ${stage}\n`));
    await log.expect(/^500 GET/);
  }
});

test("an exception after the response was finished is logged, and the response arrives whole", async (context) => {
  const body = "x".repeat(8 << 20);
  class Late extends RequestHandler {
    async get() {
      await this.finish(body);
      throw new Error("too late");
    }
  }
  class Refused extends RequestHandler {
    async get() {
      await this.finish(body);
      throw new HttpError(403, "too late");
    }
  }
  const server = await serveRoutes(context, log, [
    ["/late", Late],
    ["/refused", Refused],
  ]);
  for (const path of ["/late", "/refused"]) {
    const [response] = await Promise.allSettled([get(server, path)]);
    await log.expect(new RegExp(`^Uncaught exception GET ${path} .*\n.*too late`));
    if (response.status === "rejected") throw response.reason;
    assert.equal(response.value.status, 200);
    assert.equal(response.value.text.length, body.length);
  }
});
