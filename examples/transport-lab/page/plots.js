// The live plots, drawn by uPlot. All panels share their scales, so that they can be compared at a glance.

import uPlot from "./uplot/uPlot.esm.js";

/** How far back the plots reach, in seconds; the lab keeps as many readings. */
export const span = 120;

const height = 132;
/** What is drawn, in seconds: the shortest of these that has room for all readings. */
const spans = [30, 60, span];
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const font = '11px system-ui, "Noto Sans", "Noto Sans CJK SC", sans-serif';

/** Axes have the page's colours, also after the reader's scheme has changed. */
const axis = {
  stroke: () => colour("--quiet"),
  font,
  grid: { stroke: () => colour("--grid"), width: 1 },
  ticks: { show: false },
};

/**
 * Makes a plot in `place`. `series` name a colour each, and whether they are filled; those that are stacked come with the sum
 * of all first, and each is painted over the one before.
 */
export function createPlot(place, { series, format, isLogarithmic }) {
  const scale = { min: isLogarithmic ? 0.1 : 0, max: 1, span: spans[0] };
  const plot = new uPlot(
    {
      width: Math.max(120, place.clientWidth),
      height,
      legend: { show: false },
      cursor: { show: false },
      padding: [8, 16, 0, 0],
      scales: {
        x: { time: false, range: () => [-scale.span, 0] },
        y: { distr: isLogarithmic ? 3 : 1, range: () => [scale.min, scale.max] },
      },
      axes: [
        {
          ...axis,
          size: 26,
          gap: 8,
          splits: () => [3, 2, 1, 0].map((third) => (-third * scale.span) / 3),
          values: (_, splits) => splits.map((split) => `${split} s`.replace("-", "−")),
        },
        {
          ...axis,
          size: 60,
          gap: 4,
          space: 28,
          // Of a logarithm's lines those at 1, 10, 100 are enough.
          ...(isLogarithmic
            ? { filter: keepPowersOfTen, grid: { ...axis.grid, filter: keepPowersOfTen } }
            : {}),
          values: (_, splits) => splits.map((split) => (split === null ? "" : format(split))),
        },
      ],
      series: [
        {},
        ...series.map(({ name, isFilled, dash }) => ({
          stroke: () => colour(name),
          ...(isFilled ? { fill: () => colour(name) } : {}),
          ...(dash === undefined ? {} : { dash }),
          width: isFilled ? 0 : 1.75,
          points: { show: false },
        })),
      ],
    },
    [[], ...series.map(() => [])],
    place,
  );
  new ResizeObserver(() => plot.setSize({ width: Math.max(120, place.clientWidth), height })).observe(place);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => plot.redraw());
  return {
    show(data, { min, max }) {
      const oldest = data[0][0] ?? 0;
      scale.span = spans.find((each) => each >= -oldest) ?? span;
      Object.assign(scale, { min: isLogarithmic ? min : 0, max });
      plot.setData(data);
    },
  };
}

function keepPowersOfTen(_, splits) {
  return splits.map((split) => (Math.abs(Math.log10(split) % 1) < 1e-9 ? split : null));
}

/** The end of a scale that has room for `value`: 1, 2 or 5 with zeros behind it, so that it seldom changes. */
export function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1e-9)));
  return [1, 2, 5, 10].find((factor) => factor * power >= value) * power;
}
