import assert from "node:assert/strict";
import { test } from "node:test";
import { deferred } from "../support/deferred.ts";
import { page } from "../support/handlers.ts";
import { expectedLog } from "../support/log.ts";
import { RawConnection, get, requestText } from "../support/raw-http.ts";
import { serveRoutes } from "../support/serve-routes.ts";

const log = expectedLog();

async function* breakingChunks(): AsyncGenerator<Uint8Array> {
  yield Buffer.from("half");
  await Promise.resolve();
  throw new Error("the source broke");
}

test("a Response is sent as it is: status, header fields, body", async (context) => {
  const make: Readonly<Record<string, () => Response>> = {
    "/text": () => new Response("hélló", { status: 201, headers: { "X-Custom": "yes" } }),
    "/json": () => Response.json({ a: 1 }, { status: 404 }),
    "/redirect": () => Response.redirect("https://example.com/", 307),
    "/empty": () => new Response(null, { status: 204 }),
    "/null": () => new Response(null),
    "/bytes": () => new Response(Uint8Array.of(0, 255)),
  };
  const server = await serveRoutes(
    context,
    log,
    Object.entries(make).map(([path, create]) => [path, page(create)] as const),
  );
  const text = await get(server, "/text");
  assert.equal(text.status, 201);
  assert.equal(text.text, "hélló");
  assert.equal(text.header("X-Custom"), "yes");
  assert.equal(text.header("Content-Type"), "text/plain;charset=UTF-8");
  const answer = await get(server, "/json");
  assert.deepEqual([answer.status, answer.text], [404, '{"a":1}']);
  // The handler meant it: there is no error page, and nothing to explain.
  await log.expect(/^404 GET \/json/);
  const redirect = await get(server, "/redirect");
  assert.deepEqual([redirect.status, redirect.header("Location")], [307, "https://example.com/"]);
  const empty = await get(server, "/empty");
  assert.equal(empty.status, 204);
  // RFC 9110 §8.6: no Content-Length in a 204.
  assert.equal(empty.header("Content-Length"), undefined);
  assert.equal(empty.header("Transfer-Encoding"), undefined);
  assert.equal((await get(server, "/null")).header("Content-Length"), "0");
  assert.deepEqual((await get(server, "/bytes")).body, Buffer.of(0, 255));
});

test("a Response keeps each of its cookies, and what the handler has set", async (context) => {
  const server = await serveRoutes(context, log, [
    [
      "/",
      page((handler) => {
        handler.setHeader("X-Before", "kept");
        handler.setHeader("X-Both", "handler");
        const response = new Response("x", { headers: { "X-Both": "response" } });
        response.headers.append("Set-Cookie", "a=1; Path=/, x");
        response.headers.append("Set-Cookie", "b=2; Expires=Thu, 01 Jan 2026 00:00:00 GMT");
        return response;
      }),
    ],
  ]);
  const { headers, header } = await get(server, "/");
  assert.deepEqual(headers.get("set-cookie"), [
    "a=1; Path=/, x",
    "b=2; Expires=Thu, 01 Jan 2026 00:00:00 GMT",
  ]);
  assert.equal(header("X-Before"), "kept");
  assert.equal(header("X-Both"), "response");
});

test("a Response without cookies leaves those that the handler has set", async (context) => {
  const server = await serveRoutes(context, log, [
    [
      "/",
      page((handler) => {
        handler.setHeader("Set-Cookie", ["a=1", "b=2"]);
        return new Response("x");
      }),
    ],
  ]);
  assert.deepEqual((await get(server, "/")).headers.get("set-cookie"), ["a=1", "b=2"]);
});

test("a streamed body is sent as it comes", async (context) => {
  const gate = deferred();
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield Buffer.from("first ");
    await gate.promise;
    yield Buffer.from("second");
  }
  const server = await serveRoutes(context, log, [
    ["/", page(() => new Response(ReadableStream.from(chunks()) as ReadableStream<Uint8Array<ArrayBuffer>>))],
  ]);
  const response = await fetch(`${server.url}/`);
  assert.ok(response.body !== null);
  let received = "";
  for await (const chunk of response.body) {
    received += Buffer.from(chunk).toString();
    // The second part is only made when the first has arrived.
    gate.resolve();
  }
  assert.equal(received, "first second");
});

test(
  "a streamed body that breaks does not look complete, and the reason is logged",
  { timeout: 5000 },
  async (context) => {
    const server = await serveRoutes(context, log, [
      [
        "/",
        page(
          () =>
            new Response(ReadableStream.from(breakingChunks()) as ReadableStream<Uint8Array<ArrayBuffer>>),
        ),
      ],
    ]);
    await assert.rejects(get(server, "/"), /the connection ended inside a response/);
    await log.expect(/^Uncaught exception GET \/ \(127\.0\.0\.1\)\nError: the source broke/);
    await log.expect(/^200 GET \/ .* cut off$/);
  },
);

test("a peer that leaves during a streamed body stops the source, and is nobody's fault", async (context) => {
  const cancelled = deferred();
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      controller.enqueue(new Uint8Array(65_536));
    },
    cancel() {
      cancelled.resolve();
    },
  });
  const server = await serveRoutes(context, log, [["/", page(() => new Response(body))]]);
  const connection = await RawConnection.open(server.port);
  connection.send(requestText("GET", "/"));
  await connection.received();
  connection.destroy();
  await cancelled.promise;
  const { level } = await log.expect(/^200 GET \//);
  assert.equal(level, "info");
});

test("a Response that was read already, or is an error, is 500 and not a broken connection", async (context) => {
  const server = await serveRoutes(context, log, [
    [
      "/read",
      page(async () => {
        const response = new Response("x");
        await response.text();
        return response;
      }),
    ],
    ["/error", page(() => Response.error())],
  ]);
  assert.equal((await get(server, "/error")).status, 500);
  await log.expect(/^Uncaught exception GET \/error .*\n.*a status is a whole number from 200 to 599, got 0/);
  await log.expect(/^500 GET \/error/);
  assert.equal((await get(server, "/read")).status, 500);
  await log.expect(/^Uncaught exception GET \/read/);
  await log.expect(/^500 GET \/read/);
});
