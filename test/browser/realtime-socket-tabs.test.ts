/** Tabs share the few connections that a browser has over HTTP/1.1. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { skipReason } from "../../scripts/system-packages.ts";
import type { Page } from "playwright-core";
import { launchBrowser } from "../support/browser.ts";
import type { PageGlobals } from "./socket-page.ts";
import { openWith, sendAndReceive, serve, transportOf, transports } from "./socket-page.ts";

const skip = skipReason("chromium");

test("seven tabs over HTTP/1.1 do not starve the page", { skip }, async (context) => {
  const [server] = await serve(context);
  const browser = await launchBrowser();
  const browsing = await browser.newContext();
  const pages: Page[] = [];
  for (let i = 0; i < 7; i++) {
    pages.push(
      await openWith(browsing, server.url, { transports: transports.slice(1), pollingIntervalMs: 100 }),
    );
  }
  const carried = await Promise.all(pages.map(transportOf));
  assert.equal(carried.filter((each) => each === "sse").length, 3);
  assert.equal(carried.filter((each) => each === "polling").length, 4);
  for (const page of pages) {
    assert.equal(await page.evaluate(async () => (await fetch("/")).status), 200);
    await sendAndReceive(page, "mine");
  }
  await pages[6]!.evaluate(() => (globalThis as unknown as PageGlobals).socket.send("all"));
  for (const page of pages) {
    await page.waitForFunction(() => (globalThis as unknown as PageGlobals).messages.includes("to all"));
  }
  const eighth = await browsing.newPage();
  await eighth.goto(server.url);
  // A slot that becomes free goes to one of those who poll.
  await pages[carried.indexOf("sse")]!.close();
  const taken = pages
    .filter((_, index) => carried[index] === "polling")
    .map((page) =>
      page.waitForFunction(
        () => (globalThis as unknown as PageGlobals).socket.transport === "long-polling",
        undefined,
        { timeout: 20_000 },
      ),
    );
  await Promise.any(taken);
  for (const page of pages) await page.close();
  await Promise.allSettled(taken);
});
