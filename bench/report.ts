import type { Measurement, ScenarioResult, ServerResult } from "./rounds.ts";
import { references, serverTitle, subject } from "./opponents.ts";
import { protocolOf } from "./scenarios.ts";
import type { Spread } from "./statistics.ts";
import { ratiosOf, spreadOf } from "./statistics.ts";
import { formatCount, formatRatio, formatTable } from "./table.ts";

const headings = (reference: string): readonly string[] => [
  "",
  "median",
  "lowest – highest",
  "Waterspout ÷ it",
  "per CPU second",
  `it ÷ ${reference}`,
  "CPU µs each",
  "memory",
  "server CPU",
  "load CPU",
];

/** The table of one scenario, as lines for a terminal. */
export function formatScenario({ scenario, servers }: ScenarioResult): string {
  const ours = servers.find(({ name }) => name === subject);
  const referenceName = references[protocolOf(scenario)];
  const reference = servers.find(({ name }) => name === referenceName);
  const rows = servers.map((server) => formatServer(server, ours, reference));
  const unit = scenario.load === "hold" ? scenario.unit : `${scenario.unit} per second`;
  const problems = servers.flatMap(({ title, problem }) =>
    problem === undefined ? [] : [`${title}: ${problem}`],
  );
  const agreements = servers.flatMap(({ title, agreed }) =>
    agreed === undefined ? [] : [`${title} agreed to ${agreed}`],
  );
  const table = formatTable([headings(serverTitle(referenceName)), ...rows]);
  const notes = servers.some(isDisturbed) ? [disturbance] : [];
  return [`${scenario.title} (${unit})`, ...table, ...agreements, ...problems, ...notes].join("\n");
}

const disturbance =
  "Neither server nor load had its core to itself all the time: go by the ratios per CPU second.";

/** When neither side is at its limit, another program had the core: there is always more to do for one of the two. */
function isDisturbed({ rounds }: ServerResult): boolean {
  const idle = rounds.filter((round) => Math.max(round?.serverShare ?? 1, round?.loadShare ?? 1) < fullShare);
  return idle.length > rounds.length / 2;
}

/** Of a core that one process has to itself, less what it takes to measure that. */
const fullShare = 0.85;

function formatServer(
  server: ServerResult,
  ours: ServerResult | undefined,
  reference: ServerResult | undefined,
): readonly string[] {
  const values = numbersOf(server, "value");
  if (values.length === 0) return [server.title, "–"];
  const { median, min, max } = spreadOf(values);
  return [
    server.title,
    formatCount(median),
    `${formatCount(min)} – ${formatCount(max)}`,
    server === ours ? "" : formatShared(ratioSpread(ours, server)),
    // Processor time is a cost: the less, the more fit into a second of it.
    server === ours ? "" : formatShared(ratioSpread(server, ours, "cpuMicroseconds")),
    server === reference ? "" : formatShared(ratioSpread(server, reference)),
    formatMedian(server, "cpuMicroseconds", (value) => value.toFixed(2)),
    formatMedian(server, "residentBytes", (bytes) => `${(bytes / 2 ** 20).toFixed(0)} MiB`),
    formatMedian(server, "serverShare", formatPercent),
    formatMedian(server, "loadShare", formatPercent),
  ];
}

/** How many times one server's numbers are another's, within each round. */
export function ratioSpread(
  ours: ServerResult | undefined,
  theirs: ServerResult | undefined,
  field: keyof Measurement = "value",
): Spread | undefined {
  if (ours === undefined || theirs === undefined) return undefined;
  const valuesOf = ({ rounds }: ServerResult): (number | undefined)[] =>
    rounds.map((round) => round?.[field]);
  const ratios = ratiosOf(valuesOf(ours), valuesOf(theirs));
  return ratios.length === 0 ? undefined : spreadOf(ratios);
}

function numbersOf(server: ServerResult, field: keyof Measurement): readonly number[] {
  return server.rounds.flatMap((round) => round?.[field] ?? []);
}

function formatMedian(
  server: ServerResult,
  field: keyof Measurement,
  format: (value: number) => string,
): string {
  const values = numbersOf(server, field);
  return values.length === 0 ? "" : format(spreadOf(values).median);
}

/** Two servers that no round has in common have no ratio. */
function formatShared(ratio: Spread | undefined): string {
  return ratio === undefined ? "" : formatRatio(ratio);
}

function formatPercent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
