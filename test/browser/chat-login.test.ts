/** The login of the chat in a real browser: who gets in, how it ends, and what another site can do about it. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { skipReason } from "../../scripts/system-packages.ts";
import { Application, RequestHandler } from "../../src/index.ts";
import { startApplication } from "../../src/testing/index.ts";
import { launchBrowser } from "../support/browser.ts";
import { chatOfSuite } from "../support/chat.ts";
import { enter, isOpen, shows, submit, visit } from "./chat-page.ts";

suite("the login of the chat", { skip: skipReason("chromium") }, async () => {
  const browser = await launchBrowser();
  const chat = chatOfSuite();

  test("who is not logged in is asked for a name, and comes to where they wanted to go", async (context) => {
    const page = await visit(context, browser, `${chat.url}/?from=a-link`, {
      viewport: { width: 760, height: 620 },
    });
    assert.equal(page.url(), `${chat.url}/login?next=%2F%3Ffrom%3Da-link`);
    await submit(page, "#name", "turned\u202edehcs");
    await page.getByRole("alert").waitFor();
    await page.screenshot({ path: "build/chat-login.png" });
    await submit(page, "#name", "Ada");
    await isOpen(page);
    assert.equal(page.url(), `${chat.url}/?from=a-link`);
    assert.equal(await page.textContent("#me"), "Ada");
    // A browser that is logged in is not asked again.
    await page.goto(`${chat.url}/login`);
    await isOpen(page);
    assert.equal(page.url(), `${chat.url}/`);
  });

  test("a logout ends the login in all tabs of the browser, and for nobody else", async (context) => {
    const ada = await enter(context, browser, chat.url, "Ada");
    const grace = await enter(context, browser, chat.url, "Grace");
    const tab = await ada.context().newPage();
    await tab.goto(chat.url);
    await isOpen(tab);
    await ada.getByRole("button", { name: "Log out" }).click();
    for (const page of [ada, tab]) await page.waitForURL(`${chat.url}/login`);
    await ada.goto(chat.url);
    assert.equal(ada.url(), `${chat.url}/login?next=%2F`);
    await submit(grace, "#text", "still here");
    await shows(grace, ["Grace: still here"]);
  });

  test("a form on another site's page can neither log out nor log in", async (context) => {
    const ada = await enter(context, browser, chat.url, "Ada");
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
      await tab.goto(`http://localhost:${other.port}/?to=${chat.url}${path}`);
      const answered = tab.waitForResponse((each) => each.request().method() === "POST");
      await tab.click("button");
      assert.equal((await answered).status(), 403, path);
    }
    await tab.goto(chat.url);
    await isOpen(tab);
    assert.equal(await tab.textContent("#me"), "Ada");
    await submit(ada, "#text", "not fooled");
    await shows(ada, ["Ada: not fooled"]);
  });
});
