import type { ServerName } from "./opponents.ts";
import { serverTitle, subject } from "./opponents.ts";
import type { ScenarioResult } from "./rounds.ts";
import { ratioSpread } from "./report.ts";
import type { Spread } from "./statistics.ts";
import { formatRatio } from "./table.ts";

/**
 * What a run measured as tables in Markdown, as they stand in docs/performance.md: how many times Waterspout did what each of the
 * others did, and how many requests or messages it had for a second of its processor time, by theirs.
 */
export function formatMarkdown(results: readonly ScenarioResult[]): string {
  const tables = [
    { title: "throughput", figure: throughputRatio },
    { title: "per CPU second", figure: processorRatio },
  ];
  return tables
    .map(({ title, figure }) => formatTable(title, results, figure))
    .filter((table) => table !== "")
    .join("\n\n");
}

type Figure = (result: ScenarioResult, opponent: ServerName) => Spread | undefined;

const throughputRatio: Figure = ({ servers }, opponent) =>
  ratioSpread(
    servers.find(({ name }) => name === subject),
    servers.find(({ name }) => name === opponent),
  );

/** Processor time is a cost: theirs by ours. */
const processorRatio: Figure = ({ servers }, opponent) =>
  ratioSpread(
    servers.find(({ name }) => name === opponent),
    servers.find(({ name }) => name === subject),
    "cpuMicroseconds",
  );

function formatTable(title: string, results: readonly ScenarioResult[], figure: Figure): string {
  const names = results.flatMap(({ servers }) => servers.map(({ name }) => name));
  const opponents = [...new Set(names)].filter((name) => name !== subject);
  const rows = results.flatMap((result) => {
    const ratios = opponents.map((opponent) => figure(result, opponent));
    return ratios.some(Boolean)
      ? [[titleOf(result), ...ratios.map((ratio) => (ratio === undefined ? "–" : formatRatio(ratio)))]]
      : [];
  });
  if (rows.length === 0) return "";
  return formatRows([[title, ...opponents.map((name) => `÷ ${serverTitle(name)}`)], ...rows]);
}

/** In the rows with a star less is better. */
function titleOf({ scenario }: ScenarioResult): string {
  return scenario.load === "hold" ? `${scenario.title}*` : scenario.title;
}

function formatRows([head = [], ...rows]: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]!.length)));
  const formatRow = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`;
  const line = widths.map((width) => "-".repeat(width));
  return [head, line, ...rows].map(formatRow).join("\n");
}
