import type { BenchArguments, Pace } from "./arguments.ts";
import { Load } from "./load-process.ts";
import type { ServerCommand, ServerName } from "./opponents.ts";
import { serverCommand, serverTitle, subject, takesPart } from "./opponents.ts";
import { askForPages, writeFiles } from "./pages.ts";
import type { Scenario, SocketScenario } from "./scenarios.ts";
import { protocolOf } from "./scenarios.ts";
import { compressionOffers } from "./compression.ts";
import { agreeOnCompression, openings } from "./negotiation.ts";
import { createCompressedUnits, createMessages, createUnits } from "./script-file.ts";
import { ServerProcess } from "./server-process.ts";
import type { ServerOptions } from "./servers/contract.ts";
import type { HttpServerOptions } from "./servers/http/options.ts";

/** What one server did in one round. */
export interface Measurement {
  /** In the scenario's unit: so many a second, or bytes per connection. */
  readonly value: number;
  /** The server's processor time for each message, delivery, handshake or request, all its threads together. */
  readonly cpuMicroseconds?: number;
  readonly residentBytes?: number;
  /** The part of a core that the server and the load generator used. */
  readonly serverShare?: number;
  readonly loadShare?: number;
}

/** All rounds of one server in one scenario. */
export interface ServerResult {
  readonly name: ServerName;
  readonly title: string;
  readonly rounds: (Measurement | undefined)[];
  /** Why it did not take part, or not to the end. */
  problem?: string;
  /** The answer to the offer of compression. */
  agreed?: string;
}

export interface ScenarioResult {
  readonly scenario: Scenario;
  readonly servers: readonly ServerResult[];
}

/** A server that takes part in a scenario. */
interface Contestant {
  readonly result: ServerResult;
  readonly measure: (pace: Pace) => Promise<Measurement>;
  readonly stop: () => Promise<void>;
}

const messageBytesMax = 4 * 1024 * 1024;
/** How many connections there are before memory is first measured, so that what a first connection loads is not counted. */
const baseConnections = 100;

/** Lets all servers take turns, in an order that is turned round in every second round. */
export async function measureScenario(scenario: Scenario, args: BenchArguments): Promise<ScenarioResult> {
  const opponents = args.opponents.filter((name) => takesPart(name, protocolOf(scenario)));
  const names: readonly ServerName[] = [subject, ...opponents];
  const servers: ServerResult[] = [];
  const contestants: Contestant[] = [];
  try {
    for (const name of names) {
      const result: ServerResult = { name, title: serverTitle(name), rounds: [] };
      servers.push(result);
      await attempt(result, async () => {
        contestants.push(await enter(scenario, result, args.node));
      });
    }
    const isThroughput = scenario.load !== "hold";
    // A first turn that is not counted: the code of each server becomes machine code.
    if (isThroughput) await takeTurns(contestants, { ...args.pace, warmupMs: 0 }, undefined);
    for (let round = 0; round < args.pace.rounds; round++) {
      const order = round % 2 === 0 ? contestants : contestants.toReversed();
      await takeTurns(order, args.pace, round);
    }
  } finally {
    await Promise.all(contestants.map(({ stop }) => stop()));
  }
  return { scenario, servers };
}

async function takeTurns(
  contestants: readonly Contestant[],
  pace: Pace,
  round: number | undefined,
): Promise<void> {
  for (const { result, measure } of contestants) {
    if (result.problem !== undefined) continue;
    await attempt(result, async () => {
      const measurement = await measure(pace);
      if (round !== undefined) result.rounds[round] = measurement;
    });
  }
}

/** A server that fails is out of this scenario; the others go on. */
async function attempt(result: ServerResult, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    result.problem = (error as Error).message;
  }
}

async function enter(scenario: Scenario, result: ServerResult, node: string): Promise<Contestant> {
  const command = serverCommand(result.name, protocolOf(scenario), node);
  const options = optionsFor(scenario);
  const server = await ServerProcess.start(command, options);
  try {
    const load = await prepareLoad(scenario, command, server, result);
    if (scenario.load !== "hold") {
      return {
        result,
        measure: (pace) => measureThroughput(load, server, pace),
        stop: () => server.stop(),
      };
    }
    await server.stop();
    return { result, measure: () => measureMemory(load, command, options), stop: () => Promise.resolve() };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

function optionsFor(scenario: Scenario): ServerOptions | HttpServerOptions {
  if (scenario.load === "http") return { directory: writeFiles() };
  const mode = scenario.load === "broadcast" ? "broadcast" : "echo";
  return { mode, compression: scenario.compression, messageBytesMax };
}

/** What the clients will send, for which they may have to ask the server first. */
async function prepareLoad(
  scenario: Scenario,
  command: ServerCommand,
  server: ServerProcess,
  result: ServerResult,
): Promise<Load> {
  if (scenario.load === "http") return new Load(scenario, await askForPages(server.port, scenario.page));
  return prepareMessages(scenario, command, server, result);
}

async function prepareMessages(
  scenario: SocketScenario,
  { messages: protocol }: ServerCommand,
  server: ServerProcess,
  result: ServerResult,
): Promise<Load> {
  const messages = createMessages(scenario, protocol);
  const opening = openings[protocol];
  if (scenario.compression === "off") return new Load(scenario, createUnits(messages), opening);
  const extensions = compressionOffers[scenario.compression];
  const agreed = await agreeOnCompression(server.port, protocol, extensions, messages);
  result.agreed = agreed.text;
  return new Load(scenario, createCompressedUnits(messages, agreed), { ...opening, extensions });
}

async function measureThroughput(load: Load, server: ServerProcess, pace: Pace): Promise<Measurement> {
  const { count, seconds, serverCpuSeconds, loadCpuSeconds, serverBytes } = await load.run(server, pace);
  return {
    value: count / seconds,
    cpuMicroseconds: (serverCpuSeconds / count) * 1e6,
    residentBytes: serverBytes,
    serverShare: serverCpuSeconds / seconds,
    loadShare: loadCpuSeconds / seconds,
  };
}

/** In a new process each time: memory that was once taken is not always given back. */
async function measureMemory(
  load: Load,
  command: ServerCommand,
  options: ServerOptions | HttpServerOptions,
): Promise<Measurement> {
  const server = await ServerProcess.start(command, options);
  try {
    return { value: await load.measureMemory(server, baseConnections) };
  } finally {
    await server.stop();
  }
}
