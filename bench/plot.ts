import { references, subject } from "./opponents.ts";
import { ratioSpread } from "./report.ts";
import type { ScenarioResult, ServerResult } from "./rounds.ts";
import { protocolOf } from "./scenarios.ts";
import type { Spread } from "./statistics.ts";
import { escape, round } from "./svg.ts";

const panelWidth = 440;
const labelWidth = 172;
const valueWidth = 56;
const barHeight = 14;
const rowHeight = 20;
const headHeight = 52;
const margin = 16;
const columns = 2;

/** It has a ground of its own, so that it can be read wherever it is shown; the colours follow the reader's scheme. */
const style = `
  .ground { fill: #ffffff } text { font: 12px system-ui, sans-serif; fill: #1f2937 }
  .title { font-weight: 600; font-size: 13px } .note { fill: #6b7280; font-size: 11px }
  .value { paint-order: stroke; stroke: #ffffff; stroke-width: 4px }
  .bar { fill: #b6bfcc } .ours { fill: #2563eb } .ours-too { fill: #93b4f5 } .one { stroke: #6b7280; stroke-dasharray: 3 3 }
  .range { stroke: #1f2937; stroke-width: 1.5 }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117 } text { fill: #e6edf3 } .note { fill: #9198a1 }
    .value { stroke: #0d1117 }
    .bar { fill: #4b5563 } .ours { fill: #4f8cff } .ours-too { fill: #2c4f8f } .one { stroke: #9198a1 } .range { stroke: #e6edf3 }
  }`;

interface Bar {
  readonly title: string;
  readonly className: string;
  readonly ratio: Spread;
}

interface Panel {
  readonly title: string;
  readonly note: string;
  readonly bars: readonly Bar[];
}

/** Draws the ratios of a run as SVG: a panel for each scenario, in which the reference is 1. */
export function drawPlot(results: readonly ScenarioResult[]): string {
  const panels = results.map(createPanel).filter(({ bars }) => bars.length > 0);
  const rows: (readonly Panel[])[] = [];
  for (let i = 0; i < panels.length; i += columns) rows.push(panels.slice(i, i + columns));
  let y = margin;
  const drawn: string[] = [];
  for (const row of rows) {
    drawn.push(...row.map((panel, column) => drawPanel(panel, margin + column * (panelWidth + margin), y)));
    y += headHeight + Math.max(...row.map(({ bars }) => bars.length)) * rowHeight + margin;
  }
  const width = margin + columns * (panelWidth + margin);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" width="${width}" height="${y}" role="img">`,
    `<title>Waterspout and other servers, measured side by side</title>`,
    `<style>${style}\n</style>`,
    `<rect class="ground" width="${width}" height="${y}" rx="8"/>`,
    ...drawn,
    "</svg>\n",
  ].join("\n");
}

function createPanel({ scenario, servers }: ScenarioResult): Panel {
  const measured = servers.filter(({ rounds }) => rounds.some(Boolean));
  const reference =
    measured.find(({ name }) => name === references[protocolOf(scenario)]) ??
    measured.find(({ name }) => name === subject);
  const isMemory = scenario.load === "hold";
  return {
    title: scenario.title,
    note: `${isMemory ? "memory: less is better" : `${scenario.unit} per second: more is better`}; ${reference?.title ?? ""} is 1`,
    bars: measured.flatMap((server) => {
      const ratio = ratioSpread(server, reference);
      return ratio === undefined ? [] : [{ title: server.title, className: classOf(server), ratio }];
    }),
  };
}

function classOf({ name }: ServerResult): string {
  if (name === subject) return "bar ours";
  return name === "access-log" || name === "data-events" || name === "again" ? "bar ours-too" : "bar";
}

function drawPanel({ title, note, bars }: Panel, x: number, y: number): string {
  const span = panelWidth - labelWidth - valueWidth;
  const longest = Math.max(1, ...bars.map(({ ratio }) => ratio.max));
  const widthOf = (ratio: number): number => round((ratio / longest) * span);
  const start = x + labelWidth;
  const top = y + headHeight;
  const one = start + widthOf(1);
  return [
    `<text class="title" x="${x}" y="${y + 16}">${escape(title)}</text>`,
    `<text class="note" x="${x}" y="${y + 34}">${escape(note)}</text>`,
    `<line class="one" x1="${one}" x2="${one}" y1="${top - 4}" y2="${top + bars.length * rowHeight - 2}"/>`,
    ...bars.map(({ title: name, className, ratio }, index) => {
      const barTop = top + index * rowHeight;
      const middle = barTop + barHeight / 2;
      return [
        `<text x="${start - 8}" y="${middle + 4}" text-anchor="end">${escape(name)}</text>`,
        `<rect class="${className}" x="${start}" y="${barTop}" width="${widthOf(ratio.median)}" height="${barHeight}" rx="2"/>`,
        `<line class="range" x1="${start + widthOf(ratio.min)}" x2="${start + widthOf(ratio.max)}" y1="${middle}" y2="${middle}"/>`,
        `<text class="value" x="${start + widthOf(ratio.max) + 6}" y="${middle + 4}">${formatRatio(ratio.median)}</text>`,
      ].join("\n");
    }),
  ].join("\n");
}

function formatRatio(ratio: number): string {
  return `${ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(2)} ×`;
}
