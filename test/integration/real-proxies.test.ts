/** Sessions and WebSockets through nginx, HAProxy and Caddy, in their defaults and as docs/deployment.md configures them. */
import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request } from "node:http";
import type { TestContext } from "node:test";
import { suite, test } from "node:test";
import { skipReason } from "../../scripts/system-packages.ts";
import { WebSocketHandler } from "../../src/index.ts";
import { createCounterpart } from "../support/hostile-proxy/counterpart.ts";
import { describedMessages, messagesOf } from "../support/hostile-proxy/numbered-messages.ts";
import { Talker } from "../support/hostile-proxy/talker.ts";
import type { RealProxy } from "../support/real-proxies.ts";
import { realProxies, startRealProxy } from "../support/real-proxies.ts";
import type { Running } from "../support/run-application.ts";
import { runApplication } from "../support/run-application.ts";

const transports = ["websocket", "sse", "long-polling", "polling"] as const;

/** Tells a client how it seems to have come, and then everything that is published. */
class Town extends WebSocketHandler {
  override open(): void {
    const { protocol, host } = this.request;
    this.writeMessage(`${this.remoteAddress} asked for ${protocol}://${host}`);
    this.subscribe("town");
  }
}

// Not "loopback": tests come from other addresses of it, which are no proxies.
const behind = { trustedProxies: ["127.0.0.1"], allowedHosts: ["app.example.com"] };

function runTown(context: TestContext): Promise<Running> {
  return runApplication(context, [["/town", Town, { transports }]], behind);
}

/** A request on a connection of its own, as `curl -N` makes it: resolves when the response begins. */
async function ask(
  url: string,
  {
    headers = {},
    body = "",
    from = "127.0.0.1",
  }: { headers?: Record<string, string>; body?: string; from?: string },
): Promise<IncomingMessage> {
  const method = body === "" ? "GET" : "POST";
  const asking = request(url, { method, agent: false, headers, localAddress: from });
  asking.end(body);
  const [response] = (await once(asking, "response")) as [IncomingMessage];
  return response.setEncoding("utf8");
}

const stream = { headers: { Accept: "text/event-stream" } };

/** Posts to a session, and gives back the head and the records of the answer. */
async function post(
  url: string,
  head: object,
  from?: string,
): Promise<[Record<string, unknown>, ...unknown[]]> {
  const headers = { "Content-Type": "text/plain" };
  const response = await ask(url, {
    headers,
    body: JSON.stringify(head),
    ...(from !== undefined && { from }),
  });
  let text = "";
  for await (const piece of response) text += piece as string;
  assert.equal(response.statusCode, 200, text);
  const [first = "", ...records] = text.trimEnd().split("\n");
  return [
    JSON.parse(first) as Record<string, unknown>,
    ...records.map((line) => JSON.parse(line) as unknown),
  ];
}

/** The median of several times that something takes, in milliseconds. */
async function medianMs(act: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 9; i++) {
    const begun = performance.now();
    await act();
    times.push(performance.now() - begun);
  }
  return times.toSorted((a, b) => a - b)[4] ?? Infinity;
}

/** How long it takes until the first byte of a stream is there, and how long from publishing an event until it is. */
async function streamTimes({ app }: Running, url: string): Promise<{ first: number; event: number }> {
  const first = await medianMs(async () => {
    const response = await ask(`${url}/town`, stream);
    await once(response, "data");
    response.destroy();
  });
  const response = await ask(`${url}/town`, stream);
  let text = "";
  response.on("data", (piece: string) => {
    text += piece;
  });
  const textWith = async (end: string): Promise<void> => {
    while (!text.endsWith(end)) await once(response, "data");
  };
  await textWith("\n\n");
  let count = 0;
  const event = await medianMs(async () => {
    count += 1;
    app.publish("town", `event ${count}`);
    await textWith(`data: event ${count}\n\n`);
  });
  response.destroy();
  return { first, event };
}

/** Whether a proxy passes what a WebSocket's handshake needs. */
const passesUpgrade = (proxy: RealProxy): boolean => proxy !== realProxies.nginxDefault;

