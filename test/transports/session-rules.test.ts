/** What the page on the session protocol says of single requests, where a client that keeps to it never goes. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { test } from "node:test";
import type { Settings, TransportKind } from "../../src/index.ts";
import { WebSocketHandler } from "../../src/index.ts";
import type { AnswerHead, RequestHead } from "../../src/protocol/session/head.ts";
import { deferred } from "../support/deferred.ts";
import type { Running } from "../support/run-application.ts";
import { runApplication } from "../support/run-application.ts";
import { driverOf } from "./driver.ts";
import { sendRequest } from "./session-request.ts";

const kinds: readonly TransportKind[] = ["sse", "long-polling", "polling"];

/** One request, and the status and first line of its answer. */
async function ask(
  { at }: Running,
  head: RequestHead,
  records: readonly unknown[] = [],
  accept = "*/*",
): Promise<{ readonly status: number; readonly head: AnswerHead; readonly body: string }> {
  const lines = records.map((record) => JSON.stringify(record));
  const response = await sendRequest(new URL(at("/ws")), { transport: "polling" }, head, lines, accept);
  const body = await response.text();
  const first = response.status === 200 ? (body.split("\n")[0] ?? "") : "{}";
  return { status: response.status, head: JSON.parse(first) as AnswerHead, body };
}

async function open(running: Running, transport: RequestHead["transport"]): Promise<string> {
  const { head } = await ask(running, { transport: transport ?? "polling" });
  return head.session ?? "";
}

test("a stream is for sessions of sse, and these are not polled: nothing is opened or sent in another form", async (context) => {
  let opened = 0;
  class Counting extends WebSocketHandler {
    override open() {
      opened++;
      this.writeMessage("a message");
    }
  }
  const running = await runApplication(context, [["/ws", Counting, { transports: kinds }]]);
  const stream = "text/event-stream";
  for (const [head, accept] of [
    [{ transport: "polling" }, stream],
    [{ transport: "long-polling", key: "0123456789abcdef" }, stream],
    [{ transport: "sse", poll: 0 }, "*/*"],
    [{ transport: "polling", ack: 1 }, "*/*"],
  ] as const) {
    const { status, body } = await ask(running, head, [], accept);
    assert.equal(status, 400, JSON.stringify(head));
    assert.match(body, /SESSION_REQUEST_INVALID/);
    await running.log.expect(/^400 POST/);
  }
  await running.log.expect(/^SESSION_REQUEST_INVALID/);
  assert.equal(opened, 0);
  for (const [kind, head, accept] of [
    ["polling", {}, stream],
    ["long-polling", {}, stream],
    ["sse", { poll: 0 }, "*/*"],
  ] as const) {
    const session = await open(running, kind);
    assert.equal((await ask(running, { session, ...head }, [], accept)).status, 400, kind);
    await running.log.expect(/^400 POST/);
    assert.equal((await ask(running, { session, close: {} })).status, 200);
  }
});

test("the hooks that judge an origin know the transport, too, where nothing is opened", async (context) => {
  const seen: string[] = [];
  class Watching extends WebSocketHandler {
    override initialize() {
      seen.push(this.transport);
    }
    override checkOrigin() {
      seen.push(this.transport);
      return true;
    }
  }
  const running = await runApplication(context, [["/ws", Watching, { transports: ["long-polling"] }]]);
  const origin = "https://elsewhere.example";
  const answer = await fetch(running.at("/ws"), { method: "OPTIONS", headers: { Origin: origin } });
  assert.equal(answer.status, 204);
  assert.equal((await driverOf("polling").refusal(running.at("/ws"), { origin })).status, 400);
  await running.log.expect(/^400 POST/);
  await running.log.expect(/^WS_TRANSPORT_NOT_ALLOWED/);
  assert.deepEqual(seen, ["long-polling", "long-polling", "long-polling", "long-polling"]);
});

/** A handler that takes its first message, and no other before it is told to. */
async function runBusy(
  context: TestContext,
  settings: Settings,
): Promise<{ readonly running: Running; readonly free: () => void; readonly received: string[] }> {
  const working = deferred();
  const received: string[] = [];
  class Busy extends WebSocketHandler {
    override async onMessage(message: string | Uint8Array) {
      received.push(String(message));
      await working.promise;
    }
  }
  const running = await runApplication(context, [["/ws", Busy, { transports: kinds }]], settings);
  return { running, free: working.resolve, received };
}

const texts = Array.from({ length: 20 }, (_, index) => String(index));

test("a poll does not have a request answered whose records the handler does not take", async (context) => {
  const { running, free, received } = await runBusy(context, { websocket: { maxQueuedMessages: 1 } });
  const session = await open(running, "long-polling");
  const post = ask(running, { session, seq: 1 }, texts);
  // The first is being handled and the second waits; until then the request may not have come.
  while ((await ask(running, { session, poll: 0 })).head.ack < 2);
  for (let count = 0; count < 3; count++) {
    assert.equal((await ask(running, { session, poll: 0 })).head.ack, 2);
  }
  free();
  assert.equal((await post).head.ack, texts.length);
  assert.deepEqual(received, texts);
  await ask(running, { session, close: {} });
});

test("a request that is repeated while it waits is held as long as any, and its session is not lost meanwhile", async (context) => {
  const { running, free, received } = await runBusy(context, {
    websocket: { maxQueuedMessages: 1 },
    fallback: { pollTimeoutMs: 1500, sessionTimeoutMs: 1000 },
  });
  const session = await open(running, "polling");
  const answers = await Promise.all([1, 2].map(() => ask(running, { session, seq: 1 }, texts)));
  for (const { status, head } of answers) {
    assert.deepEqual([status, head.ack, head.close], [200, 2, undefined]);
  }
  free();
  const { head } = await ask(running, { session, seq: 3 }, texts.slice(2));
  assert.deepEqual([head.ack, head.close], [texts.length, undefined]);
  assert.deepEqual(received, texts);
  await ask(running, { session, close: {} });
});
