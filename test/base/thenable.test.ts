import assert from "node:assert/strict";
import { test } from "node:test";
import { chain, isThenable } from "../../src/base/thenable.ts";

test("something to wait for is an object with a method then", () => {
  for (const value of [Promise.resolve(), { then() {} }] as unknown[]) assert.equal(isThenable(value), true);
  for (const value of [undefined, null, 5, "then", {}, { then: 5 }, () => {}] as unknown[])
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
