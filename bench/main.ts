/**
 * `npm run bench`: measures Waterspout and others side by side; docs/performance.md says how.
 *
 *     npm run bench                                 everything
 *     npm run bench -- echo --quick                 one group of scenarios, against ws and Bun, within a minute
 *     npm run bench -- deflate --against ws,bun     against those named
 *     npm run bench -- http                         HTTP, against node:http, fastify, hono, express and Tornado
 *     npm run bench -- transports                   polling, long polling, SSE and WebSocket against each other
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
import { formatMarkdown } from "./markdown.ts";
import { drawPlot } from "./plot.ts";
import { createResults, createTransportResults, resultsPath, writeResults } from "./results.ts";
import type { ScenarioResult } from "./rounds.ts";
import { measureScenario } from "./rounds.ts";
import type { Protocol } from "./scenarios.ts";
import { httpScenarios, protocolOf, socketScenarios } from "./scenarios.ts";
import type { LoadPlan } from "./transports/load-points.ts";
import { measureTransports } from "./transports/measure.ts";
import { drawTransports } from "./transports/plot.ts";
import { formatTransports } from "./transports/report.ts";

/** What the documents show is a run of all scenarios of a protocol, against all. */
const pictures = [
  { protocol: "websocket", all: socketScenarios, file: join("docs", "images", "benchmark.svg") },
  { protocol: "http", all: httpScenarios, file: join("docs", "images", "http.svg") },
] as const;
const transportsPicture = join("docs", "images", "transports.svg");

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

async function bench(args: BenchArguments): Promise<void> {
  if (args.transports !== undefined) await benchTransports(args, args.transports);
  if (args.scenarios.length > 0) await benchServers(args);
}

async function benchServers(args: BenchArguments): Promise<void> {
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
  for (const { protocol, all, file } of pictures) {
    const part = resultsOf(protocol, results);
    const table = formatMarkdown(part);
    if (table !== "") say(`${table}\n`);
    if (args.isQuick || !args.hasAllOpponents || part.length < all.length) continue;
    writeFileSync(file, drawPlot(part));
    say(`the plot is in ${file}, too`);
  }
  say(`all rounds and a plot are in ${resultsPath(args.name)}.json and .svg`);
}

function resultsOf(protocol: Protocol, results: readonly ScenarioResult[]): readonly ScenarioResult[] {
  return results.filter(({ scenario }) => protocolOf(scenario) === protocol);
}

async function benchTransports(args: BenchArguments, plan: LoadPlan): Promise<void> {
  if (!isPinned) say("two cores and taskset are not to be had: server and clients share what there is");
  const results = await measureTransports(plan, args.node, (transport) => say(`measuring ${transport} …`));
  say(`\n${formatTransports(plan, results)}\n`);
  // Beside the results of the servers, where both were asked for.
  const name = args.scenarios.length > 0 ? `${args.name}-transports` : args.name;
  const plot = drawTransports(plan, results);
  writeResults(name, createTransportResults(args.node, plan, results), plot);
  say(`all rounds and a plot are in ${resultsPath(name)}.json and .svg`);
  if (args.isQuick) return;
  writeFileSync(transportsPicture, plot);
  say(`the plot is in ${transportsPicture}, too`);
}

// An exit by signal would leave temporary files behind; the servers end when their input does.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

try {
  await bench(parseArguments(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(`${error instanceof ArgumentError ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
