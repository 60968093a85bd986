import type { ChildProcess } from "node:child_process";
import { fork } from "node:child_process";

/** What a process can be asked to do, by name; each takes one argument and gives one answer, both of plain data. */
export type Calls<Self> = { readonly [Name in keyof Self]: (argument: never) => unknown };

interface Request {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** With which program a script is run, and with which arguments ahead of the script's name. */
export interface WorkerCommand {
  readonly execPath: string;
  readonly execArgv: readonly string[];
}

const loaderOptions: ReadonlySet<string> = new Set(["--import", "--require"]);

/**
 * As this process runs itself, with whatever teaches it TypeScript. Its other options are its own: a process with the same `--eval` would do again what
 * this one does.
 */
export const ownCommand: WorkerCommand = {
  execPath: process.execPath,
  execArgv: process.execArgv.filter(
    (each, index, all) => loaderOptions.has(each) || loaderOptions.has(all[index - 1] ?? ""),
  ),
};

/** Whether this file was compiled, its neighbours were, too. */
const extension = import.meta.url.slice(import.meta.url.lastIndexOf("."));

/** A process that answers calls. It ends when this one does, whatever the reason. */
export class Worker<Offered extends Calls<Offered>> {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve: (result: never) => void; reject: (error: Error) => void }>();
  readonly #closed: Promise<void>;
  #lastId = 0;

  /** Runs `processes/<name>`. */
  constructor(name: string, { execPath, execArgv }: WorkerCommand = ownCommand) {
    const script = new URL(name + extension, import.meta.url);
    this.#child = fork(script, { execPath, execArgv: [...execArgv] });
    this.#child.on("message", (answer: Answer) => this.#receive(answer));
    this.#closed = new Promise((resolve) => {
      this.#child.once("close", () => {
        for (const { reject } of this.#waiting.values()) reject(new Error(`the process ${name} has ended`));
        this.#waiting.clear();
        resolve();
      });
    });
  }

  /** Rejects with what the process says when it cannot, and when it ends. */
  call<Name extends keyof Offered & string>(
    name: Name,
    ...[argument]: Parameters<Offered[Name]>
  ): Promise<Awaited<ReturnType<Offered[Name]>>> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      const request: Request = { id, name, argument };
      this.#child.send(request, (error) => {
        if (error !== null && this.#waiting.delete(id)) reject(error);
      });
    });
  }

  /** Resolves when the process has ended, of itself or by `stop`. */
  get closed(): Promise<void> {
    return this.#closed;
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#closed;
  }

  #receive({ id, result, error }: Answer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(result as never);
    else waiting?.reject(new Error(error));
  }
}

/** Answers the calls of the process that started this one as a Worker, and ends with it. */
export function answerCalls<Offered extends Calls<Offered>>(offered: Offered): void {
  process.once("disconnect", () => process.exit());
  // Ctrl+C reaches all processes of a terminal; the first one ends the others in its own time.
  process.on("SIGINT", () => {});
  process.on("message", (request: Request) => void answer(request));
  async function answer({ id, name, argument }: Request): Promise<void> {
    const reply: Answer = await Promise.resolve()
      .then(() => (offered[name as keyof Offered] as unknown as (argument: unknown) => unknown)(argument))
      .then(
        (result) => ({ id, result }),
        (error: unknown) => ({ id, error: String(error) }),
      );
    if (process.connected) process.send?.(reply);
  }
}