for (const proxy of Object.values(realProxies)) {
  suite(proxy.name, { skip: skipReason(proxy.requirement) }, () => {
    test("passes a stream's first byte and its events at once", async (context) => {
      const running = await runTown(context);
      const url = await startRealProxy(context, proxy, [running.server.port]);
      const direct = await streamTimes(running, running.server.url);
      const through = await streamTimes(running, url);
      for (const what of ["first", "event"] as const) {
        const times = `${through[what].toFixed(1)} ms, without the proxy ${direct[what].toFixed(1)} ms`;
        context.diagnostic(`${what === "first" ? "first byte" : "event"} after ${times}`);
        // Promised are 50 ms; a busy machine may take some more. A proxy that waits for more takes 200 and up.
        assert.ok(through[what] < direct[what] + 100, times);
      }
    });

    test("holds a poll until there is a message", async (context) => {
      const { server, app } = await runTown(context);
      const url = `${await startRealProxy(context, proxy, [server.port])}/town`;
      const [opened, ...greeting] = await post(url, {
        transport: "long-polling",
        key: "k".repeat(16),
        poll: 1000,
      });
      const ack = greeting.length;
      const { session } = opened;
      const [, welcome = greeting[0]] = ack === 0 ? await post(url, { session, ack, poll: 1000 }) : [];
      assert.match(String(welcome), / asked for http:/);
      const begun = performance.now();
      const held = post(url, { session, ack: 1, poll: 25_000 });
      // A request that comes later and is answered: the one that is held has come as well.
      await post(url, { session, ack: 1 });
      app.publish("town", "news");
      const [, news] = await held;
      assert.equal(news, "news");
      assert.ok(performance.now() - begun < 10_000);
      await post(url, { session, ack: 2, close: {} });
    });

    for (const transport of transports) {
      const skip = transport === "websocket" && !passesUpgrade(proxy) && "it drops Upgrade";
      test(`passes everything in order by ${transport}`, { skip }, async (context) => {
        const count = 30;
        const counterpart = createCounterpart(count);
        const { server } = await runApplication(
          context,
          [["/talk", counterpart.Handler, { transports }]],
          behind,
        );
        const url = await startRealProxy(context, proxy, [server.port]);
        const talker = new Talker(context, `${url}/talk`, { transports: [transport] });
        talker.send(0, count);
        await talker.until(() => talker.received.length === 2 * count);
        assert.deepEqual(messagesOf("client", talker.received), describedMessages("client", count));
        assert.deepEqual(messagesOf("server", talker.received), describedMessages("server", count));
        talker.socket.close(1000);
        await counterpart.until(() => counterpart.sides[0]?.closes.length === 1);
        assert.deepEqual(counterpart.sides[0]?.closes, [1000]);
        await talker.until(() => talker.socket.state === "closed");
      });
    }
  });
}

for (const proxy of [realProxies.nginx, realProxies.haproxy, realProxies.caddy]) {
  suite(`${proxy.name} as documented`, { skip: skipReason(proxy.requirement) }, () => {
    test("says who the client is, and does not pass on what a client makes up", async (context) => {
      const { server } = await runTown(context);
      const url = await startRealProxy(context, proxy, [server.port]);
      const { host } = new URL(url);
      const lies = {
        "X-Forwarded-For": "6.6.6.6",
        "X-Forwarded-Host": "app.example.com",
        "X-Forwarded-Proto": "https",
      };
      const from = "127.0.0.2";
      const response = await ask(`${url}/town`, { headers: { ...stream.headers, ...lies }, from });
      let text = "";
      for await (const piece of response) {
        text += piece as string;
        if (text.includes(" asked for ")) break;
      }
      assert.ok(text.includes(`data: 127.0.0.2 asked for http://${host}\n`), text);
    });

    test("keeps a client's requests on one of several processes", async (context) => {
      const servers = [await runTown(context), await runTown(context)];
      const url = `${await startRealProxy(
        context,
        proxy,
        servers.map(({ server }) => server.port),
      )}/town`;
      // Linux has all of 127.0.0.0/8.
      for (let client = 2; client < 26; client++) {
        const from = `127.0.0.${client}`;
        const [{ session }] = await post(
          url,
          { transport: "polling", key: `client-${client}-${"k".repeat(16)}` },
          from,
        );
        for (let round = 0; round < 3; round++) await post(url, { session, ack: 0, poll: 0 }, from);
        await post(url, { session, close: {} }, from);
      }
      for (const { log } of servers) assert.ok(log.lines.some(({ text }) => text.includes("POST /town")));
    });
  });
}
