/** When a socket comes back, and when it does not. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { test } from "node:test";
import type { Ending, RealtimeSocketOptions, StateChange } from "../../src/client/index.ts";
import { Application, HttpError, WebSocketHandler } from "../../src/index.ts";
import type { Logger, RouteEntry } from "../../src/index.ts";
import { expectedLog } from "../support/log.ts";
import { serveRoutes } from "../support/serve-routes.ts";
import {
  closeOf,
  closeSockets,
  Echo,
  nextEvent,
  nextMessages,
  openSocket,
  recordStates,
  serveEcho,
  transports,
} from "./realtime.ts";

const log = expectedLog();
const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };
const routes: readonly RouteEntry[] = [["/echo", Echo, { transports: [...transports] }]];

for (const transport of transports) {
  test(`${transport}: it comes back when the server does, and sends what was sent meanwhile`, async (context) => {
    closeSockets(context);
    const listen = (port: number): ReturnType<Application["listen"]> =>
      // A poll may find nobody: then the session is kept for as long as the server would have kept it.
      new Application(routes, { logger: silent, fallback: { sessionTimeoutMs: 1000 } }).listen(port, {
        host: "127.0.0.1",
      });
    const first = await listen(0);
    const socket = openSocket(context, `${first.url}/echo`, { transports: [transport] });
    const states = recordStates(socket);
    let closed = 0;
    socket.addEventListener("close", () => closed++);
    await nextEvent(socket, "open");
    const waiting = nextEvent(socket, "statechange");
    await first.close();
    await waiting;
    assert.equal(socket.readyState, socket.CONNECTING);
    socket.send("meanwhile");
    assert.equal(socket.bufferedAmount, 9);
    const second = await listen(first.port);
    context.after(() => second.close());
    assert.deepEqual(await nextMessages(socket, 1), ["meanwhile"]);
    assert.equal(socket.bufferedAmount, 0);
    assert.equal(closed, 0);
    assert.match(
      states.slice(0, 2).join(),
      /^connecting > open OPEN,open > waiting (?:SERVER_CLOSING|CLOSED_BY_SERVER|CONNECTION_LOST)$/,
    );
  });
}

/** How sockets behave whose server closes with this code. */
async function endWith(
  context: TestContext,
  code: number,
  options: RealtimeSocketOptions = {},
): Promise<StateChange> {
  const { url } = await serveEcho(context, log);
  const socket = openSocket(context, `${url}/echo`, { transports: ["websocket"], ...options });
  await nextEvent(socket, "open");
  socket.send(`close ${code} because`);
  return nextEvent(socket, "statechange");
}

for (const code of [1011, 1012, 1013, 1014, 4408, 4425, 4429, 4500, 4599]) {
  test(`${code} says: come back`, async (context) => {
    const { state, reason } = await endWith(context, code);
    assert.equal(state, "waiting");
    assert.deepEqual([reason.code, reason.message, reason.closeCode], ["CLOSED_BY_SERVER", "because", code]);
    assert.ok(Number.isInteger(reason.retryInMs));
  });
}

for (const code of [1000, 1002, 1003, 1007, 1008, 1009, 1010, 3000, 4000, 4400, 4403, 4404, 4600]) {
  test(`${code} says: do not`, async (context) => {
    const { state, reason } = await endWith(context, code);
    assert.deepEqual([state, reason.closeCode], ["closed", code]);
  });
}

test("shouldReconnect decides otherwise, or leaves it to the rules", async (context) => {
  const seen: Ending[] = [];
  const decide = (decision: boolean | undefined) => (ending: Ending) => {
    seen.push(ending);
    return decision;
  };
  assert.equal((await endWith(context, 4000, { shouldReconnect: decide(true) })).state, "waiting");
  assert.equal((await endWith(context, 1012, { shouldReconnect: decide(false) })).state, "closed");
  assert.equal((await endWith(context, 1012, { shouldReconnect: decide(undefined) })).state, "waiting");
  assert.deepEqual(seen[0], { code: 4000, reason: "because", wasClean: true });
});

test("close() in shouldReconnect is the end, whatever that decides", async () => {
  let attempts = 0;
  const socket = openSocketTo("http://localhost/", {
    fetch: () => {
      attempts++;
      return Promise.reject(new TypeError("no network"));
    },
    reconnect: { minDelayMs: 0 },
    shouldReconnect: () => {
      if (attempts === 2) socket.close();
      return true;
    },
  });
  const states = recordStates(socket);
  await closeOf(socket);
  assert.equal(attempts, 2);
  assert.match(states.at(-1) ?? "", /^closing > closed/);
});

test("close() in a listener of statechange is the end of what was just beginning", async (context) => {
  let asked = 0;
  const waiting = openSocketTo(() => {
    asked++;
    throw new Error("the network is away");
  });
  waiting.addEventListener("statechange", ({ state }) => {
    if (state === "connecting") waiting.close();
  });
  await closeOf(waiting);
  assert.equal(asked, 1);

  const { url } = await serveEcho(context, log);
  const open = openSocket(context, `${url}/echo`, { transports: ["websocket"] });
  let opened = 0;
  open.addEventListener("open", () => opened++);
  open.addEventListener("statechange", ({ state }) => {
    if (state === "open") open.close(1000);
  });
  assert.deepEqual(await closeOf(open), [1000, "", true]);
  assert.equal(opened, 0);
});

