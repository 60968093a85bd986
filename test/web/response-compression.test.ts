import assert from "node:assert/strict";
import { test } from "node:test";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { deferred } from "../support/deferred.ts";
import { page } from "../support/handlers.ts";
import { expectedLog } from "../support/log.ts";
import { get, RawConnection, request, requestText } from "../support/raw-http.ts";
import { serveRoutes } from "../support/serve-routes.ts";
import { settingRefusal } from "../support/settings.ts";

const log = expectedLog();

const text = "all work and no play ".repeat(200);
const on = { compressResponse: true };
const gzip = ["Accept-Encoding: gzip"];

test("a response is compressed for who takes it, and says so, with its exact length", async (context) => {
  const server = await serveRoutes(context, log, [["/", page(() => text)]], on);
  for (const [coding, decode] of [
    ["gzip", gunzipSync],
    ["br", brotliDecompressSync],
  ] as const) {
    const { body, header } = await get(server, "/", [`Accept-Encoding: ${coding}`]);
    assert.equal(decode(body).toString(), text, coding);
    assert.equal(header("Content-Encoding"), coding);
    assert.equal(header("Content-Length"), String(body.length));
    assert.equal(header("Vary"), "Accept-Encoding");
    const head = await request(server, "HEAD", "/", [`Accept-Encoding: ${coding}`]);
    assert.equal(head.header("Content-Length"), String(body.length), "HEAD has the header fields of GET");
    assert.equal(head.header("Content-Encoding"), coding);
  }
  const plain = await get(server, "/");
  assert.deepEqual(
    [plain.text, plain.header("Content-Encoding"), plain.header("Vary")],
    [text, undefined, "Accept-Encoding"],
  );
});

test("the tag of a compressed response is weak, and good for either form", async (context) => {
  const server = await serveRoutes(context, log, [["/", page(() => text)]], on);
  const strong = (await get(server, "/")).header("ETag");
  const weak = (await get(server, "/", gzip)).header("ETag");
  assert.equal(weak, `W/${strong}`);
  for (const [lines, etag] of [
    [gzip, strong],
    [[], weak],
  ] as const) {
    const { status, header } = await get(server, "/", [...lines, `If-None-Match: ${etag}`]);
    assert.deepEqual(
      [status, header("Vary"), header("Content-Encoding")],
      [304, "Accept-Encoding", undefined],
    );
  }
});

test("what is short, compressed already, partial or not to be touched is sent as it is", async (context) => {
  const fields = (headers: Readonly<Record<string, string>>, status = 200) =>
    page((handler) => {
      for (const [name, value] of Object.entries(headers)) handler.setHeader(name, value);
      handler.setStatus(status);
      return text;
    });
  const server = await serveRoutes(
    context,
    log,
    [
      ["/short", page(() => "short")],
      ["/image", fields({ "Content-Type": "image/png" })],
      ["/encoded", fields({ "Content-Encoding": "zstd" })],
      ["/partial", fields({ "Content-Range": "bytes 0-1/2" }, 206)],
      ["/transform", fields({ "Cache-Control": "private, no-transform" })],
    ],
    on,
  );
  for (const path of ["/short", "/image", "/encoded", "/partial", "/transform"]) {
    const { header, text: body } = await get(server, path, gzip);
    assert.ok(body === text || body === "short", path);
    assert.notEqual(header("Content-Encoding"), "gzip", path);
  }
});

test("Vary keeps what the handler says", async (context) => {
  const vary = (value: string) =>
    page((handler) => {
      handler.setHeader("Vary", value);
      return text;
    });
  const routes = [
    ["/a", vary("Cookie")],
    ["/b", vary("accept-encoding")],
    ["/c", vary("*")],
  ] as const;
  const server = await serveRoutes(context, log, routes, on);
  for (const [path, expected] of [
    ["/a", "Cookie, Accept-Encoding"],
    ["/b", "accept-encoding"],
    ["/c", "*"],
  ] as const) {
    assert.equal((await get(server, path, gzip)).header("Vary"), expected);
  }
});

test("of a stream each chunk can be read when it was flushed", async (context) => {
  const gate = deferred();
  async function* chunks() {
    yield "first ";
    await gate.promise;
    yield "second";
  }
  const server = await serveRoutes(context, log, [["/", page(() => chunks())]], on);
  for (const coding of ["gzip", "br"]) {
    const response = await fetch(`${server.url}/`, { headers: { "Accept-Encoding": coding } });
    assert.equal(response.headers.get("content-encoding"), coding);
    let received = "";
    assert.ok(response.body !== null);
    for await (const chunk of response.body) {
      received += Buffer.from(chunk).toString();
      if (received.startsWith("first ")) gate.resolve();
    }
    assert.equal(received, "first second");
  }
});

test("a client that leaves a compressed stream ends it", async (context) => {
  const returned = deferred();
  async function* endless() {
    try {
      for (let count = 0; ; count++) yield `${count} ${Math.random()}`.repeat(1000);
    } finally {
      returned.resolve();
    }
  }
  const server = await serveRoutes(context, log, [["/", page(() => endless())]], on);
  const connection = await RawConnection.open(server.port);
  connection.send(requestText("GET", "/", gzip));
  await connection.received();
  connection.destroy();
  await returned.promise;
});

test("how responses are compressed is checked", () => {
  for (const value of ["gzip", 5, null]) settingRefusal({ compressResponse: value });
  settingRefusal({ compressResponse: { gzipLevel: 0 } });
  settingRefusal({ compressResponse: { brotliQuality: 12 } });
  settingRefusal({ compressResponse: { level: 5 } }, "SETTING_UNKNOWN");
  for (const name of ["automaticMethods", "securityHeaders", "requestContext"]) settingRefusal({ [name]: 1 });
});
