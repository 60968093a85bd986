import { after } from "node:test";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { chromium } from "playwright-core";

/** Without these, Chromium looks for its maker's servers at every start. */
const quietFlags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A headless Chromium (Debian's) that is closed when the test file has run. */
export async function launchBrowser(): Promise<Browser> {
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: quietFlags });
  after(() => browser.close());
  return browser;
}

/** A page, and everything it writes to its console. */
export async function openPage(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<[Page, string[]]> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const lines: string[] = [];
  page.on("console", (message) => lines.push(message.text()));
  page.on("pageerror", (error) => lines.push(`uncaught: ${error.message}`));
  return [page, lines];
}
