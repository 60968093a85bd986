// One transport's panel: its numbers, and three plots.

import {
  bytes,
  bytesPerSecond,
  count,
  microseconds,
  milliseconds,
  none,
  perSecond,
  whole,
} from "./format.js";
import { createOwnConnection } from "./own-connection.js";
import { createPlot } from "./plots.js";
import { text } from "./texts.js";

const plots = {
  bytes: {
    title: text.bytesPlot,
    format: bytesPerSecond,
    series: [
      { name: "--received", label: text.receivedBytes, isFilled: true },
      { name: "--headers", label: text.sentHeaders, isFilled: true },
      { name: "--payload", label: text.sentPayload, isFilled: true },
    ],
  },
  delay: {
    title: text.delayPlot,
    format: milliseconds,
    isLogarithmic: true,
    series: [
      { name: "--line", label: text.half },
      { name: "--line-too", label: text.most, dash: [5, 4] },
    ],
  },
  cpu: { title: text.cpuPlot, format: microseconds, series: [{ name: "--line", label: text.cpu }] },
};

const facts = [
  ["delay50", ({ costs }) => milliseconds(costs?.delayMs?.p50)],
  ["delay99", ({ costs }) => milliseconds(costs?.delayMs?.p99)],
  ["cpuEach", ({ costs }) => microseconds(costs?.perMessage?.cpuMicroseconds)],
  ["requestsEach", ({ costs }) => count(costs?.perMessage?.requests)],
  ["messages", ({ costs }) => (costs ? perSecond(costs.messagesPerSecond) : none)],
  ["requests", ({ costs }) => (costs ? perSecond(costs.requestsPerSecond) : none)],
  ["open_", ({ server }) => whole(server.open)],
  ["missed", ({ clients }) => `${whole(clients.missed)} / ${whole(clients.failures)}`],
];

/** Makes the panel of a transport; `show` draws a reading and those before it. */
export function createPanel(place, transport) {
  const panel = create(place, "section", "panel");
  panel.id = transport;
  create(panel, "h2").textContent = text[transport];
  create(panel, "p", "about").textContent = text[`${transport}-about`];

  create(panel, "h3").textContent = text.bytesEach;
  const splits = { sent: createSplit(panel, "sent"), received: createSplit(panel, "received") };

  const list = create(panel, "dl");
  const values = facts.map(([name, valueOf]) => {
    const row = create(list, "div");
    create(row, "dt").textContent = text[name];
    const value = create(row, "dd");
    value.dataset.fact = name;
    return (lane) => (value.textContent = valueOf(lane));
  });

  const drawn = Object.entries(plots).map(([name, options]) => [name, createFigure(panel, options)]);
  const own = create(panel, "p", "own");
  const connect = createOwnConnection(own, transport);
  return {
    /** `scales` are those of all panels. */
    show(lane, settings, data, scales) {
      connect(lane.port, settings);
      for (const show of values) show(lane);
      for (const [direction, show] of Object.entries(splits)) {
        show(lane.costs?.perMessage?.[direction], scales.bytesEach);
      }
      for (const [name, plot] of drawn) plot.show(data[name], scales[name]);
    },
  };
}

/** Bytes per message in one direction: the number, and a bar of headers and payload. */
function createSplit(panel, direction) {
  const row = create(panel, "div", "split");
  create(row, "span", "direction").textContent = text[direction];
  const total = create(row, "span", "total");
  const bar = create(row, "div", "bar");
  const parts = ["payload", "headers"].map((name) => create(bar, "span", name));
  const words = create(row, "span", "words");
  row.dataset.split = direction;
  return (split, longest) => {
    const both = split && split.headers + split.payload;
    total.textContent = bytes(both);
    words.textContent = split
      ? `${bytes(split.headers)} ${text.headers} + ${bytes(split.payload)} ${text.payloadBytes}`
      : none;
    const widths = [split?.payload ?? 0, split?.headers ?? 0];
    for (const [index, part] of parts.entries()) {
      part.style.width = `${(widths[index] / longest) * 100}%`;
    }
  };
}

function createFigure(panel, { title, series, ...options }) {
  const figure = create(panel, "figure");
  const caption = create(figure, "figcaption");
  create(caption, "h3").textContent = title;
  // The largest part of a stack is painted first, and named last.
  const isStacked = series.every(({ isFilled }) => isFilled);
  for (const { name, label, dash } of isStacked ? series.toReversed() : series) {
    if (series.length === 1) break;
    const entry = create(caption, "span", dash === undefined ? "legend" : "legend dashed");
    entry.style.setProperty("--own", `var(${name})`);
    entry.textContent = label;
  }
  return createPlot(create(figure, "div", "plot"), { series, ...options });
}

function create(place, tag, className = "") {
  const element = document.createElement(tag);
  element.className = className;
  place.append(element);
  return element;
}
