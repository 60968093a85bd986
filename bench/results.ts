import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import type { BenchArguments, Pace } from "./arguments.ts";
import { isPinned } from "./pinning.ts";
import type { ScenarioResult } from "./rounds.ts";
import type { LoadPlan } from "./transports/load-points.ts";
import type { TransportResult } from "./transports/measure.ts";

/** When and on what a run measured. */
interface Circumstances {
  readonly date: string;
  readonly machine: {
    readonly processor: string;
    readonly cores: number;
    readonly memoryBytes: number;
    readonly kernel: string;
    readonly isPinned: boolean;
  };
  readonly versions: Readonly<Record<string, string>>;
}

/** Everything that a run measured of servers, and where. */
export interface Results extends Circumstances {
  readonly pace: Pace;
  readonly scenarios: readonly ScenarioResult[];
}

/** Everything that a run measured of transports, and where. */
export interface TransportResults extends Circumstances {
  readonly plan: LoadPlan;
  readonly transports: readonly TransportResult[];
}

/** Puts what was measured together with where. */
export function createResults(args: BenchArguments, scenarios: readonly ScenarioResult[]): Results {
  const versions = { ...ownVersions(args.node), ...opponentVersions() };
  return { ...describeCircumstances(versions), pace: args.pace, scenarios };
}

/** The same for transports, which have no opponents. */
export function createTransportResults(
  node: string,
  plan: LoadPlan,
  transports: readonly TransportResult[],
): TransportResults {
  return { ...describeCircumstances(ownVersions(node)), plan, transports };
}

function describeCircumstances(versions: Circumstances["versions"]): Circumstances {
  return {
    date: new Date().toISOString(),
    machine: {
      processor: cpus()[0]?.model.trim() ?? "unknown",
      cores: availableParallelism(),
      memoryBytes: totalmem(),
      kernel: release(),
      isPinned,
    },
    versions,
  };
}

const directory = join("bench", "results");

/** Where the results of that name are, without the ending. */
export function resultsPath(name: string): string {
  return join(directory, name);
}

/** Writes the results and their plot into bench/results/. */
export function writeResults(name: string, results: Results | TransportResults, plot: string): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(`${resultsPath(name)}.json`, `${JSON.stringify(results, undefined, 2)}\n`);
  writeFileSync(`${resultsPath(name)}.svg`, plot);
}

function ownVersions(node: string): Readonly<Record<string, string>> {
  return {
    waterspout: outputOf("git", ["describe", "--always", "--dirty"]),
    node: outputOf(node, ["--version"]),
  };
}

function opponentVersions(): Readonly<Record<string, string>> {
  return {
    ...opponentPackages().dependencies,
    tornado: outputOf("/usr/bin/python3", ["-c", "import tornado; print(tornado.version)"]),
    python: outputOf("/usr/bin/python3", ["--version"]),
  };
}

/** Their versions are exact, and installed as they are named. */
function opponentPackages(): { readonly dependencies: Readonly<Record<string, string>> } {
  const text = readFileSync(join("bench", "package.json"), "utf8");
  return JSON.parse(text) as ReturnType<typeof opponentPackages>;
}

function outputOf(program: string, args: readonly string[]): string {
  const { status, stdout } = spawnSync(program, args, { encoding: "utf8" });
  return status === 0 ? stdout.trim() : "unknown";
}
