import type { Spread } from "../statistics.ts";
import { escape, round } from "../svg.ts";
import type { Figure } from "./figures.ts";
import { bytesEach, cpuMicroseconds, delay50, figureAt, ratesOf, titles } from "./figures.ts";
import type { LoadPlan } from "./load-points.ts";
import type { TransportResult } from "./measure.ts";

const panelWidth = 440;
const panelHeight = 236;
const margin = 16;
const headHeight = 44;
const footHeight = 40;
const axisWidth = 46;
const labelWidth = 142;
const labelHeight = 15;

/** It has a ground of its own, so that it can be read wherever it is shown; the colours follow the reader's scheme. */
const style = `
  .ground { fill: #ffffff } text { font: 12px system-ui, sans-serif; fill: #1f2937 }
  .title { font-weight: 600; font-size: 13px } .note { fill: #6b7280; font-size: 11px }
  .grid { stroke: #e5e7eb } .line { fill: none; stroke-width: 2 } .range { stroke-width: 1.25 }
  .polling { stroke: #be185d } .long-polling { stroke: #c2680a } .sse { stroke: #0f8a7e } .websocket { stroke: #2563eb; stroke-width: 2.75 }
  circle { stroke-width: 0 } circle.polling { fill: #be185d } circle.long-polling { fill: #c2680a }
  circle.sse { fill: #0f8a7e } circle.websocket { fill: #2563eb; stroke-width: 0 } .leader { stroke-width: 1; opacity: 0.55 }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117 } text { fill: #e6edf3 } .note { fill: #9198a1 } .grid { stroke: #262c36 }
    .polling { stroke: #f472b6 } .long-polling { stroke: #f0a04b } .sse { stroke: #2dd4bf } .websocket { stroke: #4f8cff }
    circle.polling { fill: #f472b6 } circle.long-polling { fill: #f0a04b } circle.sse { fill: #2dd4bf } circle.websocket { fill: #4f8cff }
  }`;

const figures: readonly { readonly title: string; readonly unit: string; readonly figure: Figure }[] = [
  { title: "Server CPU per message", unit: "µs", figure: cpuMicroseconds },
  { title: "Bytes per message, both ways", unit: "B", figure: bytesEach },
  { title: "Delivery delay, median", unit: "ms", figure: delay50 },
];

/** Where a number lies on a logarithmic axis. */
type Scale = (value: number) => number;

interface Line {
  readonly name: TransportResult["transport"];
  readonly points: readonly { readonly clients: number; readonly spread: Spread }[];
}

