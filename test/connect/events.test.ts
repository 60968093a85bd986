import assert from "node:assert/strict";
import { test } from "node:test";
import { CloseEvent, ErrorEvent } from "../../src/index.ts";

test("a close event has the standard's attributes and defaults", () => {
  const event = new CloseEvent("close", { code: 4000, reason: "bye", wasClean: true });
  assert.ok(event instanceof Event);
  assert.deepEqual([event.type, event.code, event.reason, event.wasClean], ["close", 4000, "bye", true]);
  const plain = new CloseEvent("close");
  assert.deepEqual([plain.code, plain.reason, plain.wasClean], [0, "", false]);
  assert.equal(Object.prototype.toString.call(event), "[object CloseEvent]");
  const { CloseEvent: own } = globalThis as { CloseEvent?: unknown };
  if (own !== undefined) assert.equal(CloseEvent, own);
});

test("an error event has the error and its message", () => {
  const error = new Error("broken");
  const event = new ErrorEvent("error", { error });
  assert.deepEqual([event.type, event.error, event.message], ["error", error, "broken"]);
  assert.equal(new ErrorEvent("error", { error: "text" }).message, "text");
  assert.equal(new ErrorEvent("error").error, undefined);
  assert.equal(Object.prototype.toString.call(event), "[object ErrorEvent]");
});
