/** The client in a real browser, over every transport. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { skipReason } from "../../scripts/system-packages.ts";
import { launchBrowser } from "../support/browser.ts";
import type { PageGlobals } from "./socket-page.ts";
import { openWith, sendAndReceive, serve, transportOf, transports } from "./socket-page.ts";

const skip = skipReason("chromium");

for (const transport of transports) {
  test(`${transport}: it works in a page, and comes back with the server`, { skip }, async (context) => {
    const [server] = await serve(context);
    const browser = await launchBrowser();
    const page = await openWith(await browser.newContext(), server.url, {
      transports: [transport],
      pollingIntervalMs: 50,
      reconnect: { maxDelayMs: 100 },
    });
    await sendAndReceive(page, "郑老板 😀");
    assert.equal(await transportOf(page), transport);
    await server.close();
    const [again] = await serve(context, server.port);
    await page.waitForFunction(
      () =>
        (globalThis as unknown as PageGlobals).states.filter((each) => each.startsWith("open")).length === 2,
    );
    await sendAndReceive(page, "again");
    await page.close();
    await again.close();
  });
}
