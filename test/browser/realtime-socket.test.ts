/** The client in a real browser: what only a page has. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { test } from "node:test";
import type { BrowserContext, Page } from "playwright-core";
import { chromium } from "playwright-core";
import { skipReason } from "../../scripts/system-packages.ts";
import type { Logger, Server } from "../../src/index.ts";
import { Application, RequestHandler, StaticFileHandler, WebSocketHandler } from "../../src/index.ts";
import { launchBrowser } from "../support/browser.ts";

const skip = skipReason("chromium");
const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };
const transports = ["websocket", "sse", "long-polling", "polling"] as const;

class Echo extends WebSocketHandler {
  override open(): void {
    this.subscribe("all");
  }

  override onMessage(message: string | Uint8Array): void {
    if (message === "all") this.publish("all", "to all");
    else this.writeMessage(message);
  }
}

class Home extends RequestHandler {
  get(): string {
    this.setHeader("Content-Type", "text/html; charset=utf-8");
    return "<!doctype html><title>A page</title><p>There is nothing here.";
  }
}

/** A server with a page, the client as it is built, and an echo; the sockets' endings are recorded. */
async function serve(context: TestContext, port = 0): Promise<[Server, string[]]> {
  const closed: string[] = [];
  class Recorded extends Echo {
    override onClose(code: number): void {
      closed.push(`${this.transport} ${code}`);
    }
  }
  const routes = [
    ["/", Home],
    ["/elsewhere", Home],
    ["/dist/*", StaticFileHandler, { root: "dist" }],
    ["/echo", Recorded, { transports: [...transports] }],
  ] as const;
  const server = await new Application(routes, { logger: silent, allowedHosts: ["*"] }).listen(port, {
    host: "127.0.0.1",
  });
  context.after(() => server.close());
  return [server, closed];
}

/** What the script below leaves in a page. */
interface PageGlobals {
  socket: {
    state: string;
    transport: string | undefined;
    send(data: string): void;
    close(): void;
  };
  states: string[];
  messages: unknown[];
}

/** Opens the page with a socket in it. */
async function openWith(context: BrowserContext, url: string, options: object = {}): Promise<Page> {
  const page = await context.newPage();
  await page.goto(url);
  await page.addScriptTag({
    type: "module",
    content: `import { RealtimeSocket } from "/dist/client/index.js";
      globalThis.states = [];
      globalThis.messages = [];
      globalThis.socket = new RealtimeSocket("/echo", ${JSON.stringify(options)});
      socket.addEventListener("statechange", ({ state, reason }) => states.push(state + " " + reason.code));
      socket.addEventListener("message", ({ data }) => messages.push(data));`,
  });
  await waitForState(page, "open");
  return page;
}

async function waitForState(page: Page, state: string): Promise<void> {
  await page.waitForFunction(
    (wanted) => (globalThis as unknown as Partial<PageGlobals>).socket?.state === wanted,
    state,
  );
}

async function sendAndReceive(page: Page, text: string): Promise<void> {
  await page.evaluate((data) => (globalThis as unknown as PageGlobals).socket.send(data), text);
  await page.waitForFunction((data) => (globalThis as unknown as PageGlobals).messages.includes(data), text);
}

const statesOf = (page: Page): Promise<string[]> =>
  page.evaluate(() => (globalThis as unknown as PageGlobals).states);
const transportOf = (page: Page): Promise<string | undefined> =>
  page.evaluate(() => (globalThis as unknown as PageGlobals).socket.transport);

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
        const page = globalThis as unknown as EventTarget & PageGlobals;
        page.addEventListener("pageshow", (event) => {
          page.states.push(`persisted ${(event as Event & { persisted: boolean }).persisted}`);
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
  assert.deepEqual(carried.toSorted(), ["polling", "polling", "polling", "polling", "sse", "sse", "sse"]);
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
