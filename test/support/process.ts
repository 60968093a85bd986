import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";

/** A program that runs beside the test, with what it has printed so far. */
export class RunningProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #waiters = new Set<() => void>();
  #hasEnded = false;
  /** Standard output and standard error, as they came. */
  output = "";

  constructor(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    // A group of its own, so that what npm has started ends with it.
    const isGroup = process.platform !== "win32";
    this.#child = spawn(command, args, {
      env: { ...process.env, ...env },
      detached: isGroup,
      shell: !isGroup,
    });
    this.#exited = once(this.#child, "close").then(() => {
      this.#hasEnded = true;
      this.#wake();
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8").on("data", (chunk: string) => {
        this.output += chunk;
        this.#wake();
      });
    }
  }

  /** Writes to the program's standard input. */
  write(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** Resolves with the match when the output matches; rejects when the program ends without. */
  async waitFor(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.output);
      if (match !== null) return match;
      if (this.#hasEnded) throw new Error(`the program ended without printing ${pattern}:\n${this.output}`);
      await new Promise<void>((resolve) => {
        this.#waiters.add(resolve);
      });
    }
  }

  /** Sends a signal to the program and all that it started. */
  kill(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined || this.#hasEnded) return;
    if (process.platform === "win32") this.#child.kill(signal);
    else process.kill(-pid, signal);
  }

  /** Resolves with the exit code when the program has ended; null when a signal ended it. */
  async end(): Promise<number | null> {
    await this.#exited;
    return this.#child.exitCode;
  }

  #wake(): void {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const wake of waiters) wake();
  }
}
