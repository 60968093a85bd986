/** Bodies as they travel: flow control, early answers, `Expect: 100-continue`, clients that leave or dawdle. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { connect } from "node:net";
import { BodyError, HttpError, RequestHandler } from "../../src/index.ts";
import { multipart, multipartType, post, requestWithBody } from "../support/bodies.ts";
import type { Deferred } from "../support/deferred.ts";
import { deferred } from "../support/deferred.ts";
import { expectedLog } from "../support/log.ts";
import { exchange, RawConnection, get, requestText } from "../support/raw-http.ts";
import { serveRoutes } from "../support/serve-routes.ts";

const log = expectedLog();
const text = "text/plain";

class Length extends RequestHandler {
  async post() {
    return `${(await this.bytes()).length}`;
  }
  get() {
    return "next";
  }
}

/** The header fields of a request whose body is announced and not sent. */
function announce(target: string, length: number, lines: readonly string[] = []): string {
  return requestText("POST", target, [`Content-Length: ${length}`, `Content-Type: ${text}`, ...lines]);
}

test("a body has a limit: announced past it, it is refused before it comes; not announced, when it is past", async (context) => {
  const server = await serveRoutes(context, log, [["/", Length]], { http: { maxBodyBytes: 10 } });
  assert.equal((await post(server, "/", text, "x".repeat(10))).text, "10");
  const connection = await RawConnection.open(server.port);
  connection.send(announce("/", 11));
  assert.equal((await connection.nextResponse()).status, 413);
  // What was announced can still come, and the connection goes on behind it.
  connection.send(`${"x".repeat(11)}${requestText("GET", "/")}`);
  assert.equal((await connection.nextResponse()).text, "next");
  const chunk = "6\r\n123456\r\n";
  connection.send(`${requestText("POST", "/", ["Transfer-Encoding: chunked"])}${chunk}${chunk}`);
  assert.equal((await connection.nextResponse()).status, 413);
  connection.send(`0\r\n\r\n${requestText("GET", "/")}`);
  assert.equal((await connection.nextResponse()).text, "next");
  connection.destroy();
  await log.expect(/^413 POST/);
  await log.expect(/^413 POST/);
  await log.expect(/^BODY_TOO_LARGE {2}.*\n +To allow more: http: \{ maxBodyBytes \}\.$/);
});

test("a handler may have a limit of its own, larger or smaller", async (context) => {
  class Large extends Length {
    static override readonly maxBodyBytes: number = 1000;
  }
  class Small extends Large {
    static override readonly maxBodyBytes = 5;
    static override readonly streamRequestBody = true;
  }
  const routes = [
    ["/large", Large],
    ["/small", Small],
  ] as const;
  const server = await serveRoutes(context, log, routes, { http: { maxBodyBytes: 10 } });
  assert.equal((await post(server, "/large", text, "x".repeat(1000))).text, "1000");
  assert.equal((await post(server, "/small", text, "x".repeat(6))).status, 413);
  await log.expect(/^413 POST/);
  await log.expect(/^BODY_TOO_LARGE {2}.*\n +To allow more: static readonly maxBodyBytes of the handler\.$/);
});

test("a handler that streams has no limit to what it reads as it comes, and the usual one to what it keeps", async (context) => {
  class Streams extends Length {
    static override readonly streamRequestBody = true;
    async put() {
      let bytes = 0;
      for await (const chunk of this.body) bytes += chunk.length;
      return `${bytes}`;
    }
  }
  const server = await serveRoutes(context, log, [["/", Streams]], { http: { maxBodyBytes: 10 } });
  const put = requestWithBody("PUT", "/", text, "x".repeat(100_000));
  assert.equal((await exchange(server.port, put)).text, "100000");
  assert.equal((await post(server, "/", text, "x".repeat(10))).text, "10");
  assert.equal((await post(server, "/", text, "x".repeat(11))).status, 413);
  await log.expect(/^413 POST/);
  await log.expect(/^BODY_TOO_LARGE {2}.* 10 bytes\.\n +To allow more: http: \{ maxBodyBytes \}\.$/);
});

test("100 Continue is said when somebody reads, once, and only where it was asked for", async (context) => {
  const asked: Deferred = deferred();
  const reads: Deferred = deferred();
  class Waits extends RequestHandler {
    static override readonly streamRequestBody = true;
    async post() {
      asked.resolve();
      await reads.promise;
      return `${(await this.bytes()).length}`;
    }
  }
  const server = await serveRoutes(context, log, [["/", Waits]]);
  const connection = await RawConnection.open(server.port);
  connection.send(announce("/", 3, ["Expect: 100-continue"]));
  await asked.promise;
  reads.resolve();
  assert.equal((await connection.nextResponse()).status, 100);
  connection.send("abc");
  const answer = await connection.nextResponse();
  assert.deepEqual([answer.text, answer.header("Connection")], ["3", "keep-alive"]);
  connection.send(`${announce("/", 3)}abc`);
  assert.equal((await connection.nextResponse()).text, "3");
  // An HTTP/1.0 client does not know of it (RFC 9110 §10.1.1).
  connection.send(`${announce("/", 3, ["Expect: 100-continue"]).replace("HTTP/1.1", "HTTP/1.0")}abc`);
  assert.equal((await connection.nextResponse()).text, "3");
  connection.destroy();
});