test("reconnect: false never comes back", async (context) => {
  assert.equal((await endWith(context, 1012, { reconnect: false })).state, "closed");
});

test("maxAttempts ends it with the last failure", async () => {
  const attempts: string[] = [];
  const socket = openSocketTo("http://localhost/", {
    fetch: () => Promise.reject(new TypeError("no network")),
    reconnect: { minDelayMs: 0, maxAttempts: 3 },
  });
  socket.addEventListener("statechange", ({ state }) => attempts.push(state));
  assert.deepEqual(await closeOf(socket), [1006, "no session: no network", false]);
  assert.deepEqual(attempts, [
    "waiting",
    "connecting",
    "waiting",
    "connecting",
    "waiting",
    "connecting",
    "closed",
  ]);
});

test("Retry-After is the least delay, in seconds or as a date", async () => {
  const statuses = [
    { status: 503, after: "7", min: 7000, max: 7100 },
    { status: 429, after: new Date(Date.now() + 60_000).toUTCString(), min: 50_000, max: 60_100 },
    { status: 408, after: "soon", min: 0, max: 100 },
  ];
  for (const { status, after, min, max } of statuses) {
    const answer = (): Promise<Response> =>
      Promise.resolve(new Response("busy", { status, headers: { "Retry-After": after } }));
    const socket = openSocketTo("http://localhost/", { fetch: answer, reconnect: { minDelayMs: 100 } });
    const { state, reason } = await nextEvent(socket, "statechange");
    assert.deepEqual([state, reason.code, reason.status], ["waiting", "REFUSED", status]);
    const { retryInMs = NaN } = reason;
    assert.ok(retryInMs >= min && retryInMs <= max, `${retryInMs} ms for ${after}`);
    socket.close();
    await closeOf(socket);
  }
});

test("token and url are asked before every attempt, and a 401 once more than that", async (context) => {
  closeSockets(context);
  const tokens: (string | undefined)[] = [];
  class Members extends Echo {
    override prepare(): void {
      const token = this.getQueryArgument("access_token", "none");
      tokens.push(token);
      if (token !== "good 3") throw new HttpError(401);
    }
  }
  const { url } = await serveRoutes(context, log, [["/", Members, { transports: [...transports] }]]);
  let asked = 0;
  let urls = 0;
  const options: RealtimeSocketOptions = { transports: ["polling"], token: () => `good ${++asked}` };
  const given = async (): Promise<string> => {
    urls++;
    return Promise.resolve(`${url}/?room=1`);
  };
  const socket = openSocket(context, given, options);
  assert.equal(socket.url, "");
  assert.equal((await closeOf(socket))[0], 4401);
  assert.deepEqual([tokens, asked, urls], [["good 1", "good 2"], 2, 2]);
  const second = openSocket(context, given, options);
  await nextEvent(second, "open");
  assert.equal(second.url, `${url.replace("http", "ws")}/?room=1`);
  assert.deepEqual(await echo(second), ["echo"]);
  for (let i = 0; i < 2; i++) await log.expect(/^401 /);
});

async function echo(socket: ReturnType<typeof openSocketTo>): Promise<unknown[]> {
  socket.send("echo");
  return nextMessages(socket, 1);
}

test("a provider that fails is asked again", async () => {
  let asked = 0;
  const socket = openSocketTo(() => {
    if (++asked < 3) throw new Error("the network is away");
    return "http://localhost/";
  });
  const { reason } = await nextEvent(socket, "statechange");
  assert.deepEqual([reason.code, reason.message], ["CONNECTION_FAILED", "no URL: the network is away"]);
  await nextEvent(socket, "statechange", ({ reason: { message } }) => message === "no session: none");
  assert.equal(asked, 3);
  socket.close();
});

test("a 401 without another token ends it at once", async (context) => {
  closeSockets(context);
  class Members extends WebSocketHandler {
    override prepare(): void {
      throw new HttpError(401, "who are you?");
    }
  }
  const { url } = await serveRoutes(context, log, [["/", Members, { transports: [...transports] }]]);
  const socket = openSocket(context, url, { transports: ["sse"] });
  const change = await nextEvent(socket, "statechange");
  assert.deepEqual([change.state, change.reason.status], ["closed", 401]);
  await log.expect(/^401 /);
  await log.expect(/HANDLER_REFUSED/);
});

/** A socket for which there is no server. */
function openSocketTo(
  url: Parameters<typeof openSocket>[1],
  options: RealtimeSocketOptions = {},
): ReturnType<typeof openSocket> {
  const fetch = (): Promise<Response> => Promise.reject(new TypeError("none"));
  return openSocket(undefined, url, { transports: ["sse"], fetch, ...options });
}

test("what shouldReconnect throws is reported, and the rules decide", async (context) => {
  const { url } = await serveRoutes(context, log, routes);
  const failure = new Error("a mistake in the program");
  // A rejection that nobody handles would be taken for this test's own.
  const reports: unknown[] = [];
  context.mock.method(Promise, "reject", (reason: unknown) => reports.push(reason));
  const socket = openSocket(context, `${url}/missing`, {
    transports: ["polling"],
    shouldReconnect() {
      throw failure;
    },
  });
  assert.equal((await closeOf(socket))[0], 4404);
  assert.deepEqual(reports, [failure]);
  await log.expect(/^404 /);
});
