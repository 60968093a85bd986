/** What becomes of the chat's pages, in a real browser, when its server ends and another takes its place. */
import { suite, test } from "node:test";
import { skipReason } from "../../scripts/system-packages.ts";
import { launchBrowser } from "../support/browser.ts";
import { endChat, startChat } from "../support/chat.ts";
import { enter, isOpen, shows, submit, wake } from "./chat-page.ts";

suite("after a restart of the chat", { skip: skipReason("chromium") }, async () => {
  const browser = await launchBrowser();

  test("with the same secret both are back, and nothing is lost or doubled", async (context) => {
    const env = { COOKIE_SECRET: "of this test" };
    const { url, chat } = await startChat(env);
    const ada = await enter(context, browser, url, "Ada");
    const grace = await enter(context, browser, url, "Grace");
    await submit(ada, "#text", "one");
    await shows(grace, ["Ada: one"]);
    await submit(grace, "#text", "two");
    for (const page of [ada, grace]) await shows(page, ["Ada: one", "Grace: two"]);
    await endChat(chat);
    for (const page of [ada, grace]) await page.locator('#state[data-state="waiting"]').waitFor();
    await submit(ada, "#text", "three");
    await ada.locator("#waiting li").waitFor();

    const again = await startChat({ ...env, PORT: new URL(url).port });
    context.after(() => endChat(again.chat));
    for (const page of [ada, grace]) {
      await wake(page);
      await isOpen(page);
    }
    await shows(grace, ["Ada: one", "Grace: two", "Ada: three"]);
    await submit(grace, "#text", "four");
    const expected = ["Ada: one", "Grace: two", "Ada: three", "Grace: four"];
    for (const page of [ada, grace]) await shows(page, expected);
    await ada.locator("#waiting li").waitFor({ state: "detached" });
  });

  test("with another secret the page asks for a login", async (context) => {
    const { url, chat } = await startChat();
    const ada = await enter(context, browser, url, "Ada");
    await endChat(chat);
    await ada.locator('#state[data-state="waiting"]').waitFor();
    const again = await startChat({ PORT: new URL(url).port });
    context.after(() => endChat(again.chat));
    await wake(ada);
    await ada.waitForURL(`${url}/login`);
  });
});