test("who refuses without reading says no 100 Continue, and closes: a body may follow or a request", async (context) => {
  class Refuses extends RequestHandler {
    override prepare(): void {
      throw new HttpError(401);
    }
    post() {
      return "never";
    }
  }
  const server = await serveRoutes(
    context,
    log,
    [
      ["/", Refuses],
      ["/length", Length],
    ],
    { http: { maxBodyBytes: 10 } },
  );
  for (const [target, length, status] of [
    ["/", 3, 401],
    ["/length", 11, 413],
    ["/missing", 3, 404],
    ["/", 0, 401],
  ] as const) {
    const connection = await RawConnection.open(server.port);
    connection.send(announce(target, length, ["Expect: 100-continue"]));
    const answer = await connection.nextResponse();
    assert.deepEqual([answer.status, answer.header("Connection")], [status, "close"]);
    assert.equal((await connection.ended()).length, 0);
    connection.destroy();
    await log.expect(new RegExp(`^${status} POST`));
  }
  await log.expect(/^BODY_TOO_LARGE/);
});

test("prepare runs before the body, a slow handler slows the client, and nothing is lost", async (context) => {
  const total = 64 << 20;
  const steps: string[] = [];
  const isReading: Deferred = deferred();
  const goesOn: Deferred = deferred();
  class Slow extends RequestHandler {
    static override readonly streamRequestBody = true;
    override prepare(): void {
      steps.push("prepare");
    }
    async post() {
      let bytes = 0;
      for await (const chunk of this.body) {
        if (bytes === 0) {
          steps.push("first chunk");
          isReading.resolve();
          await goesOn.promise;
        }
        bytes += chunk.length;
      }
      return `${bytes}`;
    }
  }
  const server = await serveRoutes(context, log, [["/", Slow]]);
  const socket = connect(server.port, "127.0.0.1");
  let received = "";
  socket.on("data", (chunk: Buffer) => {
    received += chunk.toString("latin1");
  });
  await once(socket, "connect");
  socket.write(announce("/", total));
  const block = Buffer.alloc(1 << 16);
  let written = 0;
  // Writes until the operating system takes no more for 200 turns of the loop.
  let idle = 0;
  const send = (): void => {
    while (written < total && socket.writableLength < 1 << 20) {
      socket.write(block);
      written += block.length;
      idle = 0;
    }
  };
  while (idle++ < 200) {
    send();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await isReading.promise;
  assert.deepEqual(steps, ["prepare", "first chunk"]);
  const stuckAt = written - socket.writableLength;
  context.diagnostic(`the client could send ${stuckAt} of ${total} bytes`);
  // What the buffers of two sockets hold, and not the body.
  assert.ok(stuckAt < total / 3, `${stuckAt} bytes were taken`);
  goesOn.resolve();
  for (;;) {
    send();
    if (written >= total) break;
    await once(socket, "drain");
  }
  while (!received.includes(`\r\n\r\n${total}`)) await once(socket, "data");
  socket.destroy();
});

test("parts come as they are sent, and the next one when this one is done with", async (context) => {
  const first: Deferred<string> = deferred();
  class Parts extends RequestHandler {
    static override readonly streamRequestBody = true;
    async post() {
      const seen: unknown[] = [];
      for await (const part of this.parts()) {
        const { name, filename, contentType } = part;
        if (name === "field") first.resolve(await part.text());
        else if (name === "read") seen.push((await part.bytes(1 << 20)).length);
        // Of the others nothing is read.
        seen.push([name, filename ?? "no file", contentType]);
      }
      return { seen, q: this.getArgument("q") };
    }
  }
  const server = await serveRoutes(context, log, [["/", Parts]]);
  const body = multipart([
    { name: "field", content: "é" },
    { name: "skipped", filename: "a/b.bin", type: "image/png", content: Buffer.alloc(1 << 20) },
    { name: "read", filename: "c", content: Buffer.alloc(1 << 19) },
  ]);
  const connection = await RawConnection.open(server.port);
  const bytes = requestWithBody("POST", "/?q=1", multipartType, body);
  connection.send(bytes.subarray(0, 400));
  assert.equal(await first.promise, "é");
  connection.send(bytes.subarray(400));
  assert.deepEqual(JSON.parse((await connection.nextResponse()).text), {
    seen: [
      ["field", "no file", "text/plain"],
      ["skipped", "b.bin", "image/png"],
      1 << 19,
      ["read", "c", "text/plain"],
    ],
    q: "1",
  });
  connection.destroy();
  assert.equal((await post(server, "/", text, "x")).status, 415);
  await log.expect(/^415 POST/);
  await log.expect(/^CONTENT_TYPE_REFUSED {2}the body must be multipart\/form-data/);
  const large = multipart([{ name: "field", content: Buffer.alloc((1 << 20) + 1) }]);
  assert.equal((await post(server, "/", multipartType, large)).status, 413);
  await log.expect(/^413 POST/);
  await log.expect(/^FORM_TOO_LARGE/);
});

test("an answer before the end of the body reaches the client, and the next request is not lost in the body", async (context) => {
  class Early extends RequestHandler {
    static override readonly streamRequestBody = true;
    async post() {
      for await (const chunk of this.body) return `after ${chunk.length > 0 ? "some" : "none"}`;
      return "never";
    }
    async put() {
      for await (const part of this.parts()) return part.name;
      return "never";
    }
    patch() {
      return "unread";
    }
  }
  const server = await serveRoutes(context, log, [
    ["/", Early],
    ["/next", Length],
  ]);
  const big = "x".repeat(1 << 20);
  const form = multipart([{ name: "a", content: big }]);
  for (const [method, type, body, expected] of [
    ["POST", text, big, "after some"],
    ["PUT", multipartType, form, "a"],
    ["PATCH", text, big, "unread"],
    ["POST", text, "x".repeat(100), "after some"],
    ["PATCH", text, "x".repeat(100), "unread"],
  ] as const) {
    const connection = await RawConnection.open(server.port);
    const bytes = requestWithBody(method, "/", type, body);
    const half = Math.min(bytes.length, 200_000);
    connection.send(bytes.subarray(0, half));
    assert.equal((await connection.nextResponse()).text, expected, method);
    connection.send(bytes.subarray(half));
    connection.send(requestText("GET", "/next"));
    assert.equal((await connection.nextResponse()).text, "next", method);
    connection.destroy();
  }
});

test("a body that goes on for ever behind its answer is cut", async (context) => {
  const server = await serveRoutes(context, log, [["/", Length]], { http: { maxBodyBytes: 10 } });
  const connection = await RawConnection.open(server.port);
  connection.send(announce("/", 1 << 30));
  assert.equal((await connection.nextResponse()).status, 413);
  const started = performance.now();
  await connection.ended();
  // The two seconds of the server, not the five minutes of a request.
  assert.ok(performance.now() - started < 10_000);
  await log.expect(/^413 POST/);
  await log.expect(/^BODY_TOO_LARGE/);
});

for (const how of ["end", "destroy"] as const) {
  test(`a client that leaves in the middle (${how}) ends the wait with an error of its own`, async (context) => {
    const reading: Deferred = deferred();
    const caught: Deferred<unknown> = deferred();
    class Catches extends RequestHandler {
      static override readonly streamRequestBody = true;
      async post() {
        try {
          for await (const chunk of this.body) if (chunk.length > 0) reading.resolve();
        } catch (error) {
          caught.resolve(error);
          throw error;
        }
        return "never";
      }
    }
    const server = await serveRoutes(context, log, [["/", Catches]]);
    const connection = await RawConnection.open(server.port);
    connection.send(`${announce("/", 10)}abc`);
    await reading.promise;
    connection[how]();
    const error = await caught.promise;
    assert.ok(error instanceof BodyError);
    assert.equal(error.code, "BODY_ABORTED");
    await log.expect(/^400 POST \/ /);
    await log.expect(
      /^BODY_ABORTED {2}the body of the request ended before it was complete, after 3 bytes\.$/,
    );
    assert.equal((await get(server, "/missing")).status, 404);
    await log.expect(/^404/);
    connection.destroy();
  });
}

test("a client that dawdles is told so with 408; a handler that does is left alone", async (context) => {
  class Dawdles extends RequestHandler {
    static override readonly streamRequestBody = true;
    async post() {
      let bytes = 0;
      for await (const chunk of this.body) {
        bytes += chunk.length;
        // Longer than the client may take.
        await new Promise((resolve) => setTimeout(resolve, 60));
      }
      return `${bytes}`;
    }
  }
  const server = await serveRoutes(context, log, [["/", Dawdles]], { http: { bodyTimeoutMs: 30 } });
  assert.equal((await post(server, "/", text, "abc")).text, "3");
  const connection = await RawConnection.open(server.port);
  connection.send(`${announce("/", 10)}abc`);
  const { status, header } = await connection.nextResponse();
  assert.deepEqual([status, header("Connection")], [408, "close"]);
  await log.expect(/^408 POST/);
  await log.expect(
    /^BODY_TIMEOUT {2}nothing more of the body came for 30 ms, after 3 bytes\.\n +To allow more time: http: \{ bodyTimeoutMs \}\.$/,
  );
  assert.equal((await connection.ended()).length, 0);
});

test("a chunked body that breaks its grammar is 400 in one line, and ends the wait of who reads it", async (context) => {
  const failed: Deferred<unknown> = deferred();
  class Reads extends Length {
    override async post() {
      return this.bytes().then(String, (error: unknown) => {
        failed.resolve(error);
        throw error;
      });
    }
  }
  const server = await serveRoutes(context, log, [["/", Reads]]);
  const connection = await RawConnection.open(server.port);
  connection.send(`${requestText("POST", "/", ["Transfer-Encoding: chunked"])}3\r\nabc\r\nzz\r\n`);
  assert.equal((await connection.nextResponse()).status, 400);
  await connection.ended();
  await log.expect(/^400 \(127\.0\.0\.1\) REQUEST_MALFORMED/);
  assert.ok((await failed.promise) instanceof BodyError);
});

test("pipelined bodies do not mix", async (context) => {
  const server = await serveRoutes(context, log, [["/", Length]]);
  const connection = await RawConnection.open(server.port);
  const lengths = [5, 0, 100_000, 1, 70_000];
  for (const length of lengths) connection.send(requestWithBody("POST", "/", text, "x".repeat(length)));
  for (const length of lengths) assert.equal((await connection.nextResponse()).text, `${length}`);
  connection.destroy();
});

test("a handler whose request breaks behind it is told that nobody waits for its answer", async (context) => {
  const begun: Deferred = deferred();
  const closed: Deferred = deferred();
  const finished: Deferred = deferred();
  let begins = 0;
  class Waits extends RequestHandler {
    async post() {
      begins++;
      const aborted = once(this.signal, "abort");
      begun.resolve();
      await aborted;
      this.signal.throwIfAborted();
    }
    override onConnectionClose() {
      closed.resolve();
    }
    override onFinish() {
      finished.resolve();
    }
  }
  const server = await serveRoutes(context, log, [["/", Waits]]);
  const head = requestText("POST", "/", ["Transfer-Encoding: chunked"]);
  const connection = await RawConnection.open(server.port);
  connection.send(`${head}3\r\nabc\r\n`);
  await begun.promise;
  connection.send("zz\r\n");
  assert.equal((await connection.nextResponse()).status, 400);
  await Promise.all([closed.promise, finished.promise, connection.ended()]);
  await log.expect(/^400 \(127\.0\.0\.1\) REQUEST_MALFORMED/);
  // What breaks in the segment that it came in is begun by nobody.
  assert.equal((await exchange(server.port, `${head}zz\r\n`)).status, 400);
  await log.expect(/^400 \(127\.0\.0\.1\) REQUEST_MALFORMED/);
  assert.equal(begins, 1);
});

test("who has answered and reads on gets what comes, and what they leave holds up no next request", async (context) => {
  const second: Deferred<string> = deferred();
  class ReadsOn extends Length {
    static override readonly streamRequestBody = true;
    override async post() {
      let got = "";
      for await (const chunk of this.body) {
        got += String(chunk);
        if (got === "first") await this.finish("early");
        else break;
      }
      second.resolve(got);
      return "";
    }
  }
  const server = await serveRoutes(context, log, [["/", ReadsOn]]);
  const connection = await RawConnection.open(server.port);
  // More is left than fits into the buffers between.
  const rest = "x".repeat(1_000_000);
  connection.send(`${announce("/", 11 + rest.length)}first`);
  assert.equal((await connection.nextResponse()).text, "early");
  connection.send("second");
  assert.equal(await second.promise, "firstsecond");
  connection.send(`${rest}${requestText("GET", "/")}`);
  assert.equal((await connection.nextResponse()).text, "next");
  connection.destroy();
});

test("a connection keeps nothing of the bodies that came on it", async (context) => {
  const warnings: string[] = [];
  const warn = (warning: Error): void => void warnings.push(warning.message);
  process.on("warning", warn);
  context.after(() => process.off("warning", warn));
  let reads: Deferred = deferred();
  class Reads extends Length {
    override async post() {
      const bytes = this.bytes();
      reads.resolve();
      return `${(await bytes).length}`;
    }
  }
  const server = await serveRoutes(context, log, [["/", Reads]]);
  const connection = await RawConnection.open(server.port);
  // Node warns of more than ten listeners of one kind.
  for (let count = 0; count < 20; count++) {
    reads = deferred();
    connection.send(announce("/", 3));
    await reads.promise;
    connection.send("abc");
    assert.equal((await connection.nextResponse()).text, "3");
  }
  connection.destroy();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(warnings, []);
});
