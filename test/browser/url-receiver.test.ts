/** The example that `npm start` runs, in a real browser: the promise of the README. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { skipReason } from "../../scripts/system-packages.ts";
import { launchBrowser, openPage } from "../support/browser.ts";
import { RunningProcess } from "../support/process.ts";

const skip = skipReason("chromium");

async function startExample(port = "0"): Promise<[RunningProcess, string]> {
  const example = new RunningProcess("npm", ["start"], { PORT: port, HOST: "localhost" });
  const [, url = ""] = await example.waitFor(/open (http:\S+) in a browser/);
  return [example, url];
}

test("three URLs are sent from the page, printed by the server, and answered", { skip }, async () => {
  const [example, url] = await startExample();
  const browser = await launchBrowser();
  const [page, console] = await openPage(browser, { locale: "en-US", viewport: { width: 900, height: 560 } });
  await page.goto(url);
  await page.locator('#state[data-state="open"]').waitFor();
  const urls = ["https://example.com/", "https://example.com/a?b=c&d=%20#e", "https://例え.jp/郑老板?问=答"];
  for (const each of urls) {
    await page.fill("#url", each);
    await page.click("#send");
    await page.locator("#exchanges li", { hasText: each }).first().waitFor();
  }
  await page.locator('#exchanges li[data-state="answered"]').nth(2).waitFor();
  const replies = await page.locator("#exchanges .reply").allTextContents();
  assert.deepEqual(replies, urls.map((each) => `郑老板,您好,我已经收到url:${each}`).toReversed());
  await page.screenshot({ path: "build/url-receiver.png" });
  await page.close();
  await example.waitFor(/WebSocket closed/);
  assert.match(example.output, /WebSocket opened\n(?:.*\n)*?url is: https:\/\/example\.com\/\n/);
  for (const each of urls) assert.ok(example.output.includes(`url is: ${each}\n`), each);
  assert.deepEqual(console, []);
  example.kill("SIGINT");
  await example.end();
});

test("the page says when the server is away, and comes back with it", { skip }, async () => {
  const [example, url] = await startExample();
  const browser = await launchBrowser();
  const [page] = await openPage(browser, {
    locale: "zh-CN",
    colorScheme: "dark",
    viewport: { width: 390, height: 700 },
  });
  await page.goto(url);
  await page.locator('#state[data-state="open"]').waitFor();
  example.kill("SIGKILL");
  await page.locator("#notice", { hasText: "无法连接服务器" }).waitFor();
  assert.ok(await page.locator("#send").isDisabled());
  await page.screenshot({ path: "build/url-receiver-away.png" });
  const [again] = await startExample(new URL(url).port);
  await page.locator('#state[data-state="open"]').waitFor();
  assert.ok(await page.locator("#notice").isHidden());
  again.kill("SIGINT");
  await again.end();
});

test("a taken port is named, with the way to another", async () => {
  const [example, url] = await startExample();
  const { port } = new URL(url);
  const second = new RunningProcess("npm", ["start"], { PORT: port, HOST: "localhost" });
  assert.equal(await second.end(), 1);
  assert.match(second.output, new RegExp(`port ${port} on localhost is already in use`));
  assert.match(second.output, /PORT=10001 npm start/);
  example.kill("SIGINT");
  await example.end();
});
