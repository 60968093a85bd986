import { afterEach } from "node:test";
import { ExpectedLog } from "../../src/testing/index.ts";

/** A logger that fails the test that is running when a warning or error was logged that it did not expect. */
export function expectedLog(): ExpectedLog {
  const log = new ExpectedLog();
  afterEach(() => log.assertNothingElse());
  return log;
}
