/** A page that goes offline or is left, where nothing shall come back by itself. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { expectedLog } from "../support/log.ts";
import { closeOf, nextEvent, openSocket, serveEcho } from "./realtime.ts";

const log = expectedLog();

for (const [type, reason] of [
  ["offline", "no network"],
  ["pagehide", "the page was left"],
] as const) {
  test(`reconnect: false, ${type}: the socket is closed, as a WebSocket would be`, async (context) => {
    const page = new EventTarget();
    const { url } = await serveEcho(context, log);
    // A server on this machine is in reach without a network, so the page is one of another machine.
    const names = { addEventListener: page.addEventListener.bind(page), navigator: { onLine: true } };
    for (const [name, value] of Object.entries(names)) {
      const before = Object.getOwnPropertyDescriptor(globalThis, name);
      Object.defineProperty(globalThis, name, { value, configurable: true });
      context.after(() => {
        if (before) Object.defineProperty(globalThis, name, before);
        else Reflect.deleteProperty(globalThis, name);
      });
    }
    const socket = openSocket(context, "http://elsewhere.example/echo", {
      transports: ["polling"],
      reconnect: false,
      fetch: (_input, init) => fetch(`${url}/echo`, init),
    });
    await nextEvent(socket, "open");
    const closed = closeOf(socket);
    names.navigator.onLine = false;
    page.dispatchEvent(new Event(type));
    assert.deepEqual(await closed, [1006, reason, false]);
  });
}
