import { setMaxListeners } from "node:events";
import type { Case, Ending, Endpoint } from "./case.ts";
import type { AnswerCase, RequestCase } from "./handshake-case.ts";
import { runAnswerCase, runRequestCase } from "./handshake-case.ts";
import type { CaseResult, RunOptions } from "./run-case.ts";
import { runCase } from "./run-case.ts";
import type { Testee } from "./testee.ts";

/** A difference of a testee that is known, with the reason. What it does instead is checked, unless it is skipped. */
export interface Difference {
  /** The cases it is about. */
  readonly cases: RegExp;
  readonly reason: string;
  /** It refuses later than it could: what follows is sent, and only then must it refuse. */
  readonly isLate?: true;
  /** How the connection ends instead. */
  readonly end?: Ending;
  /** It may refuse the handshake instead of declining what it cannot do. */
  readonly mayRefuse?: true;
  /** A handshake has one of these statuses instead. */
  readonly statuses?: readonly number[];
  /** The case is not run. */
  readonly isSkipped?: true;
}

/** What a run of the suite showed. */
export interface Report {
  readonly passed: number;
  readonly skipped: number;
  /** One line for each case that failed. */
  readonly failed: readonly string[];
  /** One line for each case whose outcome the RFC leaves open, and which is not the expected one. */
  readonly open: readonly string[];
  readonly compressedMessages: number;
}

export interface SuiteOptions {
  readonly differences?: readonly Difference[];
  readonly timeoutMs?: number;
  /** How many cases run at the same time. */
  readonly concurrency?: number;
  /** Ends with the first case that failed. */
  readonly stopsAtFailure?: boolean;
}

/** Far more than any case takes; it is only waited for when a testee does nothing. */
const defaultTimeoutMs = 20_000;

/** Runs the cases that are for this testee, many at a time, since a case mostly waits. */
export function runSuite(
  testee: Testee,
  cases: readonly Case[],
  options: SuiteOptions = {},
): Promise<Report> {
  const mine = cases.filter(
    (item) => isFor(testee, item.endpoint) && item.roles?.includes(testee.role) !== false,
  );
  return runAll(mine, options, (item, difference, run) => {
    const end = difference?.end === undefined ? {} : { end: difference.end };
    const { isLate = false, mayRefuse = false } = difference ?? {};
    return runCase(testee, item, { ...run, isLate, mayRefuse, ...end });
  });
}

/** Runs the cases of the handshake that are for this testee's role. */
export function runHandshakes(
  testee: Testee,
  { requests, answers }: HandshakeCases,
  options: SuiteOptions = {},
): Promise<Report> {
  if (testee.role === "client") {
    const mine = answers.filter(({ endpoint }) => isFor(testee, endpoint));
    return runAll(mine, options, async (item, _difference, run) => ({
      failure: await runAnswerCase(testee, item, run),
      compressedMessages: 0,
    }));
  }
  const mine = requests.filter(({ endpoint }) => isFor(testee, endpoint));
  return runAll(mine, options, async (item, difference, run) => {
    const statuses = difference?.statuses ?? item.statuses;
    const failure = await runRequestCase(testee, { ...item, statuses }, run);
    return { failure, compressedMessages: 0 };
  });
}

/** The cases of the handshake, for both roles. */
export interface HandshakeCases {
  readonly requests: readonly RequestCase[];
  readonly answers: readonly AnswerCase[];
}

function isFor(testee: Testee, endpoint: Endpoint = "echo"): boolean {
  return testee.hasCompression || !endpoint.startsWith("deflate");
}

/** What all kinds of cases have. */
type AnyCase = Pick<Case, "id" | "title" | "section" | "open">;

async function runAll<Item extends AnyCase>(
  cases: readonly Item[],
  options: SuiteOptions,
  run: (item: Item, difference: Difference | undefined, options: RunOptions) => Promise<CaseResult>,
): Promise<Report> {
  const { differences = [], timeoutMs = defaultTimeoutMs, concurrency = 16 } = options;
  const failed: string[] = [];
  const open: string[] = [];
  let passed = 0;
  let skipped = 0;
  let compressedMessages = 0;
  const queue = [...cases];
  const ending = new AbortController();
  // One for each case that runs.
  setMaxListeners(concurrency, ending.signal);
  const work = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      const { id } = item;
      const difference = differences.find((each) => each.cases.test(id));
      if (difference?.isSkipped === true) {
        skipped++;
        continue;
      }
      const result = await run(item, difference, { timeoutMs, signal: ending.signal });
      if (ending.signal.aborted) return;
      compressedMessages += result.compressedMessages;
      const line = `${id} (RFC ${item.section}) ${item.title}: ${result.failure}`;
      if (result.failure === undefined) passed++;
      else if (item.open !== undefined) open.push(`${line} [open: ${item.open}]`);
      else {
        failed.push(line);
        if (options.stopsAtFailure === true) ending.abort();
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return { passed, skipped, failed, open, compressedMessages };
}
