// The transport lab's page: readings come over a WebSocket, settings go back. No framework, no build step.

import { createControls } from "./controls.js";
import { createPanel } from "./panel.js";
import { roundUp, span } from "./plots.js";
import { language, text } from "./texts.js";

const transports = ["polling", "long-polling", "sse", "websocket"];

const element = (id) => document.getElementById(id);
const state = element("state");
const notice = element("notice");

document.documentElement.lang = language;
document.title = text.title;
for (const each of document.querySelectorAll("[data-text]")) each.textContent = text[each.dataset.text];

let socket;
let failures = 0;
let points = [];

const showSettings = createControls(element("controls"), (changes) => {
  if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(changes));
});
const panels = transports.map((transport) => createPanel(element("panels"), transport));

function show(name) {
  state.dataset.state = name;
  state.textContent = text[name];
}

function connect() {
  show("connecting");
  const url = new URL("/control", location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  socket = new WebSocket(url);
  // All that the lab remembers comes first, so that a page that comes back has no gap.
  let isFirst = true;
  socket.addEventListener("open", () => {
    failures = 0;
    notice.hidden = true;
    show("open");
  });
  socket.addEventListener("message", ({ data }) => {
    if (isFirst) points = [];
    isFirst = false;
    points = [...points, ...JSON.parse(data)].slice(-span);
    if (points.length > 0) draw();
  });
  socket.addEventListener("close", () => {
    show("closed");
    // Twice the time after each failure, so that a server that comes back is not met by all pages at once.
    const seconds = Math.min(30, 2 ** failures++);
    notice.textContent = text.away(seconds);
    notice.hidden = false;
    setTimeout(connect, seconds * 1000);
  });
}

function draw() {
  const newest = points.at(-1);
  showSettings(newest.settings);
  const data = transports.map((_, lane) => dataOf(lane, newest.lanes[lane].server.atMs));
  const scales = scalesOf(data, newest);
  for (const [lane, panel] of panels.entries()) {
    panel.show(newest.lanes[lane], newest.settings, data[lane], scales);
  }
  // Which reading is on the page, for whoever wants to compare it with the server's.
  element("panels").dataset.point = newest.number;
}

/** What the plots of a panel draw: seconds before now, and what was measured then. */
function dataOf(lane, nowMs) {
  const times = points.map((point) => (point.lanes[lane].server.atMs - nowMs) / 1000);
  const column = (valueOf) => points.map(({ lanes }) => valueOf(lanes[lane].costs) ?? null);
  const payload = ({ sent, received }) => sent.payload + received.payload;
  return {
    bytes: [
      times,
      column((costs) => costs && payload(costs.bytesPerSecond) + headersOf(costs)),
      column((costs) => costs && payload(costs.bytesPerSecond) + costs.bytesPerSecond.sent.headers),
      column((costs) => costs && payload(costs.bytesPerSecond)),
    ],
    delay: [times, column((costs) => costs?.delayMs?.p50), column((costs) => costs?.delayMs?.p99)],
    cpu: [times, column((costs) => costs?.perMessage?.cpuMicroseconds)],
  };
}

function headersOf({ bytesPerSecond: { sent, received } }) {
  return sent.headers + received.headers;
}

/** The ends of the scales that all panels share. */
function scalesOf(data, newest) {
  const all = (name) => data.flatMap((each) => each[name].slice(1).flat()).filter((value) => value > 0);
  const largest = (values, least) => roundUp(Math.max(least, ...values));
  const delays = all("delay");
  const eachWay = newest.lanes.flatMap(({ costs }) =>
    costs?.perMessage ? [costs.perMessage.sent, costs.perMessage.received] : [],
  );
  return {
    bytes: { min: 0, max: largest(all("bytes"), 100) },
    delay: {
      min: 10 ** Math.floor(Math.log10(Math.min(1, ...delays))),
      max: 10 ** Math.ceil(Math.log10(Math.max(10, ...delays))),
    },
    cpu: { min: 0, max: largest(all("cpu"), 10) },
    bytesEach: Math.max(1, ...eachWay.map(({ headers, payload }) => headers + payload)),
  };
}

connect();
