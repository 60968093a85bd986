/** What the browser tests of the client share: a server with a page, and pages with a socket in them. */
import type { TestContext } from "node:test";
import type { BrowserContext, Page } from "playwright-core";
import type { Logger, Server } from "../../src/index.ts";
import { Application, RequestHandler, StaticFileHandler, WebSocketHandler } from "../../src/index.ts";

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };
export const transports = ["websocket", "sse", "long-polling", "polling"] as const;

class Echo extends WebSocketHandler {
  override open(): void {
    this.subscribe("all");
  }

  override onMessage(message: string | Uint8Array): void {
    // What is published goes to all others.
    if (message === "all") this.publish("all", "to all");
    this.writeMessage(message === "all" ? "to all" : message);
  }
}

class Home extends RequestHandler {
  get(): string {
    this.setHeader("Content-Type", "text/html; charset=utf-8");
    return "<!doctype html><title>A page</title><p>There is nothing here.";
  }
}

/** A server with a page, the client as it is built, and an echo; the sockets' endings are recorded. */
export async function serve(context: TestContext, port = 0): Promise<[Server, string[]]> {
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
export interface PageGlobals {
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
export async function openWith(context: BrowserContext, url: string, options: object = {}): Promise<Page> {
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

export async function waitForState(page: Page, state: string): Promise<void> {
  await page.waitForFunction(
    (wanted) => (globalThis as unknown as Partial<PageGlobals>).socket?.state === wanted,
    state,
  );
}

export async function sendAndReceive(page: Page, text: string): Promise<void> {
  await page.evaluate((data) => (globalThis as unknown as PageGlobals).socket.send(data), text);
  await page.waitForFunction((data) => (globalThis as unknown as PageGlobals).messages.includes(data), text);
}

export const statesOf = (page: Page): Promise<string[]> =>
  page.evaluate(() => (globalThis as unknown as PageGlobals).states);
export const transportOf = (page: Page): Promise<string | undefined> =>
  page.evaluate(() => (globalThis as unknown as PageGlobals).socket.transport);
