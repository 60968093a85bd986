/** Ways to finish a response that a program may try in error, or in another order. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { RequestHandler, WaterspoutError } from "../../src/index.ts";
import { runApplication } from "../support/run-application.ts";

test("finish() throws at once what the caller did wrong, and nothing that nobody awaits ends the process", async (context) => {
  const thrown: string[] = [];
  class Twice extends RequestHandler {
    get() {
      void this.finish("a");
      try {
        void this.finish("b");
      } catch (error) {
        if (error instanceof WaterspoutError) thrown.push(error.code);
      }
      const ring: { self?: object } = {};
      ring.self = ring;
      try {
        void this.finish(ring);
      } catch (error) {
        if (error instanceof WaterspoutError) thrown.push(error.code);
      }
    }
  }
  const { at } = await runApplication(context, [["/", Twice]]);
  assert.equal(await (await fetch(at("/"))).text(), "a");
  assert.deepEqual(thrown, ["HEADERS_SENT", "HEADERS_SENT"]);
});

test("a response can be finished in initialize, and then nothing else is called", async (context) => {
  class Moved extends RequestHandler {
    override initialize() {
      this.redirect("/elsewhere");
    }
    override prepare() {
      throw new Error("prepare was called");
    }
    get() {
      throw new Error("get was called");
    }
  }
  const { at } = await runApplication(context, [["/", Moved]]);
  const response = await fetch(at("/"), { redirect: "manual" });
  assert.deepEqual([response.status, response.headers.get("location")], [302, "/elsewhere"]);
});

test("a Response that fetch brought arrives whole, without what was said of its way here", async (context) => {
  const upstream = createServer((_request, response) => {
    response.setHeader("Content-Encoding", "gzip");
    response.setHeader("X-Upstream", "yes");
    response.end(gzipSync("x".repeat(5000)));
  });
  await new Promise<void>((resolve) => {
    upstream.listen(0, "127.0.0.1", resolve);
  });
  context.after(() => upstream.close());
  class Proxy extends RequestHandler {
    get() {
      return fetch(`http://127.0.0.1:${(upstream.address() as AddressInfo).port}/`);
    }
  }
  const { at } = await runApplication(context, [["/", Proxy]]);
  const response = await fetch(at("/"));
  assert.equal(await response.text(), "x".repeat(5000));
  assert.deepEqual(
    [
      response.headers.get("x-upstream"),
      response.headers.get("content-encoding"),
      response.headers.get("content-length"),
    ],
    ["yes", null, null],
  );
});

test("what belongs to the connection is the server's to say, but closing may be asked for", async (context) => {
  const thrown: string[] = [];
  class Meddling extends RequestHandler {
    get() {
      for (const name of [
        "Transfer-Encoding",
        "connection",
        "Keep-Alive",
        "Upgrade",
        "TE",
        "Trailer",
        "Proxy-Connection",
      ]) {
        try {
          this.setHeader(name, "chunked");
        } catch (error) {
          if (error instanceof WaterspoutError) thrown.push(error.code);
        }
      }
      this.setHeader("Connection", "close");
      return "whole";
    }
  }
  const { connectRaw } = await runApplication(context, [["/", Meddling]]);
  const raw = await connectRaw();
  raw.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const { headers, body } = await raw.response();
  assert.deepEqual([headers["connection"], headers["content-length"], body], [["close"], ["5"], "whole"]);
  assert.deepEqual(new Set(thrown), new Set(["HEADER_INVALID"]));
  assert.equal(thrown.length, 7);
  assert.equal(await raw.ended(), "end");
});

test("values that would become {} are no response", async (context) => {
  class Odd extends RequestHandler<{ what: string }> {
    get(): object {
      return this.params.what === "map" ? new Map([["a", 1]]) : new Error("returned, not thrown");
    }
  }
  const { at, log } = await runApplication(context, [["/:what", Odd]]);
  for (const what of ["map", "error"]) {
    assert.equal((await fetch(at(`/${what}`))).status, 500, what);
    await log.expect(
      /ARGUMENT_TYPE_INVALID|must be an object that JSON can say, got an object \((Map|Error)\)/,
    );
    await log.expect(/^500 GET/);
  }
});

test("what is returned when the response is finished is not sent, and is let go of", async (context) => {
  const released: string[] = [];
  const sourceOf = (name: string) => ({ cancel: () => void released.push(name) });
  const iterable = {
    [Symbol.asyncIterator]: () => ({
      next: () => Promise.reject(new Error("it was read")),
      return: () => {
        released.push("iterable");
        return Promise.resolve({ done: true as const, value: undefined });
      },
    }),
  };
  const results: Readonly<Record<string, () => object | string>> = {
    response: () => new Response(new ReadableStream(sourceOf("response"))),
    bodiless: () => new Response(null, { status: 201 }),
    stream: () => new ReadableStream(sourceOf("stream")),
    locked: () => {
      const stream = new ReadableStream();
      stream.getReader();
      return stream;
    },
    iterable: () => iterable,
    object: () => ({ late: true }),
    text: () => "late",
  };
  class Late extends RequestHandler<{ name: string }> {
    async get() {
      await this.finish("in time");
      return results[this.params.name]?.() ?? {};
    }
  }
  const { at } = await runApplication(context, [["/:name", Late]]);
  for (const name of Object.keys(results)) {
    const response = await fetch(at(`/${name}`));
    assert.deepEqual([response.status, await response.text()], [200, "in time"], name);
  }
  assert.deepEqual(released, ["response", "stream", "iterable"]);
});
