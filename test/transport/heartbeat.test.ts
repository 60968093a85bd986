import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Heart } from "../../src/transport/heartbeat.ts";
import { HeartbeatWheel } from "../../src/transport/heartbeat.ts";
import { Inbox } from "../../src/testing/inbox.ts";

// A wheel whose ticks are as short as a timer can be. What is asserted is the number of ticks, never the time.
const tickMs = 1;

// A wheel never keeps the process alive, so that something else has to, while the tests wait for it.
const keepAlive = setInterval(() => {}, 60_000);
after(() => clearInterval(keepAlive));

/** A heart that beats in every tick, and so counts them. To be added last: then it beats last in each tick. */
class Metronome implements Heart {
  #ticks = 0;
  /** The number of the tick that is running, from 1. */
  get tick(): number {
    return this.#ticks + 1;
  }
  beat(): number | undefined {
    this.#ticks++;
    return tickMs;
  }
}

test("a heart beats in the first tick that is not earlier than its delay", async () => {
  const wheel = new HeartbeatWheel(tickMs);
  const metronome = new Metronome();
  const beats = new Inbox<string>();
  for (const delayTicks of [0, 1, 2, 2.5, 7]) {
    wheel.add(
      {
        beat() {
          beats.add(`${delayTicks} at ${metronome.tick}`);
          return undefined;
        },
      },
      delayTicks * tickMs,
    );
  }
  wheel.add(metronome, 0);
  assert.equal(wheel.size, 6);
  const order: string[] = [];
  for (let i = 0; i < 5; i++) order.push(await beats.next());
  assert.deepEqual(order, ["0 at 1", "1 at 1", "2 at 2", "2.5 at 3", "7 at 7"]);
  assert.equal(wheel.size, 1, "hearts that returned undefined are forgotten");
  wheel.remove(metronome);
  assert.equal(wheel.size, 0);
});

test("what beat returns is the delay until the next beat", async () => {
  const wheel = new HeartbeatWheel(tickMs);
  const metronome = new Metronome();
  const delays = [3, 0, 2];
  const at: number[] = [];
  await new Promise<void>((resolve) => {
    wheel.add(
      {
        beat() {
          at.push(metronome.tick);
          const next = delays.shift();
          if (next === undefined) resolve();
          return next;
        },
      },
      tickMs,
    );
    wheel.add(metronome, 0);
  });
  assert.deepEqual(at, [1, 4, 5, 7]);
  wheel.remove(metronome);
});

test("a heart that was removed does not beat, also when another one removes it in the same tick", async () => {
  const wheel = new HeartbeatWheel(tickMs);
  const beaten: string[] = [];
  const heart = (name: string, act = (): void => {}): Heart => ({
    beat() {
      beaten.push(name);
      act();
      return undefined;
    },
  });
  const removed = heart("removed");
  const victim = heart("victim");
  const done = new Promise<void>((resolve) => {
    wheel.add(removed, tickMs);
    wheel.add(
      heart("remover", () => wheel.remove(victim)),
      2 * tickMs,
    );
    wheel.add(victim, 2 * tickMs);
    wheel.add(heart("last", resolve), 3 * tickMs);
  });
  wheel.remove(removed);
  wheel.remove(removed);
  wheel.remove(heart("a stranger"));
  assert.equal(wheel.size, 3);
  await done;
  assert.deepEqual(beaten, ["remover", "last"]);
  assert.equal(wheel.size, 0);
});

test("a heart that was removed and added again beats when it was added for, and not before", async () => {
  const wheel = new HeartbeatWheel(tickMs);
  const metronome = new Metronome();
  const done = new Promise<number>((resolve) => {
    const heart: Heart = {
      beat() {
        resolve(metronome.tick);
        return undefined;
      },
    };
    wheel.add(heart, tickMs);
    wheel.remove(heart);
    wheel.add(heart, 4 * tickMs);
    wheel.add(metronome, 0);
  });
  assert.equal(await done, 4);
  wheel.remove(metronome);
});

test("the timer stops when the last heart has beaten for the last time", async (context) => {
  const stopped = context.mock.method(globalThis, "clearInterval");
  const wheel = new HeartbeatWheel(tickMs);
  await new Promise<void>((resolve) => {
    wheel.add(
      {
        beat() {
          resolve();
          return undefined;
        },
      },
      0,
    );
  });
  assert.equal(stopped.mock.callCount(), 1);
});

test("a heart may remove itself, or be added, while it beats", async () => {
  const wheel = new HeartbeatWheel(tickMs);
  const beats = new Inbox<string>();
  const second: Heart = {
    beat() {
      beats.add("second");
      return undefined;
    },
  };
  const first: Heart = {
    beat() {
      beats.add("first");
      wheel.remove(first);
      wheel.add(second, 0);
      return undefined;
    },
  };
  wheel.add(first, 0);
  assert.deepEqual([await beats.next(), await beats.next()], ["first", "second"]);
  assert.equal(wheel.size, 0);
});

test("one timer serves all hearts, runs only while there are some, and never keeps the process alive", (context) => {
  const started = context.mock.method(globalThis, "setInterval");
  const stopped = context.mock.method(globalThis, "clearInterval");
  const wheel = new HeartbeatWheel();
  assert.equal(started.mock.callCount(), 0);
  const hearts = [new Metronome(), new Metronome(), new Metronome()];
  for (const heart of hearts) wheel.add(heart, 30_000);
  assert.equal(started.mock.callCount(), 1);
  const timer = started.mock.calls[0]?.result;
  assert.equal(timer?.hasRef(), false);
  assert.equal(started.mock.calls[0]?.arguments[1], 1000, "heartbeats are as exact as a second");
  for (const heart of hearts) {
    assert.equal(stopped.mock.callCount(), 0);
    wheel.remove(heart);
  }
  assert.equal(stopped.mock.callCount(), 1);
  assert.equal(stopped.mock.calls[0]?.arguments[0], timer);
  // It starts again with the next heart.
  wheel.add(new Metronome(), 1);
  assert.equal(started.mock.callCount(), 2);
  clearInterval(started.mock.calls[1]?.result);
});
