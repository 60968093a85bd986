import { formatTable } from "../table.ts";
import type { Figure } from "./figures.ts";
import { bytesEach, cpuMicroseconds, delay50, figureAt, ratesOf, titles } from "./figures.ts";
import type { LoadPlan, LoadPoint } from "./load-points.ts";
import type { TransportResult } from "./measure.ts";

const delay99: Figure = ({ delayMs }) => delayMs?.p99;

/** The columns of the table: what each is called, and what stands in it. */
const columns: readonly (readonly [heading: string, figure: Figure])[] = [
  ["to client: headers B", ({ perMessage }) => perMessage?.sent.headers],
  ["payload B", ({ perMessage }) => perMessage?.sent.payload],
  ["from client: headers B", ({ perMessage }) => perMessage?.received.headers],
  ["payload B", ({ perMessage }) => perMessage?.received.payload],
  ["requests", ({ perMessage }) => perMessage?.requests],
  ["p50 ms", delay50],
  ["p99 ms", delay99],
  ["CPU µs", cpuMicroseconds],
];

/** The tables of all loads, and how much WebSocket's advantage grows, as lines for a terminal. */
export function formatTransports(plan: LoadPlan, results: readonly TransportResult[]): string {
  return [
    `for each message of ${plan.payloadBytes} bytes, medians of ${plan.rounds} rounds; polling every ${plan.pollIntervalMs} ms`,
    ...ratesOf(plan.points).flatMap((rate) => formatRate(plan, results, rate)),
    "",
    "how many times WebSocket's cost",
    ...formatTable([
      ["", ...plan.points.map(({ clients, ticksPerSecond }) => `${clients} × ${ticksPerSecond}/s`)],
      ...ratioRows(plan, results, "CPU", cpuMicroseconds),
      ...ratioRows(plan, results, "bytes", bytesEach),
    ]),
    ...results.flatMap(formatLosses),
  ].join("\n");
}

function formatRate(plan: LoadPlan, results: readonly TransportResult[], rate: number): readonly string[] {
  const headings = columns.map(([heading]) => heading);
  const rows = pointsAt(plan, rate).flatMap((point) => results.map((result) => formatRow(result, point)));
  const title = `${rate} messages a second to each client`;
  return ["", title, ...formatTable([["", ...headings], ...rows])];
}

function pointsAt({ points }: LoadPlan, rate: number): readonly LoadPoint[] {
  return points.filter(({ ticksPerSecond }) => ticksPerSecond === rate);
}

function formatRow(result: TransportResult, point: LoadPoint): readonly string[] {
  const clients = point.clients === 1 ? "1 client" : `${point.clients} clients`;
  return [
    `${clients}, ${titles[result.transport]}`,
    ...columns.map(([, figure]) => formatNumber(figureAt(result, point, figure)?.median)),
  ];
}

function ratioRows(
  plan: LoadPlan,
  results: readonly TransportResult[],
  name: string,
  figure: Figure,
): readonly (readonly string[])[] {
  const reference = results.find(({ transport }) => transport === "websocket");
  if (reference === undefined) return [];
  const others = results.filter((result) => result !== reference);
  return others.map((result) => {
    const ratios = plan.points.map((point) => {
      const [its, least] = [figureAt(result, point, figure), figureAt(reference, point, figure)];
      return its && least ? formatNumber(its.median / least.median) : "–";
    });
    return [`${name}, ${titles[result.transport]}`].concat(ratios);
  });
}

/** A transport that lost messages or clients has not carried the load that its numbers are divided by. */
function formatLosses({ transport, points }: TransportResult): readonly string[] {
  return points
    .filter(({ missed, failures }) => missed > 0 || failures > 0)
    .map(
      ({ clients, ticksPerSecond, missed, failures }) =>
        `${titles[transport]} with ${clients} clients at ${ticksPerSecond}/s: ${missed} messages missed, ${failures} connections lost`,
    );
}

function formatNumber(value: number | undefined): string {
  if (value === undefined) return "–";
  const fraction = value >= 100 || value === 0 ? 0 : value >= 10 ? 1 : 2;
  return value.toFixed(fraction);
}