/** Draws how cost grows with load as SVG: a column for each rate, a row for each kind of cost. */
export function drawTransports(plan: LoadPlan, results: readonly TransportResult[]): string {
  const rates = ratesOf(plan.points);
  const panels = figures.flatMap(({ title, unit, figure }, row) => {
    const columns = rates.map((rate) => results.map((result) => createLine(plan, result, rate, figure)));
    // The panels of a row have one scale, so that they can be compared.
    const ends = rangeOf(columns.flat());
    return columns.map((lines, column) => {
      const [x, y] = [margin + column * (panelWidth + margin), margin + row * (panelHeight + margin)];
      const note = `${rates[column]} messages of ${plan.payloadBytes} B a second to each client`;
      return ends === undefined
        ? ""
        : drawPanel({ x, y, title: `${title} (${unit})`, note, unit, lines, ends });
    });
  });
  const width = margin + rates.length * (panelWidth + margin);
  const height = margin + figures.length * (panelHeight + margin);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>What a message costs over each transport, by the number of clients</title>`,
    `<style>${style}\n</style>`,
    `<rect class="ground" width="${width}" height="${height}" rx="8"/>`,
    ...panels,
    "</svg>\n",
  ].join("\n");
}

function createLine(plan: LoadPlan, result: TransportResult, rate: number, figure: Figure): Line {
  const points = plan.points
    .filter(({ ticksPerSecond }) => ticksPerSecond === rate)
    .flatMap((point) => {
      const spread = figureAt(result, point, figure);
      return spread === undefined ? [] : [{ clients: point.clients, spread }];
    });
  return { name: result.transport, points };
}

/** The powers of ten around everything that is drawn. */
function rangeOf(lines: readonly Line[]): readonly [low: number, high: number] | undefined {
  const values = lines.flatMap(({ points }) => points.flatMap(({ spread: { min, max } }) => [min, max]));
  const positive = values.filter((value) => value > 0);
  if (positive.length === 0) return undefined;
  const low = Math.floor(Math.log10(Math.min(...positive)));
  return [low, Math.max(low + 1, Math.ceil(Math.log10(Math.max(...positive))))];
}

interface Panel {
  readonly x: number;
  readonly y: number;
  readonly title: string;
  readonly note: string;
  readonly unit: string;
  readonly lines: readonly Line[];
  readonly ends: readonly [low: number, high: number];
}

function drawPanel({ x, y, title, note, unit, lines, ends: [low, high] }: Panel): string {
  const counts = [...new Set(lines.flatMap(({ points }) => points.map(({ clients }) => clients)))];
  const [left, right] = [x + axisWidth, x + panelWidth - labelWidth];
  const [top, bottom] = [y + headHeight, y + panelHeight - footHeight];
  const widest = Math.log10(Math.max(10, ...counts));
  const xOf: Scale = (clients) => round(left + (Math.log10(clients) / widest) * (right - left));
  const yOf: Scale = (value) =>
    round(bottom - ((Math.log10(Math.max(value, 10 ** low)) - low) / (high - low)) * (bottom - top));
  const decades = Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index));
  return [
    `<text class="title" x="${x}" y="${y + 16}">${escape(title)}</text>`,
    `<text class="note" x="${x}" y="${y + 32}">${escape(note)}</text>`,
    ...decades.map(
      (value) =>
        `<line class="grid" x1="${left}" x2="${right}" y1="${yOf(value)}" y2="${yOf(value)}"/>` +
        `<text class="note" x="${left - 6}" y="${yOf(value) + 4}" text-anchor="end">${formatCount(value)}</text>`,
    ),
    ...counts.map(
      (count) =>
        `<text class="note" x="${xOf(count)}" y="${bottom + 16}" text-anchor="middle">${formatCount(count)}</text>`,
    ),
    `<text class="note" x="${(left + right) / 2}" y="${bottom + 31}" text-anchor="middle">clients</text>`,
    ...lines.map((line) => drawLine(line, xOf, yOf)),
    ...drawLabels(lines, right, yOf, top, unit),
  ].join("\n");
}

function drawLine({ name, points }: Line, xOf: Scale, yOf: Scale): string {
  const path = points.map(({ clients, spread }) => `${xOf(clients)},${yOf(spread.median)}`).join(" ");
  return [
    `<polyline class="line ${name}" points="${path}"/>`,
    ...points.map(({ clients, spread: { median, min, max } }) => {
      const x = xOf(clients);
      return (
        `<line class="range ${name}" x1="${x}" x2="${x}" y1="${yOf(min)}" y2="${yOf(max)}"/>` +
        `<circle class="${name}" cx="${x}" cy="${yOf(median)}" r="3"/>`
      );
    }),
  ].join("\n");
}

/** Each line's name and last value beside its end; names that would cover each other move apart. */
function drawLabels(
  lines: readonly Line[],
  right: number,
  yOf: Scale,
  top: number,
  unit: string,
): readonly string[] {
  const ends = lines
    .flatMap(({ name, points }) => {
      const last = points.at(-1)?.spread.median;
      return last === undefined ? [] : [{ name, last, at: yOf(last) }];
    })
    .toSorted((a, b) => a.at - b.at);
  const places: number[] = [];
  for (const { at } of ends) places.push(Math.max(at, (places.at(-1) ?? top - labelHeight) + labelHeight));
  return ends.map(({ name, last, at }, index) => {
    const place = round(places[index]!);
    return (
      `<line class="leader ${name}" x1="${right + 5}" x2="${right + 17}" y1="${at}" y2="${place}"/>` +
      `<text x="${right + 21}" y="${round(place + 4)}">${escape(`${titles[name]} ${formatValue(last)} ${unit}`)}</text>`
    );
  });
}

function formatCount(value: number): string {
  return `${round(value * 10) / 10}`.replace(/\B(?=(\d{3})+$)/g, " ");
}

function formatValue(value: number): string {
  return value >= 10 ? formatCount(Math.round(value)) : value.toFixed(1);
}
