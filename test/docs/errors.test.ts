/** docs/errors.md lists exactly the error table, and every code of the table is used by the source. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import type { ErrorCode } from "../../src/base/errors.ts";
import { errorTable } from "../../src/base/errors.ts";

function answerTo(code: ErrorCode): string {
  const { status, closeCode } = errorTable[code];
  const answers = [
    status === undefined ? "" : `${status}`,
    closeCode === undefined ? "" : `close ${closeCode}`,
  ];
  return answers.filter(Boolean).join(", ") || (code.endsWith("_REFUSED") ? "the handler's" : "thrown");
}

/** Text as it stands in a cell. A message's `<name>` stands in a code span, or Markdown would take it for HTML. */
function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll(/<\w+>/g, "`$&`");
}

/** The rows that the document must have. */
function expectedRows(): string[] {
  return Object.entries(errorTable).map(
    ([code, { message, advice = "" }]) =>
      `| \`${code}\` | ${answerTo(code as ErrorCode)} | ${cell(message)} | ${cell(advice)} |`,
  );
}

test("docs/errors.md has a row for each code, in the order of the table, and no others", () => {
  const rows = readFileSync("docs/errors.md", "utf8")
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.replaceAll(/ +\|/g, " |").replaceAll(/\| +/g, "| ").trim());
  assert.deepEqual(
    rows,
    expectedRows().map((row) => row.replaceAll(/ +\|/g, " |").replaceAll(/\| +/g, "| ")),
  );
});

test("every code of the table is used in the source", () => {
  const sources = readdirSync("src", { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.endsWith("errors.ts"))
    .map((file) => readFileSync(`src/${file}`, "utf8"))
    .join("\n");
  const unused = Object.keys(errorTable).filter((code) => !sources.includes(`"${code}"`));
  assert.deepEqual(unused, []);
});
