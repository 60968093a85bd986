/** The chat in a real browser, with two people in it. */
import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { connect, createServer } from "node:net";
import type { TestContext } from "node:test";
import { suite, test } from "node:test";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { skipReason } from "../../scripts/system-packages.ts";
import { Application, RequestHandler } from "../../src/index.ts";
import { startApplication } from "../../src/testing/index.ts";
import { launchBrowser, openPage } from "../support/browser.ts";
import { endChat, startChat } from "../support/chat.ts";
import type { RunningProcess } from "../support/process.ts";

/** Somebody with a browser of their own; what its console said is checked when the test ends. */
async function logIn(
  context: TestContext,
  browser: Browser,
  url: string,
  name: string,
  options: BrowserContextOptions = {},
): Promise<Page> {
  const [page, lines] = await openPage(browser, { locale: "en-GB", ...options });
  context.after(async () => {
    await page.context().close();
    // What the server refuses on purpose, or cannot answer while it is away, is said by the browser in any case.
    const complaints = lines.filter((line) => !/Failed to load resource|WebSocket connection to/.test(line));
    assert.deepEqual(complaints, []);
  });
  await page.goto(url);
  await page.fill("#name", name);
  await page.press("#name", "Enter");
  await isOpen(page);
  return page;
}

const isOpen = (page: Page): Promise<void> => page.locator('#state[data-state="open"]').waitFor();

async function say(page: Page, text: string): Promise<void> {
  await page.fill("#text", text);
  await page.press("#text", "Enter");
}

/** Waits until a page shows so many messages, and gives them as they stand there: "name: text". */
async function messagesOf(page: Page, count: number): Promise<string[]> {
  await page.locator(`#messages li:nth-child(${count})`).waitFor();
  const names = await page.locator("#messages .head bdi").allTextContents();
  const texts = await page.locator("#messages .text").allTextContents();
  return names.map((name, index) => `${name}: ${texts[index]}`);
}

