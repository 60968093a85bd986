/** Chromium behind nginx, HAProxy and Caddy: streams, held polls and WebSockets, with a script of the browser's own means. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { suite, test } from "node:test";
import type { Page } from "playwright-core";
import { skipReason } from "../../scripts/system-packages.ts";
import { RequestHandler, WebSocketHandler } from "../../src/index.ts";
import { launchBrowser, openPage } from "../support/browser.ts";
import { realProxies, secureCaddy, startRealProxy } from "../support/real-proxies.ts";
import type { Running } from "../support/run-application.ts";
import { runApplication, takeWarnings } from "../support/run-application.ts";

const transports = ["websocket", "sse", "long-polling", "polling"] as const;

class Home extends RequestHandler {
  get() {
    return '<!doctype html><title>a page</title><link rel=icon href="data:,">';
  }
}

/** Where the page comes from, when the proxy does not tell the server. */
let pageOrigin = "";

class Town extends WebSocketHandler {
  override checkOrigin(origin: string): boolean {
    return origin === pageOrigin;
  }
  override open(): void {
    this.subscribe("town");
    this.writeMessage("welcome");
  }
}

function run(context: TestContext): Promise<Running> {
  return runApplication(context, [
    ["/", Home],
    ["/town", Town, { transports }],
  ]);
}

/** The median time in milliseconds, as the page measures it, until the first byte of a stream is there. */
function firstByteMs(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const times: number[] = [];
    for (let i = 0; i < 9; i++) {
      const begun = performance.now();
      const abort = new AbortController();
      const headers = { Accept: "text/event-stream" };
      const { body } = await fetch("/town", { headers, signal: abort.signal });
      await body?.getReader().read();
      times.push(performance.now() - begun);
      abort.abort();
    }
    return times.toSorted((a, b) => a - b)[4] ?? Infinity;
  });
}

suite("Chromium", { skip: skipReason("chromium") }, async () => {
  const browser = await launchBrowser();

  for (const proxy of Object.values(realProxies)) {
    test(`behind ${proxy.name}`, { skip: skipReason(proxy.requirement) }, async (context) => {
      const { server, app, log } = await run(context);
      const url = await startRealProxy(context, proxy, [server.port]);
      pageOrigin = url;
      const [directPage] = await openPage(browser);
      await directPage.goto(server.url);
      const direct = await firstByteMs(directPage);
      await directPage.context().close();
      const [page, lines] = await openPage(browser);
      await page.goto(url);

      const through = await firstByteMs(page);
      const times = `${through.toFixed(1)} ms, without the proxy ${direct.toFixed(1)} ms`;
      context.diagnostic(`first byte of a stream after ${times}`);
      // 50 ms are promised, and seen; a busy machine may take some more.
      assert.ok(through < direct + 100, times);

      const events = await page.evaluateHandle(() => {
        const source = new EventSource("/town");
        const queue: string[] = [];
        source.addEventListener("message", ({ data }) => queue.push(String(data)));
        return { source, queue };
      });
      await page.waitForFunction(({ queue }) => queue.length === 1, events);
      app.publish("town", "news\nof two lines");
      await page.waitForFunction(({ queue }) => queue.length === 2, events);
      assert.deepEqual(await events.evaluate(({ queue }) => queue), ["welcome", "news\nof two lines"]);
      await events.evaluate(({ source }) => source.close());

      const held = await page.evaluateHandle(async () => {
        const post = async (head: object): Promise<string[]> => {
          const answer = await fetch("/town", { method: "POST", body: JSON.stringify(head) });
          return (await answer.text()).trimEnd().split("\n");
        };
        const key = "chromium-polls-here";
        const opened = await post({ transport: "long-polling", key, poll: 5000 });
        const { session } = JSON.parse(opened[0] ?? "") as { session: string };
        const welcome = opened[1] ?? (await post({ session, poll: 5000 }))[1];
        // In an object: what is returned as it is would be waited for.
        return { welcome, answer: post({ session, ack: 1, poll: 25_000 }) };
      });
      assert.equal(await held.evaluate(({ welcome }) => welcome), '"welcome"');
      app.publish("town", "for the poll");
      assert.equal(await held.evaluate(async ({ answer }) => (await answer)[1]), '"for the poll"');

      const socket = await page.evaluate(
        (socketUrl) =>
          new Promise<string>((resolve) => {
            const opened = new WebSocket(socketUrl);
            opened.addEventListener("message", ({ data }) => resolve(String(data)));
            opened.addEventListener("error", () => resolve("an error"));
          }),
        `${url.replace("http", "ws")}/town`,
      );
      assert.equal(socket, proxy === realProxies.nginxDefault ? "an error" : "welcome");
      await page.context().close();
      if (proxy === realProxies.nginxDefault) {
        assert.match(lines.join("\n"), /WebSocket connection to .* failed/);
        assert.match(
          (await takeWarnings(log)).join("\n"),
          /WS_HTTP_VERSION.*Behind nginx: proxy_http_version 1\.1/s,
        );
      } else assert.deepEqual(lines, []);
    });
  }

  test(
    "over HTTP/2, more than six streams are open at once",
    { skip: skipReason("caddy") },
    async (context) => {
      const { server, app } = await runApplication(
        context,
        [
          ["/", Home],
          ["/town", Town, { transports }],
        ],
        { trustedProxies: ["loopback"] },
      );
      const { port } = new URL(await startRealProxy(context, secureCaddy, [server.port]));
      const [page] = await openPage(browser, { ignoreHTTPSErrors: true });
      await page.goto(`https://localhost:${port}/`);
      const streams = await page.evaluateHandle(() =>
        Array.from({ length: 20 }, () => {
          const messages: string[] = [];
          const source = new EventSource("/town");
          source.addEventListener("message", ({ data }) => messages.push(String(data)));
          return messages;
        }),
      );
      await page.waitForFunction((all) => all.every(({ length }) => length === 1), streams);
      app.publish("town", "for all");
      await page.waitForFunction((all) => all.every(({ length }) => length === 2), streams);
      await page.context().close();
    },
  );
});
