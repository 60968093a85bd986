import assert from "node:assert/strict";
import { getEventListeners, once } from "node:events";
import { ClientRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { createServer, Socket } from "node:net";
import { test } from "node:test";
import { connect, WebSocket } from "../../../src/index.ts";
import { Attempt } from "../../../src/transport/dial/attempt.ts";
import { deferred } from "../../support/deferred.ts";
import { runEcho } from "../../support/echo-server.ts";
import { fakeServer } from "../../support/fake-server.ts";
import { watchRejections } from "../../support/rejections.ts";

const kept = (): boolean => true;
const never = new Promise<never>(() => {});

test("whatever ends an attempt, its sockets are destroyed, also one that it opens too late", async () => {
  const sockets = [new Socket(), new Socket()] as const;
  const late = deferred();
  let holdLate = (): void => {};
  const work = async (attempt: Attempt): Promise<never> => {
    attempt.hold(sockets[0]);
    holdLate = () => attempt.hold(sockets[1]);
    await late.promise;
    return never;
  };
  const controller = new AbortController();
  const running = Attempt.run({ signal: controller.signal }, work, kept);
  controller.abort("enough");
  await assert.rejects(running, (reason) => reason === "enough");
  assert.equal(sockets[0].destroyed, true);
  holdLate();
  assert.equal(sockets[1].destroyed, true);
  const failing = new Socket();
  const broken = Attempt.run(
    {},
    async (attempt) => {
      attempt.hold(failing);
      throw new Error("broken");
    },
    kept,
  );
  await assert.rejects(broken, /broken/);
  assert.equal(failing.destroyed, true);
});

test("a result that is kept keeps the sockets, another does not; neither leaves a timer or a listener", async () => {
  for (const isKept of [true, false]) {
    const socket = new Socket();
    const controller = new AbortController();
    const work = async (attempt: Attempt): Promise<string> => {
      attempt.hold(socket);
      assert.equal(getEventListeners(controller.signal, "abort").length, 1);
      return "result";
    };
    const limits = { timeoutMs: 1, signal: controller.signal };
    assert.equal(await Attempt.run(limits, work, () => isKept), "result");
    assert.equal(socket.destroyed, !isKept);
    assert.deepEqual(getEventListeners(controller.signal, "abort"), []);
    if (!isKept) continue;
    // What breaks before anybody listens is no uncaught error.
    socket.destroy(new Error("reset"));
    await new Promise((resolve) => {
      socket.once("close", resolve);
    });
  }
});

test("an aborted signal rejects with its reason, at any time before the connection is open", async (context) => {
  const unhandled = watchRejections(context);
  const reason = new Error("I have changed my mind");
  const asked = deferred();
  const ended = deferred();
  const url = await fakeServer(context, (_received, socket) => {
    asked.resolve();
    socket.on("close", () => ended.resolve());
    return "";
  });
  await assert.rejects(connect(url, { signal: AbortSignal.abort(reason) }), (error) => error === reason);
  const controller = new AbortController();
  const connecting = connect(url, { signal: controller.signal });
  await asked.promise;
  controller.abort(reason);
  await assert.rejects(connecting, (error) => error === reason);
  await ended.promise;
  assert.deepEqual(getEventListeners(controller.signal, "abort"), []);
  assert.deepEqual(unhandled, []);
});

test("a signal that is aborted later closes with 1000; afterwards it is forgotten", async (context) => {
  const { url } = await runEcho(context);
  const controller = new AbortController();
  const { signal } = controller;
  const [first, second] = [await connect(url, { signal }), await connect(url, { signal })];
  assert.equal(getEventListeners(signal, "abort").length, 2);
  first.close(3000);
  await first.closed;
  assert.equal(getEventListeners(signal, "abort").length, 1);
  controller.abort();
  assert.deepEqual(await second.closed, { code: 1000, reason: "", wasClean: true });
  for await (const message of second) assert.fail(`${String(message)} came`);
  assert.deepEqual(getEventListeners(signal, "abort"), []);
});

test("a name server, a connection and TLS that take too long are named", async (context) => {
  const server = createServer((socket) => context.after(() => socket.destroy()));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  await assert.rejects(connect(`wss://127.0.0.1:${port}/`, { timeoutMs: 50 }), {
    code: "HANDSHAKE_TIMEOUT",
    message: new RegExp(`after 50 ms, while waiting for TLS with 127\\.0\\.0\\.1 port ${port}\\.`),
  });
});

test("terminate() ends an attempt, and cuts a connection", async (context) => {
  const { url } = await runEcho(context);
  const socket = new WebSocket(url);
  socket.terminate();
  assert.deepEqual(await socket.closed, { code: 1006, reason: "", wasClean: false });
  await assert.rejects(socket.opened, { code: "HANDSHAKE_FAILED" });
  const open = await connect(url);
  const errors: unknown[] = [];
  open.addEventListener("error", (event) => errors.push(event));
  open.terminate();
  assert.deepEqual(await open.closed, { code: 1006, reason: "", wasClean: false });
  // It is what the program wanted.
  assert.deepEqual(errors, []);
  for await (const message of open) assert.fail(`${String(message)} came`);
});

test("whenever an attempt is given up, the socket does not open afterwards", async (context) => {
  const { url } = await runEcho(context);
  // oxlint-disable-next-line typescript/unbound-method -- it is put back, and applied to its request
  const emit = ClientRequest.prototype.emit;
  let receiveUpgrade = (): void => {};
  ClientRequest.prototype.emit = function (this: ClientRequest, event: string, ...args: unknown[]): boolean {
    if (event === "upgrade") receiveUpgrade();
    return Reflect.apply(emit, this, [event, ...args]);
  };
  context.after(() => {
    ClientRequest.prototype.emit = emit;
  });
  // So many turns of the queue of promises after the server's answer: in one of them the handshake is complete.
  for (let turns = 0; turns < 30; turns++) {
    const socket = new WebSocket(url);
    const events: string[] = [];
    for (const type of ["open", "close"]) {
      socket.addEventListener(type, () => events.push(`${type} ${socket.readyState}`));
    }
    const close = async (): Promise<void> => {
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      events.push("close()");
      socket.close();
    };
    receiveUpgrade = () => void close();
    await socket.closed;
    const expected = events[0] === "open 1" ? ["open 1", "close()", "close 3"] : ["close()", "close 3"];
    assert.deepEqual(events, expected, `after ${turns} turns`);
  }
});
