/** Characters of four bytes that arrive one byte at a time, in a real browser. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { skipReason } from "../../scripts/system-packages.ts";
import { launchBrowser } from "../support/browser.ts";
import { HostileProxy, hostilities } from "../support/hostile-proxy.ts";
import type { PageGlobals } from "./socket-page.ts";
import { sendAndReceive, serve, transportOf, transports, waitForState } from "./socket-page.ts";

const skip = skipReason("chromium");

for (const transport of transports) {
  test(`${transport}: a character of four bytes may be cut at every byte`, { skip }, async (context) => {
    const [server] = await serve(context);
    const proxy = await HostileProxy.start(context, server.port);
    const browser = await launchBrowser();
    const page = await browser.newPage();
    await page.goto(proxy.url);
    // The page has the client before the proxy becomes slow, since that is not what this is about.
    await page.addScriptTag({
      type: "module",
      content: `import { RealtimeSocket } from "/dist/client/index.js"; globalThis.RealtimeSocket = RealtimeSocket;`,
    });
    await page.waitForFunction(() => "RealtimeSocket" in globalThis);
    proxy.mode = { ...hostilities.trickle, responses: { kind: "trickle", intervalMs: 2 } };
    await page.evaluate((only) => {
      const globals = globalThis as unknown as PageGlobals & {
        RealtimeSocket: new (url: string, options: object) => PageGlobals["socket"] & EventTarget;
      };
      globals.messages = [];
      const socket = new globals.RealtimeSocket("/echo", { transports: [only], pollingIntervalMs: 50 });
      socket.addEventListener("message", (event) => globals.messages.push((event as MessageEvent).data));
      globals.socket = socket;
    }, transport);
    await waitForState(page, "open");
    assert.equal(await transportOf(page), transport);
    await sendAndReceive(page, "😀🌊\u{10FFFF}𝄞");
    assert.ok(proxy.acts > 0, "bytes came one by one");
    await page.close();
  });
}
