/** `npm run lab` in a real browser: what the page draws is what the servers have counted. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { BrowserContextOptions, Page } from "playwright-core";
import type { LabPoint } from "../../examples/transport-lab/lab.ts";
import type { LabSettings } from "../../examples/transport-lab/settings.ts";
import { transports } from "../../examples/transport-lab/transports.ts";
import { skipReason } from "../../scripts/system-packages.ts";
import { launchBrowser, openPage } from "../support/browser.ts";
import { startLab } from "../support/transport-lab.ts";

const skip = skipReason("chromium");

/** What the lab says to programs. */
async function fetchPoints(
  url: string,
): Promise<{ readonly settings: LabSettings; readonly points: readonly LabPoint[] }> {
  const response = await fetch(`${url}/points.json`);
  return (await response.json()) as { settings: LabSettings; points: LabPoint[] };
}

/** A panel's words, as the reader sees them. */
interface ShownPanel {
  readonly facts: Readonly<Record<string, string>>;
  readonly splits: Readonly<Record<string, string>>;
}

/** One reading, as it is on the page. */
async function readPage(
  page: Page,
): Promise<{ readonly number: number; readonly panels: readonly ShownPanel[] }> {
  // In the page, in one piece: no reading comes between.
  return await page.evaluate<{ number: number; panels: ShownPanel[] }>(`(() => {
    const words = (place, selector, key, find) => Object.fromEntries(
      [...place.querySelectorAll(selector)].map((each) => [each.dataset[key], find(each).textContent]));
    return {
      number: Number(document.getElementById("panels").dataset.point),
      panels: [...document.querySelectorAll(".panel")].map((panel) => ({
        facts: words(panel, "[data-fact]", "fact", (each) => each),
        splits: words(panel, "[data-split]", "split", (each) => each.querySelector(".total")),
      })),
    };
  })()`);
}

const units: Readonly<Record<string, number>> = { B: 1, kB: 1e3, MB: 1e6, µs: 1, ms: 1e3, s: 1e6, "/s": 1 };

/** The number of a text with a unit, in bytes, microseconds or as it is. */
function parseShown(text: string | undefined): number {
  const [, digits = "", unit = ""] = /^([\d.,]+)(?: (\S+))?$/.exec(text ?? "") ?? [];
  return Number(digits.replaceAll(",", "")) * (units[unit] ?? (unit === "" ? 1 : Number.NaN));
}

function assertShown(text: string | undefined, expected: number, what: string): void {
  const shown = parseShown(text);
  // Three digits are shown.
  assert.ok(
    Math.abs(shown - expected) <= Math.max(expected * 0.01, 0.006),
    `${what}: ${text}, not ${expected}`,
  );
}

/** Compares all panels with the counters of the same readings. */
async function checkAgainstServers(page: Page, url: string): Promise<void> {
  const { number, panels } = await readPage(page);
  const { points } = await fetchPoints(url);
  const at = points.findIndex((point) => point.number === number);
  const [after, before] = [points[at], points[at - (points[at]?.windowPoints ?? 0)]];
  assert.ok(after !== undefined && before !== undefined && after !== before);
  for (const [index, transport] of transports.entries()) {
    const [to, from] = [after.lanes[index]?.server, before.lanes[index]?.server];
    const panel = panels[index];
    assert.ok(to !== undefined && from !== undefined && panel !== undefined);
    const { facts, splits } = panel;
    const messages = to.messagesSent - from.messagesSent;
    for (const [direction, bytes, payloadBytes] of [
      ["sent", to.bytesSent - from.bytesSent, to.payloadBytesSent - from.payloadBytesSent],
      [
        "received",
        to.bytesReceived - from.bytesReceived,
        to.payloadBytesReceived - from.payloadBytesReceived,
      ],
    ] as const) {
      // A busy server has counted messages whose bytes have not left: the page shows at least what they hold.
      const each = Math.max(bytes, payloadBytes) / messages;
      assertShown(splits[direction], each, `${transport}: bytes ${direction}`);
    }
    const requests = to.requests - from.requests;
    assertShown(facts["requestsEach"], requests / messages, `${transport}: requests`);
    const cpuEach = (to.cpuMicroseconds - from.cpuMicroseconds) / messages;
    assertShown(facts["cpuEach"], cpuEach, `${transport}: CPU`);
    const seconds = (to.atMs - from.atMs) / 1000;
    assertShown(facts["messages"], messages / seconds, `${transport}: messages`);
    assertShown(facts["open_"], to.open, `${transport}: clients`);
    assert.equal(facts["missed"], "0 / 0", transport);
  }
}

