import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { Worker } from "node:worker_threads";
import type { ListenTarget } from "../../src/index.ts";
import { Application, RequestHandler, WebSocketHandler } from "../../src/index.ts";
import { TestClient } from "../../src/testing/index.ts";
import { expectedLog } from "../support/log.ts";
import { exchange, RawConnection, requestText } from "../support/raw-http.ts";

const log = expectedLog();
const directory = mkdtempSync(join(tmpdir(), "waterspout-"));
after(() => rmSync(directory, { recursive: true, force: true }));

class Who extends RequestHandler {
  get() {
    return `${this.remoteAddress} ${this.request.fullUrl()}`;
  }
}

class Echo extends WebSocketHandler {
  override onMessage(message: string | Uint8Array) {
    this.writeMessage(message);
  }
}

function createApplication(trustedProxies: readonly string[] = []): Application {
  const routes = [
    ["/", Who],
    ["/ws", Echo],
  ] as const;
  return new Application(routes, { logger: log, trustedProxies });
}

const skip = process.platform === "win32" && "Windows has pipes without files";

test("a server listens at a path, and nothing is left of it", { skip }, async () => {
  const path = join(directory, "plain.sock");
  const server = await createApplication().listen({ path });
  assert.equal(server.url, `unix:${path}`);
  assert.equal(server.port, 0);
  assert.equal(
    (await exchange(path, requestText("GET", "/", ["Host: app.example.com"]))).text,
    "unix http://app.example.com/",
  );
  await log.expect(/^200 GET \/ \(unix\)/);
  await server.close();
  assert.equal(existsSync(path), false);
});

test("this user alone may connect, unless the mode says otherwise", { skip }, async () => {
  const mask = process.umask(0);
  try {
    for (const [mode, expected] of [
      [undefined, 0o600],
      [0o660, 0o660],
      [0o666, 0o666],
    ] as const) {
      const path = join(directory, "mode.sock");
      const server = await createApplication().listen({ path, ...(mode === undefined ? {} : { mode }) });
      assert.equal(statSync(path).mode & 0o777, expected);
      await server.close();
    }
    assert.equal(process.umask(), 0, "the mask of the process is as it was");
  } finally {
    process.umask(mask);
  }
});

test("its file has its permissions from the beginning", { skip }, async () => {
  const mask = process.umask(0);
  try {
    // What a first server prepares, the second has.
    await (await createApplication().listen({ path: join(directory, "first.sock") })).close();
    const path = join(directory, "beginning.sock");
    const listening = createApplication().listen({ path });
    // No event of the loop comes between these, and so nothing that is done once the server listens.
    while (!existsSync(path)) await Promise.resolve();
    assert.equal(statSync(path).mode & 0o777, 0o600);
    await (await listening).close();
  } finally {
    process.umask(mask);
  }
});

test(
  "in a thread, which has no mask of its own, the file has its permissions in the end",
  { skip },
  async () => {
    const path = join(directory, "thread.sock");
    const entry = new URL("../../src/index.js", import.meta.url).href;
    const file = join(directory, "thread.mjs");
    writeFileSync(
      file,
      `import { parentPort, workerData } from "node:worker_threads";
const { Application } = await import(${JSON.stringify(entry)});
await new Application([]).listen({ path: workerData, mode: 0o606 });
parentPort.postMessage("up");`,
    );
    const worker = new Worker(file, { workerData: path });
    await once(worker, "message");
    assert.equal(statSync(path).mode & 0o777, 0o606);
    await worker.terminate();
  },
);

test("a socket that a killed program left behind is taken over", { skip }, async () => {
  const path = join(directory, "stale.sock");
  const program = `import { createServer } from "node:net"; createServer().listen(process.argv[2], () => process.send("up"));`;
  const file = join(directory, "stale.mjs");
  writeFileSync(file, program);
  const child = fork(file, [path]);
  await once(child, "message");
  await assert.rejects(createApplication().listen({ path }), {
    code: "SOCKET_PATH_IN_USE",
    message: `cannot listen at "${path}": a program listens there. Stop the program that has it, or choose another path.`,
  });
  child.kill("SIGKILL");
  await once(child, "exit");
  assert.equal(existsSync(path), true, "nobody has tidied up");
  const server = await createApplication().listen({ path });
  assert.equal((await exchange(path, requestText("GET", "/"))).status, 200);
  await server.close();
});

test("what is no socket is not removed", { skip }, async () => {
  const file = join(directory, "precious.txt");
  writeFileSync(file, "precious");
  const link = join(directory, "link.sock");
  symlinkSync(file, link);
  for (const path of [file, link, directory]) {
    await assert.rejects(createApplication().listen({ path }), {
      code: "SOCKET_PATH_IN_USE",
      message: /: it is no socket\./,
    });
    assert.equal(existsSync(path), true);
  }
});

