import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Pace } from "./arguments.ts";
import type { Opening } from "./negotiation.ts";
import { onCore } from "./pinning.ts";
import type { Scenario } from "./scenarios.ts";
import type { Unit } from "./script-file.ts";
import { encodeScript } from "./script-file.ts";
import type { ServerProcess } from "./server-process.ts";
import { temporaryDirectory } from "./temporary.ts";

/** What one run of the load generator measured. */
export interface LoadResult {
  /** Messages, deliveries, handshakes or requests. */
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

/** What the clients of one server do. */
export class Load {
  readonly #scenario: Scenario;
  readonly #script: string;
  readonly #opening: Opening | undefined;

  /** `opening` is for WebSockets, and says how they begin. */
  constructor(scenario: Scenario, units: readonly Unit[], opening?: Opening) {
    this.#scenario = scenario;
    this.#opening = opening;
    this.#script = join(temporaryDirectory(), `${Load.#count++}.script`);
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
    const options: Record<string, string | number> = {
      mode: load,
      ...describeOpening(this.#opening),
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

function describeOpening(opening: Opening | undefined): Readonly<Record<string, string>> {
  if (opening === undefined) return {};
  const { path, greeting, extensions = "" } = opening;
  return { path, greeting: greeting?.toString("hex") ?? "", extensions };
}

/** Resolves when the load generator is done, rejects with its words when it failed. */
async function ended(child: ReturnType<typeof spawn>): Promise<void> {
  let complaint = "";
  child.stderr?.on("data", (chunk: Buffer) => (complaint += chunk.toString()));
  const [status] = (await once(child, "close")) as [number | null];
  if (status !== 0) throw new Error(complaint.trim() || "the load generator ended without a word");
}
