/** What a real browser says of the page that sends a form, and what that is worth with the setting `xsrfCookies`. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { skipReason } from "../../scripts/system-packages.ts";
import type { Server, Settings } from "../../src/index.ts";
import { Application, RequestHandler, WebSocketHandler } from "../../src/index.ts";
import { startApplication } from "../../src/testing/index.ts";
import { launchBrowser, openPage } from "../support/browser.ts";
import { expectedLog } from "../support/log.ts";

/** A form that is sent to the URL in the query, in a page with the Referrer-Policy of the query. */
class Form extends RequestHandler {
  get() {
    this.setHeader("Referrer-Policy", this.getQueryArgument("policy", "strict-origin-when-cross-origin"));
    const icon = '<link rel=icon href="data:,">';
    return `<!doctype html><title>form</title>${icon}<form method=post action="${this.getQueryArgument("to", "/")}"><button>Send</button></form>`;
  }
  post() {
    return `<!doctype html><title>done</title><link rel=icon href="data:,">`;
  }
}

/** What a browser asks for behind a page that names no icon, as an error page does. */
class Icon extends RequestHandler {
  get() {
    this.setStatus(204);
  }
}

/** What a page of another site would have opened and said in the name of its visitor. */
const forged: unknown[] = [];

class Room extends WebSocketHandler {
  override open() {
    forged.push("open");
  }
  override onMessage(message: string | Uint8Array) {
    forged.push(message);
  }
}

const routes = [
  ["/room", Room, { transports: ["websocket", "sse", "long-polling", "polling"] }],
  ["/", Form],
  ["/favicon.ico", Icon],
] as const;

suite("a form", { skip: skipReason("chromium") }, async () => {
  const log = expectedLog();
  const browser = await launchBrowser();
  const start = (settings: Settings = {}): Promise<Server> =>
    startApplication(new Application(routes, { logger: log, xsrfCookies: true, ...settings }));

  /** The title of the page that the browser shows when the form of a page has been sent. */
  async function send(from: string): Promise<string> {
    const [page] = await openPage(browser);
    await page.goto(from);
    const [response] = await Promise.all([
      page.waitForResponse((each) => each.request().method() === "POST"),
      page.click("button"),
    ]);
    await response.finished();
    await page.waitForLoadState();
    const title = await page.title();
    await page.context().close();
    return title;
  }

  test("of the server's own page passes without a token, whatever its Referrer-Policy", async () => {
    await using server = await start();
    assert.equal(await send(server.url), "done");
    assert.equal(await send(`${server.url}/?policy=no-referrer`), "done");
  });

  test("of another origin is refused, and the log says which setting would allow it", async () => {
    await using server = await start();
    await using other = await start();
    const to = encodeURIComponent(server.url);
    assert.equal(await send(`${other.url}/?to=${to}`), "403: Forbidden");
    await log.expect(/^403 POST \//);
    const { text } = await log.expect(/^XSRF_REFUSED/);
    assert.ok(text.includes(`allowedOrigins: ["${other.url}"]`), text);
    // Without a name, which a page may choose, it is of another site all the same.
    assert.equal(await send(`${other.url}/?policy=no-referrer&to=${to}`), "403: Forbidden");
    await log.expect(/^403 POST \//);
    await log.expect(/^XSRF_REFUSED .*Origin "null", Sec-Fetch-Site "(same|cross)-site"/);
  });

  test("of an origin that is allowed passes", async () => {
    await using other = await start();
    await using server = await start({ allowedOrigins: [other.url] });
    assert.equal(await send(`${other.url}/?to=${encodeURIComponent(server.url)}`), "done");
  });

  test("or a script of another origin opens no session, with the setting or without", async () => {
    await using other = await start();
    for (const xsrfCookies of [true, false]) {
      await using server = await start({ xsrfCookies });
      forged.length = 0;
      const [page] = await openPage(browser);
      await page.goto(other.url);
      const opening = `{"transport":"polling","key":"${"k".repeat(16)}","seq":1,"poll":0}\n`;
      // What needs no preflight, and whose answer the page cannot read anyway.
      await page.evaluate(
        async ([url, body]) => {
          const options = { method: "POST", mode: "no-cors", credentials: "include", body } as const;
          await fetch(url, options);
          await fetch(url, { ...options, referrerPolicy: "no-referrer" });
          const headers = { Accept: "text/event-stream" };
          await fetch(url, { mode: "no-cors", credentials: "include", headers });
        },
        [`${server.url}/room`, `${opening}"said"\n`] as const,
      );
      for (const method of ["POST", "POST", "GET"]) await log.expect(new RegExp(`^403 ${method} /room`));
      // A form whose only field has the head of an opening in its name, and a "=" in its record.
      const name = `${opening.trim()}\n"said`.replaceAll('"', "&quot;").replaceAll("\n", "&#10;");
      await page.setContent(
        `<form method=post enctype="text/plain" action="${server.url}/room"><input name="${name}" value="&quot;"><button>Send</button></form>`,
      );
      const [response] = await Promise.all([
        page.waitForResponse((each) => each.request().method() === "POST"),
        page.click("button"),
      ]);
      assert.equal(response.status(), 403);
      await log.expect(/^403 POST \/room/);
      await page.context().close();
      assert.deepEqual(forged, []);
      while (log.lines.some(({ text }) => text.startsWith("WS_ORIGIN_REFUSED")))
        await log.expect(/^WS_ORIGIN_REFUSED/);
    }
  });
});