/** A port that leads to another one, and can be cut. */
class Relay {
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((near) => {
    if (this.isCut) return near.destroy();
    const far = connect(this.#port, "localhost");
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from);
      from.pipe(to);
      from.on("error", () => {}).on("close", () => to.destroy());
    }
    return undefined;
  });
  readonly #port: number;
  isCut = false;

  constructor(url: string) {
    this.#port = Number(new URL(url).port);
  }

  async listen(context: TestContext): Promise<string> {
    await once(this.#server.listen(0, "localhost"), "listening");
    context.after(() => {
      this.cut();
      this.#server.close();
    });
    return `http://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  cut(): void {
    this.isCut = true;
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }
}

suite("the chat", { skip: skipReason("chromium") }, async () => {
  const browser = await launchBrowser();

  async function start(context: TestContext, env: NodeJS.ProcessEnv = {}): Promise<[string, RunningProcess]> {
    const { url, chat } = await startChat(env);
    context.after(() => endChat(chat));
    return [url, chat];
  }

  test("two people see what both say, in one order, under their names, as text", async (context) => {
    const [url] = await start(context);
    const ada = await logIn(context, browser, url, "Ada", { viewport: { width: 760, height: 620 } });
    const grace = await logIn(context, browser, url, "<b>Grace</b>", {
      colorScheme: "dark",
      viewport: { width: 760, height: 620 },
    });
    await say(ada, "Hello! Is anybody here?");
    await messagesOf(grace, 1);
    await say(grace, "Yes, I am. Look: <img src=x onerror=alert(1)>");
    await messagesOf(ada, 2);
    await say(
      ada,
      "It is text, as it should be. Everything is escaped by the template, and the policy of the page would not run it either.",
    );
    await say(ada, "مرحبا <script>alert(2)</script> 郑老板 🌪️");
    const expected = [
      "Ada: Hello! Is anybody here?",
      "<b>Grace</b>: Yes, I am. Look: <img src=x onerror=alert(1)>",
      "Ada: It is text, as it should be. Everything is escaped by the template, and the policy of the page would not run it either.",
      "Ada: مرحبا <script>alert(2)</script> 郑老板 🌪️",
    ];
    assert.deepEqual(await messagesOf(ada, 4), expected);
    assert.deepEqual(await messagesOf(grace, 4), expected);
    assert.equal(await grace.locator("#messages :is(img, script, b)").count(), 0);
    assert.equal(await ada.locator("#messages li.mine").count(), 3);
    assert.equal(await grace.locator("#messages li.mine").count(), 1);
    assert.equal(await ada.locator("#waiting li").count(), 0);
    await ada.screenshot({ path: "build/chat.png" });
    await grace.screenshot({ path: "build/chat-dark.png" });

    // Who comes late finds it in the page; also without scripts.
    const late = await logIn(context, browser, url, "郑老板", {
      colorScheme: "dark",
      viewport: { width: 360, height: 640 },
    });
    assert.deepEqual(await messagesOf(late, 4), expected);
    await late.screenshot({ path: "build/chat-phone.png" });
    // On a phone, too, nothing is wider than the page.
    assert.equal(await late.evaluate("document.documentElement.scrollWidth"), 360);
  });

  test("who is not logged in is asked for a name, and comes to where they wanted to go", async (context) => {
    const [url] = await start(context);
    const [page, lines] = await openPage(browser, { viewport: { width: 760, height: 620 } });
    await page.goto(`${url}/?from=a-link`);
    assert.equal(page.url(), `${url}/login?next=%2F%3Ffrom%3Da-link`);
    // A page's own check is left out here, so that the server has to say it.
    await page.locator("form").evaluate("(form) => { form.noValidate = true; }");
    await page.press("#name", "Enter");
    await page.getByRole("alert").waitFor();
    await page.screenshot({ path: "build/chat-login.png" });
    await page.fill("#name", "Ada");
    await page.press("#name", "Enter");
    await isOpen(page);
    assert.equal(page.url(), `${url}/?from=a-link`);
    assert.equal(await page.textContent("#me"), "Ada");
    // A browser that is logged in is not asked again.
    await page.goto(`${url}/login`);
    await isOpen(page);
    assert.equal(page.url(), `${url}/`);
    assert.deepEqual(
      lines.filter((line) => !line.includes("400")),
      [],
    );
    await page.context().close();
  });

  test("it can be used by keyboard alone", async (context) => {
    const [url] = await start(context);
    const page = await logIn(context, browser, url, "Ada");
    const focused = (): Promise<string> =>
      page.evaluate<string>(
        "document.activeElement.id || document.activeElement.textContent.trim() || document.activeElement.getAttribute('role')",
      );
    assert.equal(await focused(), "text");
    await page.keyboard.type("by keyboard");
    await page.keyboard.press("Enter");
    assert.deepEqual(await messagesOf(page, 1), ["Ada: by keyboard"]);
    assert.equal(await focused(), "text");
    await page.keyboard.press("Shift+Tab");
    assert.equal(await page.evaluate("document.activeElement.getAttribute('role')"), "log");
    await page.keyboard.press("Shift+Tab");
    assert.equal(await focused(), "Log out");
    await page.keyboard.press("Enter");
    await page.waitForURL(`${url}/login`);
    assert.equal(await focused(), "name");
  });

  test("a logout ends the login in all tabs of the browser, and for nobody else", async (context) => {
    const [url] = await start(context);
    const ada = await logIn(context, browser, url, "Ada");
    const grace = await logIn(context, browser, url, "Grace");
    const tab = await ada.context().newPage();
    await tab.goto(url);
    await isOpen(tab);
    await ada.getByRole("button", { name: "Log out" }).click();
    for (const page of [ada, tab]) await page.waitForURL(`${url}/login`);
    await ada.goto(url);
    assert.equal(ada.url(), `${url}/login?next=%2F`);
    // What was said is not in the history either.
    await tab.goBack();
    await tab.waitForURL(/\/login/);
    await say(grace, "still here");
    assert.deepEqual(await messagesOf(grace, 1), ["Grace: still here"]);
  });

  test("a form on another site's page can neither log out nor log in", async (context) => {
    const [url] = await start(context);
    const ada = await logIn(context, browser, url, "Ada");
    /** A page with a form to the address of its query. Its host is the same, so the browser sends the cookies along. */
    class Trap extends RequestHandler {
      get(): string {
        return `<link rel=icon href="data:,"><form method=post action="${this.getQueryArgument("to")}"><input name=name value=Mallory><button>Win!</button></form>`;
      }
    }
    await using other = await startApplication(
      new Application([["/", Trap]], { logger: { debug() {}, info() {}, warn() {}, error() {} } }),
    );
    const tab = await ada.context().newPage();
    for (const path of ["/logout", "/login"]) {
      await tab.goto(`http://localhost:${other.port}/?to=${url}${path}`);
      const answered = tab.waitForResponse((each) => each.request().method() === "POST");
      await tab.click("button");
      assert.equal((await answered).status(), 403, path);
    }
    await tab.goto(url);
    await isOpen(tab);
    assert.equal(await tab.textContent("#me"), "Ada");
    await say(ada, "not fooled");
    assert.deepEqual(await messagesOf(ada, 1), ["Ada: not fooled"]);
  });

  test("who loses the connection gets what was missed, and what waits is said once", async (context) => {
    const [url] = await start(context);
    const relay = new Relay(url);
    const ada = await logIn(context, browser, await relay.listen(context), "Ada");
    const grace = await logIn(context, browser, url, "Grace");
    await say(ada, "one");
    await messagesOf(grace, 1);
    relay.cut();
    await ada.locator('#state[data-state="waiting"]').waitFor();
    await say(grace, "two");
    await messagesOf(grace, 2);
    await say(ada, "four");
    await ada.locator("#waiting li").waitFor();
    await say(grace, "three");
    await messagesOf(grace, 3);
    relay.isCut = false;
    const expected = ["Ada: one", "Grace: two", "Grace: three", "Ada: four"];
    assert.deepEqual(await messagesOf(ada, 4), expected);
    assert.deepEqual(await messagesOf(grace, 4), expected);
    assert.equal(await ada.locator("#waiting li").count(), 0);
  });

  test("after a restart both are back, and nothing is lost or doubled", async (context) => {
    const env = { COOKIE_SECRET: "of this test" };
    const [url, chat] = await start(context, env);
    assert.doesNotMatch(chat.output, /COOKIE_SECRET/);
    const ada = await logIn(context, browser, url, "Ada");
    const grace = await logIn(context, browser, url, "Grace");
    await say(ada, "one");
    await messagesOf(ada, 1);
    await say(grace, "two");
    for (const page of [ada, grace]) await messagesOf(page, 2);
    await endChat(chat);
    for (const page of [ada, grace]) await page.locator('#state:not([data-state="open"])').waitFor();
    await say(ada, "three");
    await start(context, { ...env, PORT: new URL(url).port });
    for (const page of [ada, grace]) await isOpen(page);
    await messagesOf(grace, 3);
    await say(grace, "four");
    const expected = ["Ada: one", "Grace: two", "Ada: three", "Grace: four"];
    for (const page of [ada, grace]) assert.deepEqual(await messagesOf(page, 4), expected);
  });

  test("after a restart with another secret, the pages ask for the login again", async (context) => {
    const [url, chat] = await start(context);
    const ada = await logIn(context, browser, url, "Ada");
    await endChat(chat);
    await start(context, { PORT: new URL(url).port });
    await ada.waitForURL(`${url}/login`);
  });

  test("without a WebSocket it works the same, over server-sent events", async (context) => {
    const [url] = await start(context);
    const [page, lines] = await openPage(browser);
    await page.addInitScript("delete globalThis.WebSocket");
    await page.goto(url);
    await page.fill("#name", "Ada");
    await page.press("#name", "Enter");
    await isOpen(page);
    assert.equal(await page.getAttribute("#state", "title"), "sse");
    const grace = await logIn(context, browser, url, "Grace");
    await say(page, "one");
    await messagesOf(grace, 1);
    await say(grace, "two");
    assert.deepEqual(await messagesOf(page, 2), ["Ada: one", "Grace: two"]);
    await page.getByRole("button", { name: "Log out" }).click();
    await page.waitForURL(`${url}/login`);
    assert.deepEqual(lines, []);
    await page.context().close();
  });
});
