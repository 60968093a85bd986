import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { after, test } from "node:test";
import { answerCases } from "../cases/handshake-answers.ts";
import { requestCases } from "../cases/handshake-requests.ts";
import { groups } from "../cases/index.ts";
import type { Difference, Report } from "../runner/suite.ts";
import { runHandshakes, runSuite } from "../runner/suite.ts";
import type { Testee } from "../runner/testee.ts";

/** Who breaks one rule may fail hundreds of cases. */
const linesMax = 20;

/** What is known of a testee. */
export interface Known {
  readonly differences?: readonly Difference[];
  /** The cases whose outcome the RFC leaves open, and in which the testee does not do what the suite would. */
  readonly open?: RegExp;
}

/** Runs the whole suite against a testee: one test for each group, which names every case that failed. */
export function testTestee(testee: Testee, known: Known = {}): void {
  const { differences = [] } = known;
  after(() => testee.close());
  for (const [group, cases] of groups) {
    const isOff = ["12", "13"].includes(group) && !testee.hasCompression;
    const skip = isOff && "there is no permessage-deflate yet";
    test(`${testee.name}, group ${group}`, { skip }, async (context) => {
      const report = await runSuite(testee, cases, { differences });
      judge(context, report, known);
      // A testee need not compress what it sends. Ours do, and these cases would prove little if they did not.
      if (group === "12") assert.ok(report.compressedMessages > 0, "something is compressed");
    });
  }
  test(`${testee.name}, handshakes`, async (context) => {
    const handshakes = { requests: requestCases, answers: answerCases };
    judge(context, await runHandshakes(testee, handshakes, { differences }), known);
  });
}

function judge(context: TestContext, report: Report, known: Known): void {
  context.diagnostic(`${report.passed} passed${report.skipped === 0 ? "" : `, ${report.skipped} skipped`}`);
  const unknown = report.open.filter((line) => known.open?.test(line) !== true);
  const lines = [...report.failed, ...unknown];
  const shown = lines.slice(0, linesMax).join("\n");
  assert.ok(lines.length === 0, `${lines.length} cases failed, among them:\n${shown}`);
}
