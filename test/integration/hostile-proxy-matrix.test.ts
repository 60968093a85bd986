/**
 * Every way in which a proxy can be hostile, and every transport: all messages of both directions are seen once and in
 * order. Where that cannot be, the table of exceptions says why, and what is to happen instead.
 */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { suite, test } from "node:test";
import type { TransportName } from "../../src/client/index.ts";
import type { Settings } from "../../src/index.ts";
import type { Hostility, HostilityName } from "../support/hostile-proxy.ts";
import { HostileProxy, hostilities } from "../support/hostile-proxy.ts";
import type { Counterpart } from "../support/hostile-proxy/counterpart.ts";
import { createCounterpart } from "../support/hostile-proxy/counterpart.ts";
import { describedMessages, messagesOf } from "../support/hostile-proxy/numbered-messages.ts";
import { Talker } from "../support/hostile-proxy/talker.ts";
import { runApplication, takeWarnings } from "../support/run-application.ts";

const transports: readonly TransportName[] = ["websocket", "sse", "long-polling", "polling"];

/** How many messages each side sends of its own accord. */
const count = 40;

/** The modes as the matrix has them: shorter and quicker where that shows the same. A WebSocket is one long response, and none is spared. */
function modeOf(name: HostilityName, transport: TransportName): Hostility {
  const every = transport === "websocket" ? 1 : 3;
  // More than the answer to an opening, and less than many of the answers to polls.
  const afterBytes = transport.endsWith("polling") ? 450 : 1200;
  const responses: Partial<Record<HostilityName, Hostility["responses"]>> = {
    cut: { kind: "cut", afterBytes },
    trickle: { kind: "trickle", intervalMs: 0 },
    reset: { kind: "reset", every, chunksMax: 5 },
    "swallow-response": { kind: "swallow", every },
  };
  return { ...hostilities[name], responses: responses[name] ?? hostilities[name].responses };
}

/** What there is in a cell of the matrix. */
interface Cell {
  readonly context: TestContext;
  readonly transport: TransportName;
  readonly proxy: HostileProxy;
  readonly counterpart: Counterpart;
  readonly talker: Talker;
}

/** Both sides say all that they have to say; then every message was there once and in order, and the end is clean. */
async function saysAll({ transport, counterpart, talker, proxy }: Cell): Promise<void> {
  // A proxy that keeps responses back lets a conversation go on only once a second.
  const atOnce = proxy.mode.responses.kind.startsWith("buffer") ? 20 : 5;
  const messages = describedMessages("client", count);
  const own = describedMessages("server", count);
  for (let sent = 0; sent < count; sent += atOnce) {
    talker.send(sent, sent + atOnce);
    await talker.until(() => talker.received.includes(messages[sent + atOnce - 1] ?? ""));
  }
  await talker.until(() => talker.received.includes(own.at(-1) ?? ""));
  talker.socket.close(1000, "all was said");
  await talker.until(() => talker.socket.state === "closed");
  const spokenTo = counterpart.sides.filter(({ received }) => received.length > 0);
  await counterpart.until(() => spokenTo.every(({ closes }) => closes.length > 0));
  assert.deepEqual(
    spokenTo.map((side) => side.transport),
    [transport],
  );
  assert.deepEqual(spokenTo[0]?.received, messages);
  assert.deepEqual(spokenTo[0]?.closes, [1000]);
  assert.deepEqual(messagesOf("client", talker.received), messages);
  assert.deepEqual(messagesOf("server", talker.received), own);
  assert.equal(talker.connections.length, 1);
}

/** There is no connection while the proxy is there, but attempts; without it there is one, and all is well. */
async function triesAgain(cell: Cell): Promise<void> {
  const { talker, proxy } = cell;
  await talker.until(() => talker.reasons.length >= 6);
  assert.equal(talker.connections.length, 0);
  proxy.mode = hostilities.none;
  await saysAll(cell);
}

/** The WebSocket opens and stays silent; nothing is made up, and the client goes when it is told to. */
async function staysSilent({ talker }: Cell): Promise<void> {
  await talker.until(() => talker.socket.state === "open");
  talker.send(0, 1);
  talker.socket.close();
  await talker.until(() => talker.socket.state === "closed");
  assert.deepEqual(talker.received, []);
}