/** Moves a control to one of its steps. */
async function choose(page: Page, name: keyof LabSettings, step: number): Promise<void> {
  await page.locator(`#${name}`).fill(`${step}`);
}

/** Waits until all panels have numbers, of these clients and the page. */
async function waitForNumbers(page: Page, clients: number): Promise<void> {
  const isShown = `[...document.querySelectorAll(".panel")].every((panel) =>
    panel.querySelector("[data-fact=open_]").textContent === "${clients + 1}" &&
    panel.querySelector("[data-fact=delay99]").textContent !== "–" &&
    panel.querySelector("[data-split=sent] .total").textContent !== "–")`;
  await page.waitForFunction(isShown);
}

suite("the transport lab", { skip }, () => {
  test("shows what its servers have counted, also when the settings are changed", async (context) => {
    const [lab, url] = await startLab(context);
    const browser = await launchBrowser();
    const [page, console] = await openPage(browser, {
      locale: "en-US",
      viewport: { width: 1400, height: 900 },
    });
    await page.goto(url);
    await waitForNumbers(page, 20);
    await checkAgainstServers(page, url);
    for (const transport of transports) await page.locator(`#${transport} .own[data-state="open"]`).waitFor();

    await choose(page, "ticksPerSecond", 6);
    await choose(page, "payloadBytes", 3);
    await choose(page, "clients", 2);
    await choose(page, "pollIntervalMs", 1);
    await waitForNumbers(page, 5);
    const { settings } = await fetchPoints(url);
    assert.deepEqual(settings, { ticksPerSecond: 20, payloadBytes: 1024, clients: 5, pollIntervalMs: 200 });
    // The window of the last seconds has only these settings in it.
    const { number } = await readPage(page);
    await page.waitForFunction(`Number(document.getElementById("panels").dataset.point) >= ${number + 2}`);
    await checkAgainstServers(page, url);
    const [polling] = (await readPage(page)).panels;
    // Four messages for each poll, and a thousand bytes in each.
    const requestsEach = parseShown(polling?.facts["requestsEach"]);
    assert.ok(requestsEach > 0.15 && requestsEach < 0.35, `${requestsEach}`);
    assert.ok(parseShown(polling?.splits["sent"]) > 1024);
    assert.deepEqual(console, []);

    await lookAtPage(page, "desktop");
    for (const [name, options] of Object.entries(looks)) {
      const [other, lines] = await openPage(browser, options);
      await other.goto(url);
      await other.locator(".panel").nth(3).locator('.own[data-state="open"]').waitFor();
      await lookAtPage(other, name);
      assert.deepEqual(lines, [], name);
      await other.close();
    }
    await page.close();
    lab.kill("SIGINT");
    await lab.end();
  });
});

const looks: Readonly<Record<string, BrowserContextOptions>> = {
  "phone-dark": { locale: "en-US", colorScheme: "dark", viewport: { width: 360, height: 740 } },
  "phone-zh": { locale: "zh-CN", viewport: { width: 390, height: 740 } },
  "desktop-dark-zh": { locale: "zh-CN", colorScheme: "dark", viewport: { width: 1400, height: 900 } },
};

/** Takes a picture for whoever wants to look, and sees that nothing sticks out and every plot has lines in it. */
async function lookAtPage(page: Page, name: string): Promise<void> {
  await page.waitForFunction(plotsAreDrawn);
  await page.screenshot({ path: `build/transport-lab-${name}.png`, fullPage: true });
  assert.deepEqual(await page.evaluate(whatSticksOut), [], name);
}

const whatSticksOut = `[...document.querySelectorAll("body, .panel, .split, dd, dt, figcaption, .plot, #controls label, .own")]
  .filter((each) => each.scrollWidth > each.clientWidth + 1)
  .map((each) => each.className + " " + each.textContent.slice(0, 40))`;

/** Each plot has pixels in the colour of its first line or area. */
const plotsAreDrawn = `(() => {
  const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgbOf = (name) => {
    probe.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    probe.fillRect(0, 0, 1, 1);
    return [...probe.getImageData(0, 0, 1, 1).data];
  };
  const wanted = ["--payload", "--line"].map(rgbOf);
  const plots = [...document.querySelectorAll(".plot canvas")];
  return plots.length === 12 && plots.every((canvas) => {
    Object.assign(probe.canvas, { width: canvas.width, height: canvas.height });
    probe.drawImage(canvas, 0, 0);
    const { data } = probe.getImageData(0, 0, canvas.width, canvas.height);
    for (let at = 0; at < data.length; at += 4) {
      if (data[at + 3] > 200 && wanted.some((rgb) => [0, 1, 2].every((part) => Math.abs(rgb[part] - data[at + part]) < 24)))
        return true;
    }
    return false;
  });
})()`;
