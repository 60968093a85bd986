import type { Logger } from "../base/logger.ts";

/** A line that was logged, with its level. */
export interface LogLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly text: string;
}

/**
 * A logger for tests: a test says which lines it expects, and that there were no others worth reading. A warning or
 * error that nobody expected fails the test.
 *
 * @example
 * const log = new ExpectedLog();
 * const app = new Application(routes, { logger: log });
 * // … a client does something wrong …
 * await log.expect(/^403 GET \/url/);
 * await log.expect(/WS_ORIGIN_REFUSED/);
 * log.assertNothingElse();
 */
export class ExpectedLog implements Logger {
  readonly #lines: LogLine[] = [];
  readonly #waiters: { readonly pattern: RegExp; readonly resolve: (line: LogLine) => void }[] = [];

  /** The lines that were logged and not yet expected, in order. */
  get lines(): readonly LogLine[] {
    return this.#lines;
  }

  /** Resolves with the first line that matches, now or as soon as it is logged, and takes it out. */
  expect(pattern: RegExp): Promise<LogLine> {
    const index = this.#lines.findIndex((line) => matches(line, pattern));
    const found = this.#lines[index];
    if (found !== undefined) {
      this.#lines.splice(index, 1);
      return Promise.resolve(found);
    }
    return new Promise((resolve) => {
      this.#waiters.push({ pattern, resolve });
    });
  }

  /** Throws if a warning or an error was logged that no test expected. */
  assertNothingElse(): void {
    const unexpected = this.#lines.filter(({ level }) => level === "warn" || level === "error");
    if (unexpected.length === 0) return;
    // So that one failure does not spread to the tests behind it.
    this.#lines.length = 0;
    const shown = unexpected.map(({ level, text }) => `  ${level}: ${text}`).join("\n");
    throw new Error(`unexpected log lines:\n${shown}`);
  }

  debug(text: string): void {
    this.#receive({ level: "debug", text });
  }

  info(text: string): void {
    this.#receive({ level: "info", text });
  }

  warn(text: string): void {
    this.#receive({ level: "warn", text });
  }

  error(text: string): void {
    this.#receive({ level: "error", text });
  }

  #receive(line: LogLine): void {
    const index = this.#waiters.findIndex(({ pattern }) => matches(line, pattern));
    const [waiter] = index === -1 ? [] : this.#waiters.splice(index, 1);
    if (waiter === undefined) this.#lines.push(line);
    else waiter.resolve(line);
  }
}

/** Not by `test`, which makes an expression with the flag g remember where it stopped. */
function matches({ text }: LogLine, pattern: RegExp): boolean {
  return text.search(pattern) !== -1;
}
