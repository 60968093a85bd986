/** The chat in a real browser, where the connection is lost, or is no WebSocket. */
import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { connect, createServer } from "node:net";
import type { TestContext } from "node:test";
import { suite, test } from "node:test";
import { skipReason } from "../../scripts/system-packages.ts";
import { launchBrowser } from "../support/browser.ts";
import { chatOfSuite } from "../support/chat.ts";
import { enter, isOpen, shows, submit, visit, wake } from "./chat-page.ts";

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

suite("the connection of the chat", { skip: skipReason("chromium") }, async () => {
  const browser = await launchBrowser();
  const chat = chatOfSuite();

  test("who loses the connection gets what was missed, and what waits is said once", async (context) => {
    const relay = new Relay(chat.url);
    const ada = await enter(context, browser, await relay.listen(context), "Ada");
    const grace = await enter(context, browser, chat.url, "Grace");
    const expected = ["Ada: before", "Grace: meanwhile", "Grace: still", "Ada: waiting", "Grace: after"];
    await submit(ada, "#text", "before");
    for (const page of [ada, grace]) await shows(page, expected.slice(0, 1));
    relay.cut();
    await ada.locator('#state[data-state="waiting"]').waitFor();
    await submit(ada, "#text", "waiting");
    await ada.locator("#waiting li").waitFor();
    await submit(grace, "#text", "meanwhile");
    await submit(grace, "#text", "still");
    await shows(grace, expected.slice(0, 3));
    relay.isCut = false;
    await wake(ada);
    for (const page of [ada, grace]) await shows(page, expected.slice(0, 4));
    await submit(grace, "#text", "after");
    for (const page of [ada, grace]) await shows(page, expected);
    assert.equal(await ada.locator("#waiting li").count(), 0);
  });

  test("without a WebSocket it works the same, over server-sent events", async (context) => {
    const ada = await visit(context, browser, chat.url);
    await ada.addInitScript("delete globalThis.WebSocket");
    await submit(ada, "#name", "Ada");
    await isOpen(ada);
    assert.equal(await ada.getAttribute("#state", "title"), "sse");
    const grace = await enter(context, browser, chat.url, "Grace");
    await submit(ada, "#text", "by another way");
    await shows(grace, ["Ada: by another way"]);
    await submit(grace, "#text", "here as well");
    await shows(ada, ["Ada: by another way", "Grace: here as well"]);
    await ada.getByRole("button", { name: "Log out" }).click();
    await ada.waitForURL(`${chat.url}/login`);
  });
});
