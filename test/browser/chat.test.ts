/** The chat in a real browser, with two people in it. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { skipReason } from "../../scripts/system-packages.ts";
import { launchBrowser } from "../support/browser.ts";
import { chatOfSuite } from "../support/chat.ts";
import { enter, shows, submit } from "./chat-page.ts";

suite("the chat", { skip: skipReason("chromium") }, async () => {
  const browser = await launchBrowser();
  const chat = chatOfSuite();

  test("two people see what both say, in one order, under their names, as text", async (context) => {
    const viewport = { width: 760, height: 620 };
    const ada = await enter(context, browser, chat.url, "Ada", { viewport });
    const grace = await enter(context, browser, chat.url, "<b>Grace</b>", { viewport, colorScheme: "dark" });
    const expected = [
      "Ada: Hello! Is anybody here?",
      "<b>Grace</b>: Yes! Do you get this: <img src=x onerror=alert(1)>",
      "Ada: As text, yes. The template escapes it, and the page's policy would not let it run.",
      "Ada: <script>alert(2)</script> مرحبا 郑老板 🌪️",
    ];
    for (const [index, message] of expected.entries()) {
      const text = message.slice(message.indexOf(": ") + 2);
      await submit(message.startsWith("Ada") ? ada : grace, "#text", text);
      for (const page of [ada, grace]) await shows(page, expected.slice(0, index + 1));
    }
    assert.equal(await grace.locator("#messages :is(img, script, b)").count(), 0);
    assert.equal(await ada.locator("#messages li.mine").count(), 3);
    assert.equal(await grace.locator("#messages li.mine").count(), 1);
    assert.equal(await ada.locator("#waiting li").count(), 0);
    await ada.screenshot({ path: "build/chat.png" });
    await grace.screenshot({ path: "build/chat-dark.png" });

    // Who comes late finds it in the page. On a phone, too, nothing is wider than the page.
    const phone = { width: 360, height: 640 };
    const late = await enter(context, browser, chat.url, "Late", { viewport: phone });
    await shows(late, expected);
    assert.equal(await late.evaluate("document.documentElement.scrollWidth"), 360);
    await late.screenshot({ path: "build/chat-phone.png" });
  });

  test("it can be used by keyboard alone", async (context) => {
    const page = await enter(context, browser, chat.url, "Ada");
    const focused = (): Promise<string> =>
      page.evaluate<string>(
        "document.activeElement.role ?? (document.activeElement.id || document.activeElement.textContent)",
      );
    assert.equal(await focused(), "text");
    await page.keyboard.type("by keyboard");
    await page.keyboard.press("Enter");
    await shows(page, ["Ada: by keyboard"]);
    assert.equal(await focused(), "text");
    await page.keyboard.press("Shift+Tab");
    assert.equal(await focused(), "log");
    await page.keyboard.press("Shift+Tab");
    assert.equal(await focused(), "Log out");
    await page.keyboard.press("Enter");
    await page.waitForURL(`${chat.url}/login`);
    assert.equal(await focused(), "name");
  });
});
