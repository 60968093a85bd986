/**
 * A thousand long-polling clients: each gets all of its messages once and in order, although requests are cut, repeated and come
 * back on other connections; memory is flat; and when they have gone, nothing of them is left.
 *
 *     npm test -- thousand-polls                                       for 5 seconds
 *     WATERSPOUT_POLLS_SECONDS=60 node --test build/test/integration/thousand-polls.test.js
 */
import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Application, WebSocketHandler } from "../../src/index.ts";
import { startApplication } from "../../src/testing/index.ts";
import { HeartbeatWheel } from "../../src/transport/heartbeat.ts";
import { SessionStore } from "../../src/transport/session/session-store.ts";
import { heldBytes } from "../support/garbage-collection.ts";
import type { PollReport } from "../support/poll-client.ts";
import type { PollClientsOptions } from "../support/poll-clients.ts";

const seconds = Number(process.env["WATERSPOUT_POLLS_SECONDS"] ?? 5);
const count = 1000;
const perSecond = 2;
const tickMs = 50;
const samples = 30;

/** So long that no session ends because a loaded machine was slow; one that hangs fails the test by its time. */
const sessionTimeoutMs = 300_000;

/** What may be held more in the last third than in the second: what is under way at the moment of a sample differs. */
const growthBytes = 1024 * 1024;

const handlers = new Set<Numbering>();
const codes: Record<number, number> = {};
const faults: string[] = [];
let received = 0;
let opened = 0;

/** Sends numbers, and checks those that come. */
class Numbering extends WebSocketHandler {
  sent = 0;
  #received = 0;

  override open(): void {
    opened++;
    handlers.add(this);
  }

  override onMessage(message: string | Uint8Array): void {
    received++;
    const expected = String(++this.#received);
    if (message !== expected) faults.push(`${String(message)} came where ${expected} was due`);
  }

  sendNext(): void {
    this.writeMessage(String(++this.sent));
  }

  override onClose(code: number): void {
    handlers.delete(this);
    codes[code] = (codes[code] ?? 0) + 1;
  }
}

/** Has each handler send so many numbers a second, some of them in each tick. Returns how to stop. */
function startSending(all: readonly Numbering[]): () => void {
  let at = 0;
  const perTick = Math.ceil((all.length * perSecond * tickMs) / 1000);
  const timer = setInterval(() => {
    for (let sent = 0; sent < perTick; sent++) all[at++ % all.length]?.sendNext();
  }, tickMs);
  return () => clearInterval(timer);
}

/** Remembers the objects of a class on which a method is called, of which a server has one each. */
function watch<Type extends object>(prototype: Type, method: keyof Type, seen: Set<Type>): void {
  const original = prototype[method] as (...given: unknown[]) => unknown;
  Object.defineProperty(prototype, method, {
    value(this: Type, ...given: unknown[]) {
      seen.add(this);
      return Reflect.apply(original, this, given);
    },
  });
}

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

/** Sockets that are open, of whatever kind. */
function socketCount(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === "TCPSocketWrap").length;
}

test(
  "a thousand long-polling clients lose nothing, and leave nothing",
  { timeout: (2 * seconds + 60) * 1000 },
  async (context) => {
    const seed = Number(process.env["SEED"] ?? Math.trunc(Math.random() * 2 ** 31));
    context.diagnostic(`SEED=${seed}`);
    const wheels = new Set<HeartbeatWheel>();
    const stores = new Set<SessionStore>();
    watch(HeartbeatWheel.prototype, "add", wheels);
    watch(SessionStore.prototype, "add", stores);
    const errors: string[] = [];
    const ignore = (): void => {};
    const logger = {
      debug: ignore,
      info: ignore,
      warn: ignore,
      error: (text: string) => void errors.push(text),
    };
    const routes = [["/ws", Numbering, { transports: ["long-polling"] }]] as const;
    const server = await startApplication(
      new Application(routes, { logger, fallback: { sessionTimeoutMs } }),
    );
    context.after(() => server.close());
    const socketsBefore = socketCount();

    const options: PollClientsOptions = { port: server.port, count, seed };
    const path = fileURLToPath(import.meta.resolve("../support/poll-clients.js"));
    const child = fork(path, [JSON.stringify(options)], { execArgv: ["--enable-source-maps"] });
    context.after(() => child.kill("SIGKILL"));
    const finished = once(child, "message") as Promise<[PollReport[]]>;
    while (handlers.size < count) await pause(tickMs);

    const all = [...handlers];
    const stop = startSending(all);
    const held: number[] = [];
    for (let sample = 0; sample < samples; sample++) {
      await pause((seconds * 1000) / samples);
      const { heap, buffers } = heldBytes();
      held.push(heap + buffers);
    }
    stop();
    const sent = all.reduce((total, handler) => total + handler.sent, 0);
    for (const handler of all) handler.writeMessage("end");

    const [reports] = await finished;
    report(context, reports, sent, held);
    assert.deepEqual(reports.flatMap(({ failure }) => failure ?? []), []); // prettier-ignore
    assert.deepEqual([faults, errors], [[], []]);
    assert.equal(opened, count, "an opening that was repeated opened nothing more");
    assert.deepEqual(reports.map(({ messages }) => messages).toSorted((a, b) => a - b), all.map((each) => each.sent).toSorted((a, b) => a - b)); // prettier-ignore
    assert.equal(received, sum(reports, "sent"));
    assert.deepEqual(codes, { 1000: count });
    assertFlat(held);

    // Nothing of them is left.
    while (socketCount() > socketsBefore) await pause(tickMs);
    // Sessions that are over are remembered for a while.
    while ([...stores].some(({ size }) => size > 0)) await pause(tickMs);
    const left = [handlers.size, [...stores].map(({ size }) => size), [...wheels].map(({ size }) => size)];
    assert.deepEqual(left, [0, [0], [0]]);
  },
);

function sum(
  reports: readonly PollReport[],
  what: "messages" | "polls" | "repeats" | "cuts" | "sent",
): number {
  return reports.reduce((total, each) => total + each[what], 0);
}

function thirdsOf(held: readonly number[]): number[][] {
  const third = held.length / 3;
  return [0, 1, 2].map((index) => held.slice(index * third, (index + 1) * third));
}

function report(context: TestContext, reports: readonly PollReport[], sent: number, held: number[]): void {
  const [messages, polls, repeats, cuts, sentBack] = (["messages", "polls", "repeats", "cuts", "sent"] as const).map((what) => sum(reports, what)); // prettier-ignore
  context.diagnostic(
    `${sent} messages sent, ${messages} received by ${reports.length} clients in ${polls} polls`,
  );
  context.diagnostic(
    `${cuts} requests lost, ${repeats} records repeated, ${sentBack} messages the other way`,
  );
  const longestMs = Math.max(...reports.map((each) => each.longestMs));
  context.diagnostic(
    `the longest wait for an answer, before the first message or later: ${longestMs.toFixed(0)} ms`,
  );
  const mebibytes = thirdsOf(held).map((third) => (Math.max(...third) / 2 ** 20).toFixed(2));
  context.diagnostic(`most that was held in each third, MiB: ${mebibytes.join(", ")}`);
  context.diagnostic(`resident in the end, MiB: ${(process.memoryUsage.rss() / 2 ** 20).toFixed(0)}`);
}

function assertFlat(held: readonly number[]): void {
  const [, second = [], last = []] = thirdsOf(held);
  // What is only held for a while is no growth.
  const growth = Math.min(...last) - Math.max(...second);
  assert.ok(growth <= growthBytes, `${growth} bytes more are held in the last third`);
}
