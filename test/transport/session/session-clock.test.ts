import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { defaultFallbackLimits, defaultWebSocketLimits } from "../../../src/base/limits.ts";
import { SessionClock } from "../../../src/transport/session/session-clock.ts";

const limits = { ...defaultWebSocketLimits, pingIntervalMs: 300, pingTimeoutMs: 100 };
const fallback = { ...defaultFallbackLimits, sessionTimeoutMs: 1000, pollTimeoutMs: 500 };

/** A clock made at 0, in a time that the test sets. */
function startClock(
  context: TestContext,
  changed: Partial<typeof limits> = {},
): { readonly clock: SessionClock; readonly setTime: (ms: number) => void } {
  let now = 0;
  context.mock.method(performance, "now", () => now);
  const setTime = (ms: number): void => {
    now = ms;
  };
  return { clock: new SessionClock({ ...limits, ...changed }, fallback), setTime };
}

test("a session is idle some time after its last request, but not while one is being answered or held", (context) => {
  const { clock, setTime } = startClock(context);
  assert.equal(clock.idleAt(false), 1000);
  assert.equal(clock.idleAt(true), Infinity);
  setTime(700);
  clock.hear();
  assert.equal(clock.idleAt(false), 1700);
  assert.equal(clock.heldUntil, Infinity);
  setTime(800);
  clock.hold();
  assert.equal(clock.heldUntil, 1200, "it counts from when the request came");
  assert.equal(clock.idleAt(false), Infinity);
  clock.release();
  assert.deepEqual([clock.heldUntil, clock.idleAt(false)], [Infinity, 1700]);
});

test("a ping is due some time after the client was heard of, and its answer some time after that", (context) => {
  const { clock, setTime } = startClock(context);
  assert.equal(clock.pingDueAt, 300);
  setTime(310);
  assert.equal(clock.ping(), true);
  assert.equal(clock.pingDueAt, 410);
  setTime(350);
  clock.hear();
  assert.equal(clock.pingDueAt, 650, "any request is an answer");
  setTime(650);
  assert.equal(clock.ping(), true);
  setTime(750);
  assert.equal(clock.ping(), false, "there was no answer");
  assert.equal(clock.pingDueAt, 650, "whoever comes next is asked at once");
});

test("without an interval there are no pings", (context) => {
  assert.equal(startClock(context, { pingIntervalMs: 0 }).clock.pingDueAt, Infinity);
});
