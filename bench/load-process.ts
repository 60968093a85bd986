import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Pace } from "./arguments.ts";
import { protocols } from "./negotiation.ts";
import { onCore } from "./pinning.ts";
import type { ServerCommand } from "./opponents.ts";
import type { Scenario } from "./scenarios.ts";
import type { Unit } from "./script-file.ts";
import { encodeScript } from "./script-file.ts";
import type { ServerProcess } from "./server-process.ts";

/** What one run of the load generator measured. */
export interface LoadResult {
  /** Messages, deliveries or handshakes. */
  readonly count: number;
  readonly seconds: number;
  readonly serverCpuSeconds: number;
  readonly loadCpuSeconds: number;
  /** The server's resident memory at the end. */
  readonly serverBytes: number;
}

/** The server as the load generator sees it. */
type Target = Pick<ServerProcess, "port" | "pid">;

const sources = join("bench", "load");
const directory = join("build", "bench", "load");
const program = join(directory, "load");

/** Compiles the load generator. Throws an Error with the compiler's words when that fails. */
export function buildLoad(): void {
  mkdirSync(directory, { recursive: true });
  const files = readdirSync(sources)
    .filter((file) => file.endsWith(".c"))
    .map((file) => join(sources, file));
  const { status, stderr, error } = spawnSync(
    "gcc",
    ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-D_GNU_SOURCE", "-o", program, ...files],
    { encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`gcc cannot compile the load generator: ${error?.message ?? stderr}`);
}

/** Where the scripts are, which can be large, until this process ends. */
let scripts: string | undefined;

function createTemporaryDirectory(): string {
  const created = mkdtempSync(join(tmpdir(), "waterspout-bench-"));
  process.once("exit", () => rmSync(created, { recursive: true, force: true }));
  return created;
}

/** What the clients of one server do. */
export class Load {
  readonly #scenario: Scenario;
  readonly #protocol: ServerCommand["protocol"];
  readonly #script: string;
  readonly #extensions: string;

  constructor(scenario: Scenario, { protocol }: ServerCommand, units: readonly Unit[], extensions: string) {
    this.#scenario = scenario;
    this.#protocol = protocol;
    this.#extensions = extensions;
    scripts ??= createTemporaryDirectory();
    this.#script = join(scripts, `${Load.#count++}.script`);
    writeFileSync(this.#script, encodeScript(units));
  }

  static #count = 0;

  /** Loads a server for the time that `pace` says. Rejects when the server does anything unexpected. */
  async run(server: Target, pace: Omit<Pace, "rounds">): Promise<LoadResult> {
    const child = this.#spawn(server, { warmupMs: pace.warmupMs, durationMs: pace.durationMs });
    child.stdin.end();
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    await ended(child);
    return JSON.parse(output) as LoadResult;
  }

  /**
   * The server's memory for each connection: what it has when all are open and all have had their messages, less what
   * it has when `base` are, by the number of those that came between.
   */
  async measureMemory(server: ServerProcess, base: number): Promise<number> {
    const child = this.#spawn(server, { base });
    const over = ended(child);
    const lines = createInterface({ input: child.stdout });
    const bytes: number[] = [];
    for (let step = 0; step < 2; step++) {
      await Promise.race([once(lines, "line"), over]);
      bytes.push(await server.collectedBytes());
      child.stdin.write("\n");
    }
    await over;
    const [before = 0, after = 0] = bytes;
    return (after - before) / (this.#scenario.connections - base);
  }

  #spawn(server: Target, more: Readonly<Record<string, number>>) {
    const { load, connections, inFlight } = this.#scenario;
    const { path, greeting } = protocols[this.#protocol];
    const options: Record<string, string | number> = {
      mode: load,
      path,
      greeting: greeting?.toString("hex") ?? "",
      extensions: this.#extensions,
      script: this.#script,
      port: server.port,
      serverPid: server.pid,
      connections,
      inFlight,
      ...more,
    };
    const args = Object.entries(options).map(([name, value]) => `${name}=${value}`);
    const [command, ...rest] = onCore(1, [program, ...args]);
    return spawn(command, rest, { stdio: ["pipe", "pipe", "pipe"] });
  }
}

/** Resolves when the load generator is done, rejects with its words when it failed. */
async function ended(child: ReturnType<typeof spawn>): Promise<void> {
  let complaint = "";
  child.stderr?.on("data", (chunk: Buffer) => (complaint += chunk.toString()));
  const [status] = (await once(child, "close")) as [number | null];
  if (status !== 0) throw new Error(complaint.trim() || "the load generator ended without a word");
}
