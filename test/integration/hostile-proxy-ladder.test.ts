/**
 * With all four transports and the times that are the default, the first message is there within 4 seconds, whatever the proxy
 * does. This is a promise in seconds, so that the test measures seconds.
 */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { TransportName } from "../../src/client/index.ts";
import type { Hostility, HostilityName } from "../support/hostile-proxy.ts";
import { HostileProxy, hostilities } from "../support/hostile-proxy.ts";
import { createCounterpart } from "../support/hostile-proxy/counterpart.ts";
import { Talker } from "../support/hostile-proxy/talker.ts";
import { runApplication, takeWarnings } from "../support/run-application.ts";

const firstMessageMs = 4000;

/** Which transport speaks first. The first one that the proxy lets through, in the ladder's order. */
const winners: Readonly<Record<HostilityName, readonly TransportName[]>> = {
  none: ["websocket"],
  "strip-upgrade": ["sse"],
  "swallow-upgrade": ["sse"],
  "answer-upgrade": ["sse"],
  "buffer-response": ["websocket"],
  "buffer-blocks": ["websocket"],
  cut: ["websocket"],
  trickle: ["websocket"],
  // By chance, a WebSocket may be reset or swallowed before it has spoken, and another transport, too.
  reset: ["websocket", "sse", "long-polling", "polling"],
  "swallow-response": ["websocket", "sse", "long-polling", "polling"],
  "repeat-request": ["websocket"],
  "delay-posts": ["websocket"],
};

/** The server does not wait long for a close frame that a proxy has swallowed. */
const settings = { websocket: { closeTimeoutMs: 100 } };

const buffersAndStrips: Hostility = { ...hostilities["buffer-response"], upgrades: "strip" };

const cases: readonly (readonly [string, Hostility, readonly TransportName[]])[] = [
  ...(Object.keys(hostilities) as HostilityName[]).map(
    (name) => [name, hostilities[name], winners[name]] as const,
  ),
  ["buffer-response and strip-upgrade", buffersAndStrips, ["long-polling"]],
];

suite("the first message comes in time", { concurrency: 4 }, () => {
  for (const [name, mode, expected] of cases) {
    test(name, async (context) => {
      const seed = Number(process.env["SEED"] ?? Math.trunc(Math.random() * 2 ** 31));
      const counterpart = createCounterpart(1);
      const transports = ["websocket", "sse", "long-polling", "polling"] as const;
      const route = ["/talk", counterpart.Handler, { transports }] as const;
      const { server, log } = await runApplication(context, [route], settings);
      const proxy = await HostileProxy.start(context, server.port, mode, seed);
      const begun = performance.now();
      const talker = new Talker(context, `${proxy.url}/talk`, {});
      await talker.until(() => talker.received.length > 0);
      const elapsedMs = performance.now() - begun;
      const { transport = "polling" } = talker.socket;
      context.diagnostic(`SEED=${seed}: ${Math.round(elapsedMs)} ms, by ${transport}`);
      assert.ok(elapsedMs < firstMessageMs, `${elapsedMs} ms`);
      assert.ok(expected.includes(transport), transport);
      talker.socket.close();
      await talker.until(() => talker.socket.state === "closed");
      await takeWarnings(log);
    });
  }
});
