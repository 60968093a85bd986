import assert from "node:assert/strict";
import { test } from "node:test";
import { takeTurn } from "../../src/transport/turns.ts";

test("a few go on in each turn of the event loop, in order", async () => {
  const turns: number[][] = [[]];
  let isOver = false;
  const countTurns = (): void => {
    if (isOver) return;
    turns.push([]);
    setImmediate(countTurns);
  };
  const gone = new Promise<void>((resolve) => {
    for (let i = 0; i < 10; i++)
      takeTurn(() => {
        turns.at(-1)?.push(i);
        if (i === 9) resolve();
      });
  });
  assert.deepEqual(turns, [[]], "not at once");
  setImmediate(countTurns);
  await gone;
  isOver = true;
  assert.deepEqual(turns.flat(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.deepEqual(
    turns.map(({ length }) => length).filter((length) => length > 0),
    [4, 4, 2],
  );
});

test("who takes a turn within a turn has another one", async () => {
  let isNested = false;
  await new Promise<void>((resolve) => {
    takeTurn(() => {
      takeTurn(() => {
        isNested = true;
        resolve();
      });
      assert.equal(isNested, false);
    });
  });
  assert.ok(isNested);
});
