/**
 * `npm run bench`: measures Waterspout and others side by side; docs/performance.md says how.
 *
 *     npm run bench                                 everything
 *     npm run bench -- echo --quick                 one group of scenarios, against ws and Bun, within a minute
 *     npm run bench -- deflate --against ws,bun     against those named
 *     npm run bench -- --node /path/to/node         the JavaScript servers on another Node.js
 */
import type { BenchArguments } from "./arguments.ts";
import { ArgumentError, parseArguments } from "./arguments.ts";
import { buildLoad } from "./load-process.ts";
import { isPinned } from "./pinning.ts";
import { formatScenario } from "./report.ts";
import { installOpponents } from "./requirements.ts";
import { measureScenario } from "./rounds.ts";

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

async function bench(args: BenchArguments): Promise<void> {
  if (process.platform !== "linux")
    throw new Error("the benchmark reads /proc and uses epoll: it needs Linux");
  installOpponents(say);
  buildLoad();
  if (!isPinned) say("two cores and taskset are not to be had: servers and load share what there is");
  for (const scenario of args.scenarios) {
    const result = await measureScenario(scenario, args);
    say(`${formatScenario(result)}\n`);
  }
}

try {
  await bench(parseArguments(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(`${error instanceof ArgumentError ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
