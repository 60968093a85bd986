/** Responses that are written bit by bit: flush, streams, and clients that do not read or leave. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { RequestHandler } from "../../src/index.ts";
import { deferred } from "../support/deferred.ts";
import { page } from "../support/handlers.ts";
import { expectedLog } from "../support/log.ts";
import { get, RawConnection, request, requestText } from "../support/raw-http.ts";
import { serveRoutes } from "../support/serve-routes.ts";

const log = expectedLog();

const block = Buffer.alloc(64 * 1024, "x");

test("what is flushed is sent at once, and the rest when the handler is done", async (context) => {
  const gate = deferred();
  const server = await serveRoutes(context, log, [
    [
      "/",
      page(async (handler) => {
        handler.write("first ");
        await handler.flush();
        assert.throws(() => handler.setHeader("X-Late", "1"), { code: "HEADERS_SENT" });
        assert.throws(() => handler.clear(), { code: "HEADERS_SENT" });
        await gate.promise;
        handler.write("second ");
        return "third";
      }),
    ],
  ]);
  const response = await fetch(`${server.url}/`);
  assert.equal(response.headers.get("content-type"), "text/html; charset=utf-8");
  let text = "";
  assert.ok(response.body !== null);
  for await (const chunk of response.body) {
    text += Buffer.from(chunk).toString();
    gate.resolve();
  }
  assert.equal(text, "first second third");
});

test("a stream of a known length has it, and one of another length is cut and logged", async (context) => {
  const sized = (length: number, text: string) =>
    page(async (handler) => {
      handler.setHeader("Content-Length", length);
      handler.write(text);
      await handler.flush();
    });
  const server = await serveRoutes(context, log, [
    ["/right", sized(4, "four")],
    ["/short", sized(5, "four")],
    ["/long", sized(3, "four")],
  ]);
  const right = await get(server, "/right");
  assert.deepEqual([right.header("Content-Length"), right.header("Transfer-Encoding")], ["4", undefined]);
  for (const path of ["/short", "/long"]) {
    await assert.rejects(get(server, path), /the connection ended inside a response/);
    await log.expect(new RegExp(`^Uncaught exception GET ${path} .*\n.*content-length`));
    await log.expect(new RegExp(`^200 GET ${path} .* cut off$`));
  }
});

test("an async iterable and a ReadableStream are sent chunk by chunk, each chunk as write takes it", async (context) => {
  async function* chunks() {
    yield "a";
    await Promise.resolve();
    yield Buffer.from("b");
    yield { c: 1 };
  }
  const server = await serveRoutes(context, log, [
    ["/iterable", page(() => chunks())],
    ["/stream", page(() => ReadableStream.from(chunks()))],
    ["/nothing", page(() => ReadableStream.from([]))],
    [
      "/written",
      page((handler) => {
        handler.write("<p>");
        return chunks();
      }),
    ],
  ]);
  for (const [path, text] of [
    ["/iterable", 'ab{"c":1}'],
    ["/stream", 'ab{"c":1}'],
    ["/written", '<p>ab{"c":1}'],
  ] as const) {
    const response = await get(server, path);
    assert.equal(response.text, text, path);
    assert.equal(response.header("Content-Type"), "text/html; charset=utf-8");
    assert.equal(response.header("Transfer-Encoding"), "chunked");
  }
  assert.equal((await get(server, "/nothing")).header("Content-Length"), "0");
});

test("HEAD has the header fields of a stream, of which no more than the first chunk is made", async (context) => {
  const made: string[] = [];
  async function* chunks() {
    try {
      yield "first";
      made.push("second");
      yield "second";
    } finally {
      made.push("returned");
    }
  }
  const server = await serveRoutes(context, log, [["/", page(() => chunks())]]);
  const { header, text } = await request(server, "HEAD", "/");
  assert.deepEqual([header("Content-Type"), text], ["text/html; charset=utf-8", ""]);
  assert.deepEqual(made, ["returned"]);
});

test("a stream that fails before its first chunk is answered with an error, one that fails later is cut", async (context) => {
  // oxlint-disable-next-line require-yield -- that it fails before is what is tested
  async function* early(): AsyncGenerator<string> {
    await Promise.resolve();
    throw new Error("early");
  }
  async function* late(): AsyncGenerator<string> {
    yield "half";
    throw new Error("late");
  }
  async function* odd(): AsyncGenerator {
    yield "half";
    yield 5;
  }
  const server = await serveRoutes(context, log, [
    ["/early", page(() => early())],
    ["/late", page(() => late())],
    ["/odd", page(() => odd())],
  ]);
  assert.equal((await get(server, "/early")).status, 500);
  await log.expect(/^Uncaught exception GET \/early .*\nError: early/);
  await log.expect(/^500 GET \/early/);
  await assert.rejects(get(server, "/late"), /ended inside a response/);
  await log.expect(/^Uncaught exception GET \/late .*\nError: late/);
  await assert.rejects(get(server, "/odd"), /ended inside a response/);
  await log.expect(/chunk must be a string, an object or bytes, got 5/);
  for (let line = 0; line < 2; line++) await log.expect(/^200 GET \/(?:late|odd) .* cut off$/);
});

test("a client that stops reading holds back the handler, and what waits is bounded", async (context) => {
  let written = 0;
  const closed = deferred();
  class Endless extends RequestHandler {
    async get() {
      for (;;) {
        this.write(block);
        await this.flush();
        written += block.length;
      }
    }
    override onFinish() {
      closed.resolve();
    }
  }
  const server = await serveRoutes(context, log, [["/", Endless]], { http: { responseTimeoutMs: 200 } });
  const connection = await RawConnection.open(server.port);
  connection.pause();
  connection.send(requestText("GET", "/"));
  // What ends it is that the client took nothing for so long.
  await log.expect(
    /^RESPONSE_TIMEOUT {2}the client took nothing for 200 ms of the \d+ bytes that wait for it/,
  );
  await closed.promise;
  assert.ok(written < 32 << 20, `${written} bytes`);
  connection.destroy();
});

test("a large body that nobody reads is cut by the same limit, and one that is read is not", async (context) => {
  const body = Buffer.alloc(16 << 20, "y");
  const server = await serveRoutes(context, log, [["/", page(() => body)]], {
    http: { responseTimeoutMs: 1000 },
  });
  const stalled = await RawConnection.open(server.port);
  stalled.pause();
  stalled.send(requestText("GET", "/"));
  await log.expect(/^RESPONSE_TIMEOUT/);
  stalled.destroy();
  const response = await fetch(`${server.url}/`);
  assert.equal((await response.arrayBuffer()).byteLength, body.length);
});

test("a client that leaves ends the making of a stream, wherever it is", async (context) => {
  const returned = { iterable: deferred(), waiting: deferred(), stream: deferred() };
  async function* endless() {
    try {
      for (;;) yield block;
    } finally {
      returned.iterable.resolve();
    }
  }
  const waiting = {
    [Symbol.asyncIterator]: () => {
      let count = 0;
      return {
        // The second chunk never comes.
        next: () => (count++ === 0 ? Promise.resolve({ done: false, value: "x" }) : new Promise(() => {})),
        return: () => {
          returned.waiting.resolve();
          return Promise.resolve({ done: true, value: undefined });
        },
      };
    },
  };
  const server = await serveRoutes(context, log, [
    ["/iterable", page(() => endless())],
    ["/waiting", page(() => waiting)],
    [
      "/stream",
      page(() => {
        const source = { pull: () => new Promise<void>(() => {}), cancel: () => returned.stream.resolve() };
        return new ReadableStream({ start: (controller) => controller.enqueue("x"), ...source });
      }),
    ],
  ]);
  for (const name of ["iterable", "waiting", "stream"] as const) {
    const connection = await RawConnection.open(server.port);
    connection.send(requestText("GET", `/${name}`));
    await connection.received();
    connection.destroy();
    await returned[name].promise;
    await log.expect(new RegExp(`^200 GET /${name} .* the client left$`));
  }
});

test("flush tells a handler that its client has gone, and that is nobody's fault", async (context) => {
  const codes: unknown[] = [];
  const done = deferred();
  class Endless extends RequestHandler {
    async get() {
      try {
        for (;;) {
          this.write(block);
          await this.flush();
        }
      } catch (error) {
        codes.push((error as { code?: string }).code, this.signal.aborted, this.signal.reason === error);
        throw error;
      }
    }
    override onFinish() {
      done.resolve();
    }
  }
  const server = await serveRoutes(context, log, [["/", Endless]]);
  const connection = await RawConnection.open(server.port);
  connection.send(requestText("GET", "/"));
  await connection.received();
  connection.destroy();
  await done.promise;
  assert.deepEqual(codes, ["CLIENT_GONE", true, true]);
  await log.expect(/^200 GET \//);
});

test("an iterator that ends or fails by itself is not told to, as in a loop", async (context) => {
  const told: string[] = [];
  const iterable = (name: string, next: (count: number) => Promise<IteratorResult<string, undefined>>) => ({
    [Symbol.asyncIterator]: () => {
      let count = 0;
      return {
        next: () => next(count++),
        return: () => {
          told.push(name);
          return Promise.resolve({ done: true as const, value: undefined });
        },
      };
    },
  });
  const chunk = (count: number): Promise<IteratorResult<string, undefined>> =>
    Promise.resolve(count < 2 ? { done: false, value: "x" } : { done: true, value: undefined });
  const server = await serveRoutes(context, log, [
    ["/ends", page(() => iterable("ends", chunk))],
    ["/fails", page(() => iterable("fails", () => Promise.reject(new Error("no chunk"))))],
    [
      "/wrong",
      page(() => iterable("wrong", () => Promise.resolve({ done: false, value: 5 as unknown as string }))),
    ],
  ]);
  assert.equal((await get(server, "/ends")).text, "xx");
  assert.equal((await get(server, "/fails")).status, 500);
  await log.expect(/^Uncaught exception GET \/fails .*\nError: no chunk/);
  assert.equal((await get(server, "/wrong")).status, 500);
  await log.expect(/^Uncaught exception GET \/wrong .*\n.*chunk must be/);
  for (let line = 0; line < 2; line++) await log.expect(/^500 GET/);
  assert.deepEqual(told, ["wrong"]);
});

test("a flush that is waited for ends when the client leaves, and what is not sent then is no failure", async (context) => {
  const codes: unknown[] = [];
  const done = deferred();
  class Large extends RequestHandler {
    async get() {
      this.setHeader("Content-Length", 100 << 20);
      // More than the buffers between take, and less than was announced.
      this.write(Buffer.alloc(50 << 20));
      await this.flush().catch((error: unknown) => codes.push((error as { code?: string }).code));
      this.write("some more");
    }
    override onFinish() {
      done.resolve();
    }
  }
  const server = await serveRoutes(context, log, [["/", Large]]);
  const connection = await RawConnection.open(server.port);
  connection.send(requestText("GET", "/"));
  await connection.received();
  connection.destroy();
  await done.promise;
  assert.deepEqual(codes, ["CLIENT_GONE"]);
  await log.expect(/^200 GET \//);
});

test("what was written before a stream is sent before its first chunk is there", async (context) => {
  const asked = deferred();
  const gate = deferred();
  async function* late() {
    asked.resolve();
    await gate.promise;
    yield "chunk";
  }
  const written = page((handler) => {
    handler.write("before ");
    return late();
  });
  const server = await serveRoutes(context, log, [["/", written]]);
  const connection = await RawConnection.open(server.port);
  connection.send(requestText("GET", "/"));
  await connection.received();
  await asked.promise;
  gate.resolve();
  assert.equal((await connection.nextResponse()).text, "before chunk");
  connection.destroy();
});

test("a stream for a client that has gone already is not waited for", async (context) => {
  const entered = deferred();
  const gone = deferred();
  const returned = deferred();
  const done = deferred();
  class Late extends RequestHandler {
    async get() {
      entered.resolve();
      await gone.promise;
      return {
        [Symbol.asyncIterator]: () => ({
          next: () => new Promise<IteratorResult<string>>(() => {}),
          return: () => {
            returned.resolve();
            return Promise.resolve({ done: true as const, value: undefined });
          },
        }),
      };
    }
    override onConnectionClose() {
      gone.resolve();
    }
    override onFinish() {
      done.resolve();
    }
  }
  const server = await serveRoutes(context, log, [["/", Late]]);
  const connection = await RawConnection.open(server.port);
  connection.send(requestText("GET", "/"));
  await entered.promise;
  connection.destroy();
  await Promise.all([returned.promise, done.promise]);
  await log.expect(/^499 GET \/ .* the client left$/);
});
