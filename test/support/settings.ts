import assert from "node:assert/strict";
import { inspect } from "node:util";
import { Application } from "../../src/index.ts";
import type { Settings } from "../../src/index.ts";

/** The message with which settings are refused, also those that the types forbid. */
export function settingRefusal(settings: unknown, code = "SETTING_INVALID"): string {
  try {
    void new Application([], settings as Settings);
  } catch (error) {
    assert.ok(error instanceof Error && "code" in error, `${inspect(settings)}: ${String(error)}`);
    assert.equal(error.code, code, error.message);
    return error.message;
  }
  return assert.fail(`${inspect(settings)} was not refused`);
}