test("paths, modes and options that make no sense are refused with what they may be", { skip }, async () => {
  const path = join(directory, "never.sock");
  const table: readonly (readonly [target: unknown, options: object, code: string, message: RegExp])[] = [
    [{ path: "" }, {}, "SOCKET_PATH_INVALID", /a path is a text that is not empty/],
    [{ path: 5 }, {}, "SOCKET_PATH_INVALID", /cannot listen at 5: a path is a text/],
    [{ path: "\0abstract" }, {}, "SOCKET_PATH_INVALID", /there is a zero byte in it/],
    [{ path: `/${"x".repeat(107)}` }, {}, "SOCKET_PATH_INVALID", /it has 108 bytes, at most 10[37] fit/],
    [
      { path: join(directory, "no/where.sock") },
      {},
      "SOCKET_PATH_INVALID",
      /its directory does not exist, or this user may not/,
    ],
    [{ path, mode: 0o1000 }, {}, "SETTING_INVALID", /mode must be the permissions of a file, 0 to 0o777/],
    [{ path, mode: "660" }, {}, "SETTING_INVALID", /got "660"/],
    [{ path, modes: 0o600 }, {}, "SETTING_UNKNOWN", /there is no setting modes \(there are: path, mode\)/],
    [{ path }, { host: "localhost" }, "SETTING_INVALID", /host must be left out here/],
    [{ path }, { tls: {} }, "SETTING_INVALID", /tls must be left out here/],
    [{ port: 80 }, {}, "PORT_INVALID", /a port is a whole number/],
    [{ source: 5 }, {}, "SETTING_INVALID", /source must be a net\.Server/],
  ];
  for (const [target, options, code, message] of table) {
    const listening = createApplication().listen(target as ListenTarget, options);
    await assert.rejects(listening, { code, message }, JSON.stringify(target));
    assert.equal(existsSync(path), false);
  }
});

test("whoever may connect may speak for clients, if the server trusts it to", { skip }, async () => {
  const path = join(directory, "proxied.sock");
  const forwarded = [
    "Host: localhost",
    "X-Forwarded-For: 192.0.2.7",
    "X-Forwarded-Proto: https",
    "X-Forwarded-Host: app.example.com",
  ];
  for (const [trustedProxies, expected] of [
    [["unix"], "192.0.2.7 https://app.example.com/"],
    [["loopback"], "unix http://localhost/"],
    [[], "unix http://localhost/"],
  ] as const) {
    const server = await createApplication(trustedProxies).listen({ path });
    assert.equal((await exchange(path, requestText("GET", "/", forwarded))).text, expected);
    await server.close();
  }
});

test("a peer with an address is nobody to trust because Unix sockets are", async () => {
  const server = await createApplication(["unix"]).listen(0, { host: "127.0.0.1" });
  for (const claimed of ["192.0.2.7", "unix", "-"]) {
    const lines = ["Host: localhost", `X-Forwarded-For: ${claimed}`];
    assert.equal(
      (await exchange(server.port, requestText("GET", "/", lines))).text,
      "127.0.0.1 http://localhost/",
    );
  }
  await server.close();
});

test("WebSockets, rubbish and closing are as they are on a port", { skip }, async () => {
  const path = join(directory, "ws.sock");
  const app = createApplication();
  const [server, other] = await Promise.all([app.listen({ path }), app.listen(0, { host: "127.0.0.1" })]);
  const socket = await RawConnection.open(path);
  const key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
  socket.send(
    requestText("GET", "/ws", [
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      key,
    ]),
  );
  assert.equal((await socket.nextResponse()).status, 101);
  socket.send(Uint8Array.of(0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69));
  await socket.received();

  const rubbish = await RawConnection.open(path);
  rubbish.send("rubbish\r\n\r\n");
  assert.equal((await rubbish.nextResponse()).status, 400);
  await log.expect(/^400 \(unix\) REQUEST_MALFORMED/);

  const closed = server.close();
  const frames = await socket.ended();
  await closed;
  assert.equal(frames.subarray(0, 4).toString("latin1"), "\x81\x02hi");
  assert.equal(frames.readUInt16BE(6), 1001);
  assert.equal(existsSync(path), false);
  // The other listener of the same application does not notice.
  const client = await TestClient.connect(`${other.url}/ws`);
  client.send("hi");
  assert.equal(await client.nextMessage(), "hi");
  await client.close();
  await other.close();
});
