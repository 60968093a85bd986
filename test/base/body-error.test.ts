import assert from "node:assert/strict";
import { test } from "node:test";
import { BodyError } from "../../src/base/body-error.ts";
import { describe } from "../../src/base/errors.ts";

test("an error of a body has the code and the words of its problem", () => {
  const problem = describe("BODY_ABORTED", { received: 3 });
  const error = new BodyError(problem);
  assert.ok(error instanceof Error);
  assert.deepEqual([error.name, error.code, error.message], ["BodyError", "BODY_ABORTED", problem.message]);
  assert.equal(error.problem, problem);
});
