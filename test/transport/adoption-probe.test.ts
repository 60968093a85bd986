/** Whatever is wrong with the fast way, or forbids it: a server listens and serves all the same. */
import assert from "node:assert/strict";
import { channel } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import type { TestContext } from "node:test";
import { describe, test } from "node:test";
import type { ListenOptions, Settings } from "../../src/index.ts";
import { WebSocketHandler } from "../../src/index.ts";
import { TestClient } from "../../src/testing/index.ts";
import { prepareAdoption } from "../../src/transport/adoption-probe.ts";
import { certificate, trust } from "../support/certificate.ts";
import { RunningProcess } from "../support/process.ts";
import { runApplication } from "../support/run-application.ts";

class Echo extends WebSocketHandler {
  override onMessage(message: string | Uint8Array) {
    this.writeMessage(message);
  }
}

/** Whether the socket of a WebSocket, which answers, was adopted. */
async function isAdopted(context: TestContext, settings: Settings, options?: ListenOptions) {
  const { at } = await runApplication(context, [["/ws", Echo]], settings, options);
  const sockets: Socket[] = [];
  const accepted = (message: unknown): void => void sockets.push((message as { socket: Socket }).socket);
  channel("net.server.socket").subscribe(accepted);
  context.after(() => channel("net.server.socket").unsubscribe(accepted));
  const client = await TestClient.connect(at("/ws"), { tls: trust });
  client.send("hello");
  assert.equal(await client.nextMessage(), "hello");
  assert.equal(sockets.length, 1);
  const adopted = sockets[0]?.destroyed;
  await client.close(1000);
  return adopted;
}

test("a WebSocket's socket is adopted, unless a setting forbids it or it has TLS", async (context) => {
  assert.equal(await isAdopted(context, {}), true);
  assert.equal(await isAdopted(context, { websocket: { sharedReadBuffer: true } }), true);
  assert.equal(await isAdopted(context, { websocket: { sharedReadBuffer: false } }), false);
  assert.equal(await isAdopted(context, {}, { tls: certificate }), false);
});

test("the probe runs once", () => {
  assert.equal(prepareAdoption(), prepareAdoption());
});

/** What a program prints that has served a WebSocket: whether its socket was adopted, and if not, why. */
interface Report {
  readonly answer: string;
  readonly isAdopted: boolean;
  readonly reason: string | undefined;
}

/** Serves a WebSocket in a process of its own, where `sabotage` has been done first. It has to end by itself. */
async function serveElsewhere(sabotage: string, env: NodeJS.ProcessEnv = {}): Promise<Report> {
  const source = (path: string): string =>
    JSON.stringify(new URL(`../../src/${path}.js`, import.meta.url).href);
  const program = `
    import net from "node:net";
    import { syncBuiltinESMExports } from "node:module";
    import { once } from "node:events";
    import { channel } from "node:diagnostics_channel";
    /** Does something to the prototype that has this method of a socket's handle. */
    const onPrototype = async (name, act) => {
      const server = net.createServer().listen(0, "127.0.0.1");
      await once(server, "listening");
      const socket = net.connect(server.address().port, "127.0.0.1");
      await once(socket, "connect");
      let prototype = socket._handle;
      while (!Object.hasOwn(prototype, name)) prototype = Object.getPrototypeOf(prototype);
      act(prototype);
      socket.destroy();
      server.close();
    };
    ${sabotage}
    syncBuiltinESMExports();
    const { Application, WebSocketHandler } = await import(${source("index")});
    const { ExpectedLog, TestClient } = await import(${source("testing/index")});
    const { prepareAdoption } = await import(${source("transport/adoption-probe")});
    class Echo extends WebSocketHandler {
      onMessage(message) { this.writeMessage(message); }
    }
    const server = await new Application([["/ws", Echo]], { logger: new ExpectedLog() }).listen(0, { host: "127.0.0.1" });
    const sockets = [];
    channel("net.server.socket").subscribe(({ socket }) => sockets.push(socket));
    const client = await TestClient.connect(server.url + "/ws");
    client.send("hello");
    const answer = await client.nextMessage();
    const isAdopted = sockets[0].destroyed;
    await client.close(1000);
    await server.close();
    console.log(JSON.stringify({ answer, isAdopted, reason: await prepareAdoption() }));
  `;
  const running = new RunningProcess(
    process.execPath,
    ["--input-type=module", "--eval", program],
    { WATERSPOUT_SHARED_READ_BUFFER: "", NODE_V8_COVERAGE: "", ...env }, // prettier-ignore
  );
  const code = await running.end();
  assert.equal(code, 0, running.output);
  return JSON.parse(running.output) as Report;
}

const change = (name: string, to: string): string =>
  `await onPrototype("${name}", (prototype) => { const original = prototype.${name}; ${to}; });`;

/** Takes a property from every handle that is to read into memory of ours. */
const onUse = (property: string): string =>
  change(
    "useUserBuffer",
    `prototype.useUserBuffer = function (buffer) { Object.defineProperty(this, "${property}", { value: undefined }); original.call(this, buffer); }`,
  );

describe("in a process of its own", { concurrency: 2 }, () => {
  const cases: readonly (readonly [what: string, sabotage: string, reason: RegExp])[] = [
    ["handles without useUserBuffer", change("useUserBuffer", "delete prototype.useUserBuffer"), /useUserBuffer/], // prettier-ignore
    ["handles that read elsewhere all the same", change("useUserBuffer", "prototype.useUserBuffer = () => {}"), /not what was sent/], // prettier-ignore
    ["handles that do not say whether they are reading", change("readStart", "prototype.readStart = function () { original.call(this); return 0; }"), /readStart/], // prettier-ignore
    ["handles that do not say how much waits", onUse("writeQueueSize"), /had to wait/],
    ["handles that do not count what they read", onUse("bytesRead"), /took too long/],
    ["handles that do not know their socket", "Object.getOwnPropertySymbols = () => [];", /does not know its socket/], // prettier-ignore
    ["a machine on which no server may listen on the loopback address", `const { listen } = net.Server.prototype; let calls = 0; net.Server.prototype.listen = function (...args) { if (calls++ === 0) { process.nextTick(() => this.emit("error", new Error("not here"))); return this; } return listen.apply(this, args); };`, /not here/], // prettier-ignore
  ];
  for (const [what, sabotage, reason] of cases) {
    test(`${what}: nothing is adopted, and all works`, async () => {
      const report = await serveElsewhere(sabotage);
      assert.deepEqual([report.answer, report.isAdopted], ["hello", false]);
      assert.match(report.reason ?? "no reason", reason);
    });
  }

  test("the environment can forbid adoption", async () => {
    const report = await serveElsewhere("", { WATERSPOUT_SHARED_READ_BUFFER: "0" });
    assert.equal(report.isAdopted, false);
    assert.equal(report.reason, "the environment has WATERSPOUT_SHARED_READ_BUFFER=0");
  });

  test("without any of that, a socket is adopted", async () => {
    for (const value of ["", "1"]) {
      const report = await serveElsewhere("", { WATERSPOUT_SHARED_READ_BUFFER: value });
      assert.deepEqual(report, { answer: "hello", isAdopted: true });
    }
  });

  test("a process that cannot connect to itself", async () => {
    const refused = `const { connect } = net; let calls = 0; net.connect = (options, ...rest) => calls++ === 0 ? connect({ ...options, port: 1 }) : connect(options, ...rest);`;
    const report = await serveElsewhere(refused);
    assert.deepEqual([report.answer, report.isAdopted], ["hello", false]);
  });
});
