/** Sessions over a network that loses answers, repeats requests and cuts streams: everything arrives once and in order. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Logger } from "../../src/index.ts";
import { recordsMax } from "../../src/protocol/session/head.ts";
import { deferred } from "../support/deferred.ts";
import { expectedLog } from "../support/log.ts";
import { closeOf, nextEvent, nextMessages, openSocket, serveEcho, transports } from "./realtime.ts";

const log = expectedLog();

/** What the server says of a goodbye that came twice is no concern here. */
const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

function bodyOf(init: RequestInit | undefined): string {
  return init?.body as string;
}

/** What can happen to a request, but for the one that opens the session. */
const troubles: Readonly<Record<string, (send: () => Promise<Response>) => Promise<Response>>> = {
  "answers get lost": async (send) => {
    const response = await send();
    if (Math.random() < 0.7) return response;
    await response.body?.cancel();
    throw new TypeError("the answer is lost");
  },
  "requests get lost": async (send) => {
    if (Math.random() < 0.3) throw new TypeError("the request is lost");
    return send();
  },
  "requests arrive twice": async (send) => {
    const [first, second] = await Promise.all([send(), send()]);
    const [used, unused] = Math.random() < 0.5 ? [first, second] : [second, first];
    void unused.body?.cancel();
    return used;
  },
  "answers are cut": async (send) => {
    const { body, headers, status } = await send();
    const length = Math.trunc(Math.random() * 400);
    let sent = 0;
    const cut = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        controller.enqueue(chunk.subarray(0, length - sent));
        sent += chunk.length;
        if (sent >= length) controller.error(new TypeError("the answer is cut"));
      },
    });
    return new Response(body?.pipeThrough(cut) ?? null, { headers, status });
  },
  "a proxy says 502": async (send) => {
    if (Math.random() < 0.3) return new Response("Bad Gateway", { status: 502 });
    return send();
  },
  "one byte at a time": async (send) => {
    const { body, headers, status } = await send();
    const single = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        for (let at = 0; at < chunk.length; at++) controller.enqueue(chunk.slice(at, at + 1));
      },
    });
    return new Response(body?.pipeThrough(single) ?? null, { headers, status });
  },
};

for (const transport of transports.slice(1)) {
  for (const [name, act] of Object.entries(troubles)) {
    test(`${transport}: ${name}`, async (context) => {
      const { url } = await serveEcho(context, silent);
      let requests = 0;
      const send: typeof fetch = (...args) => {
        const real = (): Promise<Response> => fetch(...args);
        return requests++ === 0 ? real() : act(real);
      };
      const socket = openSocket(context, `${url}/echo`, { transports: [transport], fetch: send });
      let opened = 0;
      socket.addEventListener("open", () => opened++);
      const expected: unknown[] = [];
      for (let i = 0; i < 20; i++) {
        expected.push(`${i} 😀`, [i]);
        socket.send(`${i} 😀`);
        socket.send(new Uint8Array([i]));
      }
      assert.deepEqual(await nextMessages(socket, 40), expected);
      assert.equal(opened, 1);
    });
  }
}

for (const transport of transports.slice(1)) {
  test(`${transport}: more short messages than a request may bring go out in several`, async (context) => {
    const { url } = await serveEcho(context, log);
    const socket = openSocket(context, `${url}/echo`, { transports: [transport] });
    await nextEvent(socket, "open");
    const expected = Array.from({ length: 2 * recordsMax + 1 }, (_, index) => `${index}`);
    for (const message of expected) socket.send(message);
    assert.deepEqual(await nextMessages(socket, expected.length), expected);
  });
}