/**
 * A lost connection is another one to the handler, and what was under way is gone. But the client comes back each time, by each connection messages
 * come once and in order from the first one on, and a message gets through in the end.
 */
async function comesBack({ talker, counterpart, proxy }: Cell): Promise<void> {
  const own = describedMessages("server", count);
  await talker.until(() => proxy.acts >= 3 && talker.connections.length >= 3);
  proxy.mode = hostilities.none;
  talker.socket.addEventListener("open", () => talker.send(0, 1));
  if (talker.socket.state === "open") talker.send(0, 1);
  const echo = describedMessages("client", 1)[0] ?? "";
  await talker.until(() => talker.received.includes(echo));
  for (const connection of talker.connections) {
    const messages = messagesOf("server", connection);
    assert.deepEqual(messages, own.slice(0, messages.length));
  }
  talker.socket.close();
  await talker.until(() => talker.socket.state === "closed");
  await counterpart.until(() => counterpart.sides.every(({ closes }) => closes.length > 0));
  for (const { closes } of counterpart.sides) assert.equal(closes.length, 1);
}

type Exceptions = {
  readonly [Mode in HostilityName]?: {
    readonly reason: string;
    readonly expect: (cell: Cell) => Promise<void>;
  };
};

/** What cannot be had with a WebSocket alone. Sessions have no exceptions. */
const exceptions: Exceptions = {
  "strip-upgrade": { reason: "there is no WebSocket without Upgrade", expect: triesAgain },
  "swallow-upgrade": { reason: "what is swallowed has no other way", expect: staysSilent },
  "answer-upgrade": { reason: "what is swallowed has no other way", expect: staysSilent },
  cut: { reason: "a WebSocket that is cut is another one afterwards", expect: comesBack },
  reset: { reason: "a WebSocket that is reset is another one afterwards", expect: comesBack },
  "swallow-response": { reason: "a handshake without an answer is tried again", expect: triesAgain },
};

/** Modes that leave a transport alone, so that it need not be seen that they did anything. */
const harmless: Readonly<Record<HostilityName, readonly TransportName[]>> = {
  none: transports,
  "strip-upgrade": ["sse", "long-polling", "polling"],
  "swallow-upgrade": ["sse", "long-polling", "polling"],
  "answer-upgrade": ["sse", "long-polling", "polling"],
  "buffer-response": ["websocket"],
  "buffer-blocks": ["websocket"],
  cut: [],
  trickle: [],
  reset: [],
  "swallow-response": [],
  "repeat-request": [],
  "delay-posts": ["websocket"],
};

/** A stream that a proxy keeps back comes when it ends, so it has to end soon. */
const settings: Partial<Record<HostilityName, Settings>> = {
  "buffer-response": { fallback: { streamTimeoutMs: 200 } },
  "buffer-blocks": { fallback: { streamTimeoutMs: 200 } },
};

suite("messages get through", { concurrency: 4 }, () => {
  for (const name of Object.keys(hostilities) as HostilityName[]) {
    for (const transport of transports) {
      const exception = transport === "websocket" ? exceptions[name] : undefined;
      const title = exception === undefined ? "" : `: not all, since ${exception.reason}`;
      test(`${name}, ${transport}${title}`, async (context) => {
        const seed = Number(process.env["SEED"] ?? Math.trunc(Math.random() * 2 ** 31));
        context.diagnostic(`SEED=${seed}`);
        const counterpart = createCounterpart(count);
        const route = ["/talk", counterpart.Handler, { transports }] as const;
        const { server, log } = await runApplication(context, [route], settings[name]);
        const proxy = await HostileProxy.start(context, server.port, modeOf(name, transport), seed);
        // How long it waits for an answer to its close frame, too.
        const patience = exception?.expect === staysSilent ? { connectTimeoutMs: 500 } : {};
        const talker = new Talker(context, `${proxy.url}/talk`, { transports: [transport], ...patience });
        await (exception?.expect ?? saysAll)({ context, transport, proxy, counterpart, talker });
        if (!harmless[name].includes(transport)) assert.ok(proxy.acts > 0, "the proxy was not hostile");
        // Behind such proxies it is right to warn.
        if (name !== "none") await takeWarnings(log);
      });
    }
  }
});
