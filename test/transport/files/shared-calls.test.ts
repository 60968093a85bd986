import assert from "node:assert/strict";
import { test } from "node:test";
import { SharedCalls } from "../../../src/transport/files/shared-calls.ts";
import { deferred } from "../../support/deferred.ts";

/** Calls that end when the test says so, each with its number. */
function numbered() {
  const ends: (() => void)[] = [];
  const keys: string[] = [];
  const calls = new SharedCalls(async (key) => {
    keys.push(key);
    const number = keys.length;
    const { promise, resolve } = deferred();
    ends.push(() => resolve());
    await promise;
    if (key === "fails") throw new Error(`call ${number}`);
    return number;
  });
  return { calls, ends, keys };
}

test("whoever asks while a call is under way is answered by the next, with all others who do", async () => {
  const { calls, ends, keys } = numbered();
  const first = calls.ask("a");
  const later = [calls.ask("a"), calls.ask("a"), calls.ask("a")];
  assert.deepEqual(keys, ["a"]);
  ends[0]?.();
  assert.equal(await first, 1);
  assert.deepEqual(keys, ["a", "a"]);
  const last = calls.ask("a");
  ends[1]?.();
  assert.deepEqual(await Promise.all(later), [2, 2, 2]);
  ends[2]?.();
  assert.equal(await last, 3);
  // Nothing is under way any more: the next one begins at once.
  const again = calls.ask("a");
  assert.equal(keys.length, 4);
  ends[3]?.();
  assert.equal(await again, 4);
});

test("what is asked for under different keys does not wait for each other", async () => {
  const { calls, ends, keys } = numbered();
  const both = [calls.ask("a"), calls.ask("b")];
  assert.deepEqual(keys, ["a", "b"]);
  ends[1]?.();
  assert.equal(await both[1], 2);
  ends[0]?.();
  assert.equal(await both[0], 1);
});

test("a call that fails fails for who waited for it, and not for the next", async () => {
  const { calls, ends } = numbered();
  const first = calls.ask("fails");
  const second = calls.ask("fails");
  ends[0]?.();
  await assert.rejects(first, /call 1/);
  ends[1]?.();
  await assert.rejects(second, /call 2/);
});
