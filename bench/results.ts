import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import type { BenchArguments, Pace } from "./arguments.ts";
import { isPinned } from "./pinning.ts";
import type { ScenarioResult } from "./rounds.ts";

/** Everything that a run measured, and where. */
export interface Results {
  readonly date: string;
  readonly machine: {
    readonly processor: string;
    readonly cores: number;
    readonly memoryBytes: number;
    readonly kernel: string;
    readonly isPinned: boolean;
  };
  readonly versions: Readonly<Record<string, string>>;
  readonly pace: Pace;
  readonly scenarios: readonly ScenarioResult[];
}

/** Puts what was measured together with where. */
export function createResults(args: BenchArguments, scenarios: readonly ScenarioResult[]): Results {
  return {
    date: new Date().toISOString(),
    machine: {
      processor: cpus()[0]?.model.trim() ?? "unknown",
      cores: availableParallelism(),
      memoryBytes: totalmem(),
      kernel: release(),
      isPinned,
    },
    versions: readVersions(args.node),
    pace: args.pace,
    scenarios,
  };
}

const directory = join("bench", "results");

/** Where the results of that name are, without the ending. */
export function resultsPath(name: string): string {
  return join(directory, name);
}

/** Writes the results and their plot into bench/results/. */
export function writeResults(name: string, results: Results, plot: string): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(`${resultsPath(name)}.json`, `${JSON.stringify(results, undefined, 2)}\n`);
  writeFileSync(`${resultsPath(name)}.svg`, plot);
}

function readVersions(node: string): Readonly<Record<string, string>> {
  return {
    waterspout: outputOf("git", ["describe", "--always", "--dirty"]),
    node: outputOf(node, ["--version"]),
    ...Object.fromEntries(["ws", "socket.io", "bun"].map((name) => [name, packageVersion(name)])),
    tornado: outputOf("/usr/bin/python3", ["-c", "import tornado; print(tornado.version)"]),
    python: outputOf("/usr/bin/python3", ["--version"]),
  };
}

function packageVersion(name: string): string {
  const text = readFileSync(join("bench", "node_modules", name, "package.json"), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

function outputOf(program: string, args: readonly string[]): string {
  const { status, stdout } = spawnSync(program, args, { encoding: "utf8" });
  return status === 0 ? stdout.trim() : "unknown";
}
