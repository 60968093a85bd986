/** What the browser tests of the chat share: people with a browser, and what they do. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { openPage } from "../support/browser.ts";

/** What a browser says in any case when a server refuses something on purpose, or is away. */
const expectedLine = /Failed to load resource|WebSocket connection to/;

/** Opens a page that leads to the login, in a browser of its own. What else its console says fails the test. */
export async function visit(
  context: TestContext,
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Page> {
  const [page, lines] = await openPage(browser, { locale: "en-GB", ...options });
  context.after(async () => {
    await page.context().close();
    assert.deepEqual(
      lines.filter((line) => !expectedLine.test(line)),
      [],
    );
  });
  await page.goto(url);
  return page;
}

/** Opens a page in a browser of its own, and logs in there. */
export async function enter(
  context: TestContext,
  browser: Browser,
  url: string,
  name: string,
  options: BrowserContextOptions = {},
): Promise<Page> {
  const page = await visit(context, browser, url, options);
  await submit(page, "#name", name);
  await isOpen(page);
  return page;
}

/** Fills a field and presses Enter in it. */
export async function submit(page: Page, field: "#name" | "#text", text: string): Promise<void> {
  await page.fill(field, text);
  await page.press(field, "Enter");
}

/** Waits until the page is connected. */
export const isOpen = (page: Page): Promise<void> => page.locator('#state[data-state="open"]').waitFor();

/** Has a page that waits for its next attempt make it now, as when the network is back. */
export const wake = (page: Page): Promise<unknown> => page.evaluate('dispatchEvent(new Event("online"))');

/**
 * Waits until the page shows the last of these messages, and asserts that they are what it shows, from the first of them on: "name: text". The
 * first must be one that nobody has said before.
 */
export async function shows(page: Page, expected: readonly string[]): Promise<void> {
  const last = expected.at(-1) ?? "";
  const text = last.slice(last.indexOf(": ") + 2);
  await page.locator("#messages li:last-child .text").getByText(text, { exact: true }).waitFor();
  const names = await page.locator("#messages .head bdi").allTextContents();
  const texts = await page.locator("#messages .text").allTextContents();
  const shown = names.map((name, index) => `${name}: ${texts[index]}`);
  assert.deepEqual(shown.slice(shown.indexOf(expected[0] ?? "")), expected);
}
