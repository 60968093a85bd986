import { parseArgs } from "node:util";
import type { OpponentName } from "./opponents.ts";
import { opponentNames, quickOpponents, takesPart } from "./opponents.ts";
import type { Scenario } from "./scenarios.ts";
import { groups, protocolOf, scenarios } from "./scenarios.ts";
import type { LoadPlan } from "./transports/load-points.ts";
import { fullPlan, quickPlan } from "./transports/load-points.ts";

/** How long and how often to measure. */
export interface Pace {
  readonly rounds: number;
  readonly warmupMs: number;
  readonly durationMs: number;
}

/** What was asked for on the command line. */
export interface BenchArguments {
  readonly scenarios: readonly Scenario[];
  readonly opponents: readonly OpponentName[];
  readonly pace: Pace;
  /** How to measure the transports against each other, if that was asked for. */
  readonly transports: LoadPlan | undefined;
  /** The program that runs the JavaScript servers. */
  readonly node: string;
  /** Of the files with the results, without an ending. */
  readonly name: string;
  readonly isQuick: boolean;
  /** Whether everyone was asked who can take part. */
  readonly hasAllOpponents: boolean;
}

/** What stands for the comparison of transports, which has servers, load and a report of its own. */
const transportsName = "transports";

/** The sentence is for the person at the terminal; there is nothing to trace. */
export class ArgumentError extends Error {}

/** Many short rounds rather than few long ones: what disturbs the machine then disturbs all servers of a round alike. */
const paces = {
  full: { rounds: 9, warmupMs: 300, durationMs: 1000 },
  quick: { rounds: 3, warmupMs: 150, durationMs: 400 },
} satisfies Record<string, Pace>;

const optionTypes = {
  quick: { type: "boolean", default: false },
  against: { type: "string" },
  node: { type: "string", default: process.execPath },
  rounds: { type: "string" },
  name: { type: "string" },
} as const;

/**
 * Reads `[scenario or group…] [--quick] [--against NAMES] [--rounds N] [--node FILE] [--name NAME]`.
 *
 * @throws ArgumentError that says what is allowed.
 */
export function parseArguments(args: readonly string[]): BenchArguments {
  const { values, positionals } = parse(args);
  const pace = values.quick ? paces.quick : paces.full;
  const plan = values.quick ? quickPlan : fullPlan;
  const rounds = values.rounds === undefined ? {} : { rounds: parseRounds(values.rounds) };
  const names = positionals.filter((name) => name !== transportsName);
  const isTransportsAlone = names.length === 0 && positionals.length > 0;
  const hasTransports = names.length < positionals.length || positionals.length === 0;
  const named = isTransportsAlone ? [] : selectScenarios(names);
  const opponents = selectOpponents(values.against, values.quick, named);
  return {
    scenarios: named.filter((scenario) => opponents.some((name) => takesPartIn(name, scenario))),
    opponents,
    pace: { ...pace, ...rounds },
    transports: hasTransports ? { ...plan, ...rounds } : undefined,
    node: values.node,
    name: checkName(values.name ?? defaultName(positionals, values.quick)),
    isQuick: values.quick,
    hasAllOpponents: !values.quick && values.against === undefined,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: optionTypes, allowPositionals: true });
  } catch (error) {
    const allowed = Object.keys(optionTypes).map((name) => `--${name}`);
    throw new ArgumentError(`${(error as Error).message}; the options are ${allowed.join(", ")}`, {
      cause: error,
    });
  }
}

function selectScenarios(names: readonly string[]): readonly Scenario[] {
  if (names.length === 0) return scenarios;
  for (const name of names) {
    if (scenarios.some((scenario) => scenario.name === name || scenario.group === name)) continue;
    const single = scenarios.map((scenario) => scenario.name);
    throw new ArgumentError(
      `there is no scenario "${name}"; there are the groups ${[...groups, transportsName].join(", ")}, and ${single.join(", ")}`,
    );
  }
  return scenarios.filter(({ name, group }) => names.includes(name) || names.includes(group));
}

/** Those who take part in at least one of the scenarios. */
function selectOpponents(
  list: string | undefined,
  isQuick: boolean,
  measured: readonly Scenario[],
): readonly OpponentName[] {
  const able = opponentNames.filter((name) => measured.some((scenario) => takesPartIn(name, scenario)));
  if (list === undefined) {
    return able.filter((name) => (isQuick ? quickOpponents.includes(name) : name !== "again"));
  }
  const names = new Set(list.split(",").map((name) => name.trim()));
  const unable = [...names].find((name) => !(able as readonly string[]).includes(name));
  if (unable === undefined) return able.filter((name) => names.has(name));
  throw new ArgumentError(`--against has "${unable}"; ${describeAllowed(able, measured)}`);
}

function takesPartIn(name: OpponentName, scenario: Scenario): boolean {
  return takesPart(name, protocolOf(scenario));
}

function describeAllowed(able: readonly OpponentName[], measured: readonly Scenario[]): string {
  if (able.length === 0) return "transports are measured against each other, and against nobody else";
  const protocols = [...new Set(measured.map(protocolOf))].map((protocol) => protocolTitles[protocol]);
  return `for ${protocols.join(" and ")} it takes one or more of ${able.join(",")}, with commas between them`;
}

const protocolTitles = { websocket: "WebSockets", http: "HTTP" } as const;

function parseRounds(text: string): number {
  const rounds = Number(text);
  if (Number.isInteger(rounds) && rounds >= 1 && rounds <= 100) return rounds;
  throw new ArgumentError(`--rounds is "${text}"; it takes a whole number from 1 to 100`);
}

function defaultName(positionals: readonly string[], isQuick: boolean): string {
  const what = positionals.length === 0 ? ["all"] : positionals;
  return [...what, ...(isQuick ? ["quick"] : [])].join("-");
}

function checkName(name: string): string {
  if (/^[\w.-]+$/.test(name) && !name.startsWith(".")) return name;
  throw new ArgumentError(`--name is "${name}"; it takes letters, digits, "-", "_" and "."`);
}
