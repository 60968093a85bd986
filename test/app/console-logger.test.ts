import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import type { Logger } from "../../src/index.ts";
import { ConsoleLogger } from "../../src/app/console-logger.ts";

const saved = process.env["NO_COLOR"];
beforeEach(() => {
  delete process.env["NO_COLOR"];
});
afterEach(() => {
  if (saved === undefined) delete process.env["NO_COLOR"];
  else process.env["NO_COLOR"] = saved;
});

// The clock of a log is local time.
const date = (): Date => new Date(2026, 10, 22, 9, 5, 7);

/** What each level writes to a stream. */
function written(stream: { readonly isTTY?: boolean }, now = date): string[] {
  const lines: string[] = [];
  const logger: Logger = new ConsoleLogger({ ...stream, write: (text) => lines.push(text) }, now);
  logger.debug("debug");
  logger.info("info");
  logger.warn("warn");
  logger.error("error");
  return lines;
}

const plain = [
  "[I 261122 09:05:07 web] info\n",
  "[W 261122 09:05:07 web] warn\n",
  "[E 261122 09:05:07 web] error\n",
];
const coloured = [
  "\u001B[32m[I 261122 09:05:07 web]\u001B[39m info\n",
  "\u001B[33m[W 261122 09:05:07 web]\u001B[39m warn\n",
  "\u001B[31m[E 261122 09:05:07 web]\u001B[39m error\n",
];

test("a line has the level, the local time in two digits each, and the text; debug lines are left out", () => {
  assert.deepEqual(written({}), plain);
  const [first] = written({}, () => new Date(2000, 0, 1, 0, 0, 0));
  assert.equal(first, "[I 000101 00:00:00 web] info\n");
  const [last] = written({}, () => new Date(2099, 11, 31, 23, 59, 59));
  assert.equal(last, "[I 991231 23:59:59 web] info\n");
});

test("only a terminal gets colour, and only the bracket", () => {
  assert.deepEqual(written({ isTTY: true }), coloured);
  assert.deepEqual(written({ isTTY: false }), plain);
});

test("NO_COLOR turns colour off, unless it is empty (no-color.org)", () => {
  process.env["NO_COLOR"] = "1";
  assert.deepEqual(written({ isTTY: true }), plain);
  process.env["NO_COLOR"] = "";
  assert.deepEqual(written({ isTTY: true }), coloured);
});

test("without a stream and a clock it is standard error and now", (context) => {
  const lines: string[] = [];
  context.mock.method(process.stderr, "write", (text: string) => lines.push(text) > 0);
  const before = new Date().getFullYear() % 100;
  new ConsoleLogger().warn("here");
  context.mock.reset();
  assert.equal(lines.length, 1);
  const [, year] = /\[W (\d\d)\d{4} \d\d:\d\d:\d\d web\].* here\n$/.exec(lines[0] ?? "") ?? [];
  assert.ok(Number(year) >= before, lines[0]);
});
