/** What a page on another origin gets to see: a browser hides the body of a refused handshake, and debug mode does not. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Browser } from "playwright-core";
import { skipReason } from "../../scripts/system-packages.ts";
import type { Server, Settings } from "../../src/index.ts";
import { Application, RequestHandler, WebSocketHandler } from "../../src/index.ts";
import { startApplication } from "../../src/testing/index.ts";
import { launchBrowser, openPage } from "../support/browser.ts";
import { expectedLog } from "../support/log.ts";

class Page extends RequestHandler {
  get() {
    return '<!doctype html><title>a page</title><link rel=icon href="data:,">';
  }
}

class Greeter extends WebSocketHandler {
  override open() {
    this.writeMessage("hello");
  }
}

/** What a script sees of a WebSocket: the first message, or the close event. */
type Seen = { readonly message: string } | { readonly code: number; readonly reason: string };

async function connectFrom(browser: Browser, pageUrl: string, socketUrl: string): Promise<[Seen, string[]]> {
  const [page, console] = await openPage(browser);
  await page.goto(pageUrl);
  const seen = await page.evaluate(
    (url) =>
      new Promise<Seen>((resolve) => {
        const socket = new WebSocket(url);
        socket.addEventListener("message", ({ data }) => resolve({ message: String(data) }));
        socket.addEventListener("close", ({ code, reason }) => resolve({ code, reason }));
      }),
    socketUrl,
  );
  await page.context().close();
  return [seen, console];
}

suite("a page on another origin", { skip: skipReason("chromium") }, async () => {
  const log = expectedLog();
  const browser = await launchBrowser();
  const start = (settings: Settings = {}): Promise<Server> =>
    startApplication(
      new Application(
        [
          ["/", Page],
          ["/url", Greeter],
        ],
        { logger: log, ...settings },
      ),
    );

  test("is refused with 403 in production, and the log says what to change", async () => {
    await using other = await start();
    await using server = await start();
    const [seen, console] = await connectFrom(browser, other.url, `${server.url.replace("http", "ws")}/url`);
    assert.deepEqual(seen, { code: 1006, reason: "" });
    assert.match(console.join("\n"), /Unexpected response code: 403/);
    await log.expect(/^403 GET \/url \(127\.0\.0\.1\) \d/);
    const { text } = await log.expect(/^WS_ORIGIN_REFUSED/);
    assert.ok(text.includes(`allowedOrigins: ["${other.url}"]`), text);
  });

  test("is told why in debug mode, by close code 4403", async () => {
    await using other = await start();
    await using server = await start({ debug: true });
    const [seen] = await connectFrom(browser, other.url, `${server.url.replace("http", "ws")}/url`);
    assert.ok("code" in seen);
    assert.equal(seen.code, 4403);
    assert.ok(seen.reason.startsWith(`WS_ORIGIN_REFUSED: Origin ${other.url} may not open`), seen.reason);
    await log.expect(/^403 GET \/url/);
    await log.expect(/^WS_ORIGIN_REFUSED/);
  });

  test("is let in by allowedOrigins", async () => {
    await using other = await start();
    await using server = await start({ allowedOrigins: [other.url] });
    const [seen] = await connectFrom(browser, other.url, `${server.url.replace("http", "ws")}/url`);
    assert.deepEqual(seen, { message: "hello" });
  });

  test("the server's own pages are let in without a setting", async () => {
    await using server = await start();
    const [seen] = await connectFrom(browser, server.url, `${server.url.replace("http", "ws")}/url`);
    assert.deepEqual(seen, { message: "hello" });
  });
});
