/**
 * `npm run bench`: measures Waterspout and others side by side; docs/performance.md says how.
 *
 *     npm run bench                                 everything
 *     npm run bench -- echo --quick                 one group of scenarios, against ws and Bun, within a minute
 *     npm run bench -- deflate --against ws,bun     against those named
 *     npm run bench -- --node /path/to/node         the JavaScript servers on another Node.js
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BenchArguments } from "./arguments.ts";
import { ArgumentError, parseArguments } from "./arguments.ts";
import { buildLoad } from "./load-process.ts";
import { isPinned } from "./pinning.ts";
import { formatScenario } from "./report.ts";
import { installRequirements } from "./requirements.ts";
import { drawPlot } from "./plot.ts";
import { createResults, resultsPath, writeResults } from "./results.ts";
import type { ScenarioResult } from "./rounds.ts";
import { measureScenario } from "./rounds.ts";
import { scenarios } from "./scenarios.ts";

const picture = join("docs", "images", "benchmark.svg");

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

async function bench(args: BenchArguments): Promise<void> {
  if (process.platform !== "linux")
    throw new Error("the benchmark reads /proc and uses epoll: it needs Linux");
  installRequirements(say);
  buildLoad();
  if (!isPinned) say("two cores and taskset are not to be had: servers and load share what there is");
  const results: ScenarioResult[] = [];
  for (const scenario of args.scenarios) {
    const result = await measureScenario(scenario, args);
    results.push(result);
    say(`${formatScenario(result)}\n`);
    // After each, so that a run that is interrupted leaves what it has.
    writeResults(args.name, createResults(args, results), drawPlot(results));
  }
  say(`all rounds and a plot are in ${resultsPath(args.name)}.json and .svg`);
  if (args.isQuick || args.scenarios !== scenarios) return;
  // What the documents show is a run of everything.
  writeFileSync(picture, drawPlot(results));
  say(`the plot is in ${picture}, too`);
}

// An exit by signal would leave temporary files behind; the servers end when their input does.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

try {
  await bench(parseArguments(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(`${error instanceof ArgumentError ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
