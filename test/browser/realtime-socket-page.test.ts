/** What a page says to the client: that it is offline, left, shown again, hidden, looked at. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { skipReason } from "../../scripts/system-packages.ts";
import { chromium } from "playwright-core";
import { launchBrowser } from "../support/browser.ts";
import type { PageGlobals } from "./socket-page.ts";
import { openWith, sendAndReceive, serve, statesOf, waitForState } from "./socket-page.ts";

const skip = skipReason("chromium");

for (const transport of ["websocket", "sse"] as const) {
  test(`${transport}: offline and back`, { skip }, async (context) => {
    const [server] = await serve(context);
    const browser = await chromium.launch({
      executablePath: "/usr/bin/chromium",
      // A server on this machine needs no network, so that one must be given another name.
      args: ["--no-sandbox", "--host-resolver-rules=MAP server.test 127.0.0.1"],
    });
    context.after(() => browser.close());
    const browsing = await browser.newContext();
    const page = await openWith(browsing, `http://server.test:${server.port}/`, { transports: [transport] });
    await browsing.setOffline(true);
    await waitForState(page, "offline");
    await page.evaluate(() => (globalThis as unknown as PageGlobals).socket.send("meanwhile"));
    await browsing.setOffline(false);
    await waitForState(page, "open");
    await page.waitForFunction(() => (globalThis as unknown as PageGlobals).messages.includes("meanwhile"));
    assert.deepEqual(await statesOf(page), [
      "open OPEN",
      "offline OFFLINE",
      "connecting PAGE_WOKE",
      "open OPEN",
    ]);
  });

  test(
    `${transport}: a page that is left goes into the back/forward cache, and comes back with a connection`,
    { skip },
    async (context) => {
      const [server, closed] = await serve(context);
      const browser = await chromium.launch({
        executablePath: "/usr/bin/chromium",
        args: ["--no-sandbox", "--enable-features=BackForwardCache"],
        ignoreDefaultArgs: ["--disable-back-forward-cache"],
      });
      context.after(() => browser.close());
      const page = await openWith(await browser.newContext(), server.url, { transports: [transport] });
      await page.evaluate(() => {
        const globals = globalThis as unknown as EventTarget & PageGlobals;
        globals.addEventListener("pageshow", (event) => {
          globals.states.push(`persisted ${(event as Event & { persisted: boolean }).persisted}`);
        });
      });
      await page.goto(`${server.url}/elsewhere`);
      await page.goBack({ waitUntil: "commit" });
      await page.waitForFunction(
        () => (globalThis as unknown as Partial<PageGlobals>).socket?.state === "open",
      );
      const states = await statesOf(page);
      assert.deepEqual(
        states.filter((each) => !each.startsWith("persisted")),
        ["open OPEN", "waiting PAGE_HIDDEN", "connecting PAGE_WOKE", "open OPEN"],
      );
      assert.ok(states.includes("persisted true"));
      await sendAndReceive(page, "back again");
      assert.deepEqual(closed, [`${transport} 1005`]);
    },
  );
}

test("a hidden tab keeps its connection, and a visible one does not wait", { skip }, async (context) => {
  const [server] = await serve(context);
  const browser = await launchBrowser();
  const browsing = await browser.newContext();
  const page = await openWith(browsing, server.url, {
    transports: ["sse"],
    reconnect: { minDelayMs: 1e9, maxDelayMs: 1e9 },
  });
  const show = (visibility: string): Promise<void> =>
    page.evaluate((state) => {
      const { document } = globalThis as unknown as { document: EventTarget };
      Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, visibility);
  await show("hidden");
  await sendAndReceive(page, "hidden");
  await server.close();
  await waitForState(page, "waiting");
  const [again] = await serve(context, server.port);
  await show("visible");
  await waitForState(page, "open");
  await sendAndReceive(page, "visible");
  await page.close();
  await again.close();
});
