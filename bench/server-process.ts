import type { ChildProcessByStdio } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Interface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { ServerCommand } from "./opponents.ts";
import { onCore } from "./pinning.ts";
import type { ServerOptions } from "./servers/contract.ts";
import type { HttpServerOptions } from "./servers/http/options.ts";

const startTimeoutMs = 20_000;
const complaintCharsMax = 10_000;

/** A server that is running. */
export class ServerProcess {
  readonly port: number;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #lines: Interface;

  private constructor(
    child: ChildProcessByStdio<Writable, Readable, Readable>,
    lines: Interface,
    port: number,
  ) {
    this.#child = child;
    this.#lines = lines;
    this.port = port;
  }

  /** Rejects with what the server said when it does not start. */
  static async start(
    { command, env }: ServerCommand,
    options: ServerOptions | HttpServerOptions,
  ): Promise<ServerProcess> {
    const [program, ...args] = onCore(0, [...command, JSON.stringify(options)]);
    const child = spawn(program, args, {
      env: { ...process.env, ...env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    let complaint = "";
    child.stderr.on(
      "data",
      (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(-complaintCharsMax)),
    );
    const lines = createInterface({ input: child.stdout });
    const timer = setTimeout(() => child.kill(), startTimeoutMs);
    const line = await Promise.race([
      once(lines, "line").then(([first]) => String(first)),
      once(child, "close").then(() => undefined),
    ]);
    clearTimeout(timer);
    if (line === undefined) throw new Error(complaintOf(complaint));
    return new ServerProcess(child, lines, (JSON.parse(line) as { port: number }).port);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Lets the server collect its garbage, and returns the bytes that it has in memory then. */
  async collectedBytes(): Promise<number> {
    const collected = once(this.#lines, "line");
    this.#child.stdin.write("collect\n");
    await collected;
    return residentBytes(this.pid);
  }

  async stop(): Promise<void> {
    const closed = once(this.#child, "close");
    this.#child.kill("SIGKILL");
    await closed;
  }
}

/** The resident set of a process. */
function residentBytes(pid: number): number {
  const [, kib = "0"] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kib) * 1024;
}

/** The line that says what went wrong; the rest is where. */
function complaintOf(output: string): string {
  const lines = output.split("\n").map((line) => line.trim());
  return (
    lines.find((line) => /error\b.*:/i.test(line)) ?? lines.findLast(Boolean) ?? "it ended without a word"
  );
}
