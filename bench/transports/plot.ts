import type { Spread } from "../statistics.ts";
import { spreadOf } from "../statistics.ts";
import { escape, round } from "../svg.ts";
import type { Figure } from "./figures.ts";
import { bytesEach, cpuMicroseconds, delay50, figureAt, ratesOf, titles } from "./figures.ts";
import type { LoadPlan, LoadPoint } from "./load-points.ts";
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

/** What one transport cost under a load; undefined where nothing was measured. */
type SpreadAt = (result: TransportResult, point: LoadPoint) => Spread | undefined;

interface Row {
  readonly title: string;
  readonly unit: string;
  readonly spreadAt: SpreadAt;
}

function rowsOf(results: readonly TransportResult[]): readonly Row[] {
  const reference = results.find(({ transport }) => transport === "websocket");
  const cpuRatioAt: SpreadAt = (result, point) => {
    const [its, least] = [result, reference].map(
      (each) => each && figureAt(each, point, cpuMicroseconds)?.median,
    );
    if (its === undefined || least === undefined) return undefined;
    return spreadOf([its / least]);
  };
  const simply =
    (figure: Figure): SpreadAt =>
    (result, point) =>
      figureAt(result, point, figure);
  return [
    { title: "Server CPU, of one core", unit: "%", spreadAt: simply(({ cpuShare }) => cpuShare * 100) },
    { title: "Server CPU per message, WebSocket is 1", unit: "×", spreadAt: cpuRatioAt },
    { title: "Bytes per message, both ways", unit: "B", spreadAt: simply(bytesEach) },
    { title: "Delivery delay, median", unit: "ms", spreadAt: simply(delay50) },
  ];
}

/** Where a number lies on a logarithmic axis. */
type Scale = (value: number) => number;

interface Line {
  readonly name: TransportResult["transport"];
  readonly points: readonly { readonly clients: number; readonly spread: Spread }[];
}

/** Draws how cost grows with load as SVG: a column for each rate, a row for each kind of cost. */
export function drawTransports(plan: LoadPlan, results: readonly TransportResult[]): string {
  const rates = ratesOf(plan.points);
  const rows = rowsOf(results);
  const panels = rows.flatMap(({ title, unit, spreadAt }, row) => {
    const columns = rates.map((rate) => results.map((result) => createLine(plan, result, rate, spreadAt)));
    // The panels of a row have one scale, so that they can be compared.
    const steps = stepsAround(columns.flat());
    return columns.map((lines, column) => {
      const [x, y] = [margin + column * (panelWidth + margin), margin + row * (panelHeight + margin)];
      const note = `${rates[column]} messages of ${plan.payloadBytes} B a second to each client`;
      return drawPanel({ x, y, title: `${title} (${unit})`, note, unit, lines, steps });
    });
  });
  const width = margin + rates.length * (panelWidth + margin);
  const height = margin + rows.length * (panelHeight + margin);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>What a message costs over each transport, by the number of clients</title>`,
    `<style>${style}\n</style>`,
    `<rect class="ground" width="${width}" height="${height}" rx="8"/>`,
    ...panels,
    "</svg>\n",
  ].join("\n");
}

function createLine(plan: LoadPlan, result: TransportResult, rate: number, spreadAt: SpreadAt): Line {
  const points = plan.points
    .filter(({ ticksPerSecond }) => ticksPerSecond === rate)
    .flatMap((point) => {
      const spread = spreadAt(result, point);
      return spread === undefined ? [] : [{ clients: point.clients, spread }];
    });
  return { name: result.transport, points };
}

/** The steps of the axis around all medians: 1, 3, 10, 30 and so on. A round that was disturbed may reach beyond them. */
function stepsAround(lines: readonly Line[]): readonly number[] {
  const values = lines.flatMap(({ points }) => points.map(({ spread }) => spread.median));
  const positive = values.filter((value) => value > 0);
  if (positive.length === 0) return [];
  const [least, most] = [Math.min(...positive), Math.max(...positive)];
  const steps = Array.from(
    { length: 24 },
    (_, index) => 10 ** Math.floor(index / 2 - 6) * (index % 2 === 0 ? 1 : 3),
  );
  const first = steps.findLastIndex((step) => step <= least);
  const last = Math.max(
    first + 1,
    steps.findIndex((step) => step >= most),
  );
  return steps.slice(Math.max(0, first), last + 1);
}

interface Panel {
  readonly x: number;
  readonly y: number;
  readonly title: string;
  readonly note: string;
  readonly unit: string;
  readonly lines: readonly Line[];
  /** Of the vertical axis. */
  readonly steps: readonly number[];
}

function drawPanel({ x, y, title, note, unit, lines, steps }: Panel): string {
  const counts = [...new Set(lines.flatMap(({ points }) => points.map(({ clients }) => clients)))];
  const [left, right] = [x + axisWidth, x + panelWidth - labelWidth];
  const [top, bottom] = [y + headHeight, y + panelHeight - footHeight];
  const widest = Math.log10(Math.max(10, ...counts));
  const xOf: Scale = (clients) => round(left + (Math.log10(clients) / widest) * (right - left));
  const [low = 0, high = 1] = [steps[0], steps.at(-1)].map((step) => Math.log10(step ?? 1));
  const yOf: Scale = (value) => {
    const inside = Math.min(Math.max(Math.log10(value), low), high);
    return round(bottom - ((inside - low) / (high - low)) * (bottom - top));
  };
  return [
    `<text class="title" x="${x}" y="${y + 16}">${escape(title)}</text>`,
    `<text class="note" x="${x}" y="${y + 32}">${escape(note)}</text>`,
    ...steps.map(
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
    ...drawLabels({ lines, right, yOf, bottom, unit }),
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

interface Labels {
  readonly lines: readonly Line[];
  readonly right: number;
  readonly bottom: number;
  readonly yOf: Scale;
  readonly unit: string;
}

/** Each line's name and last value beside its end; names that would cover each other move apart. */
function drawLabels({ lines, right, bottom, yOf, unit }: Labels): readonly string[] {
  const ends = lines
    .flatMap(({ name, points }) => {
      const last = points.at(-1)?.spread.median;
      return last === undefined ? [] : [{ name, last, at: yOf(last) }];
    })
    .toSorted((a, b) => a.at - b.at);
  const places: number[] = [];
  for (const { at } of ends) places.push(Math.max(at, (places.at(-1) ?? 0) + labelHeight));
  // What was moved below the axis moves up again, and what stands above it with it.
  let below = bottom + labelHeight;
  for (let index = places.length - 1; index >= 0; index--) {
    below = Math.min(places[index]!, below - labelHeight);
    places[index] = below;
  }
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