test("a stream is continued when it ends, and its messages are acknowledged", async (context) => {
  const fallback = { maxStreamBytes: 2000 };
  const { url } = await serveEcho(context, log, { fallback, websocket: { maxSendQueueBytes: 40_000 } });
  const heads: string[] = [];
  const send: typeof fetch = (input, init) => {
    heads.push(bodyOf(init).split("\n", 1).join());
    return fetch(input, init);
  };
  const socket = openSocket(context, `${url}/echo`, { transports: ["sse"], fetch: send });
  const text = "x".repeat(1000);
  for (let round = 0; round < 30; round++) {
    for (let i = 0; i < 5; i++) socket.send(text);
    assert.equal((await nextMessages(socket, 5)).length, 5);
  }
  const streams = heads.filter((head) => /^\{"session":"[^"]*","ack":\d+\}$/.test(head));
  assert.ok(streams.length > 10, `${streams.length} streams`);
});

test("a client that only listens acknowledges what it gets", async (context) => {
  const { url } = await serveEcho(context, log, {
    websocket: { maxSendQueueBytes: 60_000, highWaterMarkBytes: 20_000 },
  });
  const socket = openSocket(context, `${url}/echo`, { transports: ["sse"] });
  let received = 0;
  for (let round = 0; round < 10; round++) {
    socket.send("count 300");
    received += (await nextMessages(socket, 300)).length;
  }
  assert.equal(received, 3000);
});

test("a session that the server has forgotten is the end of the connection, and another one follows", async (context) => {
  const { url } = await serveEcho(context, log);
  let isForgotten = false;
  const send: typeof fetch = (input, init) => {
    const body = init?.body as string;
    return fetch(input, {
      ...init,
      body: isForgotten ? body.replace(/"session":"[^"]*"/, '"session":"a.b"') : body,
    });
  };
  const socket = openSocket(context, `${url}/echo`, { transports: ["polling"], fetch: send });
  await nextEvent(socket, "open");
  isForgotten = true;
  const { reason } = await nextEvent(socket, "statechange", ({ state }) => state === "waiting");
  isForgotten = false;
  assert.equal(reason.code, "SESSION_UNKNOWN");
  assert.equal(reason.closeCode, 1006);
  await nextEvent(socket, "open");
  await log.expect(/^404 /);
  await log.expect(/SESSION_UNKNOWN/);
});

test("a session is given up when nothing has succeeded for as long as the server keeps it", async (context) => {
  const { url } = await serveEcho(context, log, { fallback: { sessionTimeoutMs: 1000 } });
  let isCut = false;
  const send: typeof fetch = (...args) =>
    isCut ? Promise.reject(new TypeError("no network")) : fetch(...args);
  const socket = openSocket(context, `${url}/echo`, {
    transports: ["polling"],
    fetch: send,
    reconnect: false,
  });
  await nextEvent(socket, "open");
  isCut = true;
  assert.deepEqual(await closeOf(socket), [1006, "no network", false]);
  await log.expect(/SESSION_TIMEOUT/);
});

test("an answer that was held for long and got lost is asked for again before the session is given up", async (context) => {
  const fallback = { sessionTimeoutMs: 1200, pollTimeoutMs: 1000 };
  const { url } = await serveEcho(context, silent, { fallback });
  const heads: string[] = [];
  const asked = deferred<string>();
  const send: typeof fetch = (input, init) => {
    heads.push(bodyOf(init));
    if (heads.length === 3) asked.resolve(bodyOf(init));
    // The first poll arrives, and nothing of its answer; the server counts from the end of that answer.
    const answer = fetch(input, init);
    if (heads.length !== 2) return answer;
    return answer.then(
      () =>
        new Promise((_resolve, reject) => {
          init?.signal?.addEventListener("abort", () => reject(new TypeError("nothing came")));
        }),
    );
  };
  const socket = openSocket(context, `${url}/echo`, {
    transports: ["long-polling"],
    fetch: send,
    connectTimeoutMs: 300,
  });
  await nextEvent(socket, "open");
  assert.match(await asked.promise, /^\{"session":/);
  socket.send("still here");
  assert.deepEqual(await nextMessages(socket, 1), ["still here"]);
});

test("an answer that is none of ours opens nothing", async (context) => {
  const send: typeof fetch = () => Promise.resolve(new Response("<html>Please log in", { status: 200 }));
  const socket = openSocket(context, "http://localhost/", {
    transports: ["sse", "long-polling"],
    fetch: send,
    reconnect: false,
  });
  const [code, reason] = await closeOf(socket);
  assert.equal(code, 1006);
  assert.match(reason, /the answer is no application\/x-ndjson/);
});
