import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Application, PeriodicCallback } from "../../src/index.ts";
import { deferred } from "../support/deferred.ts";
import { expectedLog } from "../support/log.ts";

const log = expectedLog();

/** Time that passes when the test says so, for timers and for `performance.now`. */
function fakeTime(context: { after(act: () => void): void }) {
  let now = 1000;
  mock.timers.enable({ apis: ["setTimeout"] });
  const clock = mock.method(performance, "now", () => now);
  context.after(() => {
    mock.timers.reset();
    clock.mock.restore();
  });
  return {
    async pass(ms: number) {
      for (let passed = 0; passed < ms; passed++) {
        now++;
        mock.timers.tick(1);
        await Promise.resolve();
      }
      for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    },
    /** The loop was blocked: time went on and timers did not. */
    skip(ms: number) {
      now += ms;
    },
  };
}

test("it is called once an interval while it runs", async (context) => {
  const time = fakeTime(context);
  let calls = 0;
  const periodic = new PeriodicCallback(() => calls++, 10);
  await time.pass(50);
  assert.deepEqual([calls, periodic.isRunning], [0, false]);
  periodic.start();
  periodic.start();
  await time.pass(9);
  assert.equal(calls, 0);
  await time.pass(1);
  assert.equal(calls, 1);
  await time.pass(30);
  assert.equal(calls, 4);
  periodic.stop();
  assert.equal(periodic.isRunning, false);
  await time.pass(30);
  assert.equal(calls, 4);
  periodic.start();
  await time.pass(10);
  assert.equal(calls, 5);
  periodic.stop();
});

test("it never overlaps itself: ticks meanwhile are skipped", async (context) => {
  const time = fakeTime(context);
  const gate = deferred();
  let calls = 0;
  const periodic = new PeriodicCallback(() => {
    calls++;
    return gate.promise;
  }, 10);
  periodic.start();
  await time.pass(45);
  assert.equal(calls, 1);
  gate.resolve();
  await time.pass(5);
  assert.equal(calls, 2, "at its own time");
  periodic.stop();
});

test("ticks that were missed are not made up for, and the rhythm stays", async (context) => {
  const time = fakeTime(context);
  let calls = 0;
  const periodic = new PeriodicCallback(() => calls++, 10);
  periodic.start();
  time.skip(34);
  await time.pass(10);
  assert.equal(calls, 1);
  // The next is due at 50 after the start, which is in 6.
  await time.pass(5);
  assert.equal(calls, 1);
  await time.pass(1);
  assert.equal(calls, 2);
  periodic.stop();
});

test("jitter spreads the calls within its share of the interval", async (context) => {
  const time = fakeTime(context);
  for (const [random, due] of [
    [0, 75],
    [0.5, 100],
    [0.999_999, 125],
  ] as const) {
    const chance = mock.method(Math, "random", () => random);
    let calls = 0;
    const periodic = new PeriodicCallback(() => calls++, 100, { jitter: 0.5 });
    periodic.start();
    await time.pass(due - 1);
    assert.equal(calls, 0, String(random));
    await time.pass(1);
    assert.equal(calls, 1, String(random));
    periodic.stop();
    chance.mock.restore();
  }
});

test("what it throws is reported and does not stop it; a signal stops it for good", async (context) => {
  const time = fakeTime(context);
  const errors: unknown[] = [];
  const stop = new AbortController();
  let calls = 0;
  const periodic = new PeriodicCallback(
    async () => {
      calls++;
      if (calls === 1) throw new Error("sync or not");
      await Promise.reject(new Error("later"));
    },
    10,
    { onError: (error) => errors.push((error as Error).message), signal: stop.signal },
  );
  periodic.start();
  await time.pass(20);
  assert.deepEqual(errors, ["sync or not", "later"]);
  stop.abort();
  periodic.start();
  await time.pass(20);
  assert.deepEqual([calls, periodic.isRunning], [2, false]);
});

test("that of an application runs while one of its servers listens, and its errors are logged", async () => {
  const called = deferred();
  const app = new Application([], { logger: log });
  const periodic = app.every(1, () => {
    called.resolve();
    throw new Error("in the background");
  });
  assert.equal(periodic.isRunning, false);
  const first = await app.listen(0, { host: "127.0.0.1" });
  const second = await app.listen(0, { host: "127.0.0.1" });
  await called.promise;
  await log.expect(/^Exception in a periodic callback\nError: in the background/);
  await first.close();
  assert.equal(periodic.isRunning, true);
  await second.close();
  assert.equal(periodic.isRunning, false);
  const late = app.every(1000, () => {});
  assert.equal(late.isRunning, false);
  const third = await app.listen(0, { host: "127.0.0.1" });
  assert.deepEqual([periodic.isRunning, late.isRunning], [true, true]);
  const meanwhile = app.every(1000, () => {});
  assert.equal(meanwhile.isRunning, true);
  await third.close();
  assert.equal(meanwhile.isRunning, false);
  while (log.lines.some(({ level }) => level === "error"))
    await log.expect(/^Exception in a periodic callback\nError: in the background/);
});

test("what makes no sense is refused", () => {
  const bad: readonly (readonly [unknown, unknown, unknown?])[] = [
    [5, 10],
    [() => {}, 0],
    [() => {}, -1],
    [() => {}, Number.NaN],
    [() => {}, 2 ** 31],
    [() => {}, 10, 2],
    [() => {}, 10, -0.1],
  ];
  for (const [callback, intervalMs, jitter = 0] of bad) {
    assert.throws(
      () => new PeriodicCallback(callback as () => void, intervalMs as number, { jitter: jitter as number }),
      { code: "INTERVAL_INVALID" },
    );
  }
});

test("an interval that is too long for a timer is refused with the longest that is not", () => {
  void new PeriodicCallback(() => {}, 2 ** 30 - 1);
  assert.throws(
    () => new PeriodicCallback(() => {}, 2 ** 30),
    /at most 1073741823 \(12 days\), got 1073741824/,
  );
});

test("whoever is told of an error may fail in turn: it is a warning, and the callback goes on", async (context) => {
  const { mock: warnings } = context.mock.method(process, "emitWarning", () => {});
  const time = fakeTime(context);
  let calls = 0;
  const periodic = new PeriodicCallback(
    () => {
      calls++;
      throw new Error("first");
    },
    10,
    {
      onError: () => {
        throw new Error("second");
      },
    },
  );
  periodic.start();
  await time.pass(20);
  periodic.stop();
  assert.equal(calls, 2);
  assert.equal(warnings.callCount(), 2);
  assert.match(String(warnings.calls[0]?.arguments[0]), /could not be reported: Error: second/);
});
