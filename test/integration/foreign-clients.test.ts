/** The program of the README, spoken to by clients that were written elsewhere. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { promisify } from "node:util";
import { WebSocket as UndiciWebSocket } from "undici";
import { WebSocket as WsWebSocket } from "ws";
import { skipReason } from "../../scripts/system-packages.ts";
import { Application, WebSocketHandler } from "../../src/index.ts";
import { startApplication } from "../../src/testing/index.ts";
import { expectedLog } from "../support/log.ts";

class UrlReceiver extends WebSocketHandler {
  override onMessage(message: string | Uint8Array) {
    this.writeMessage(typeof message === "string" ? `郑老板,您好,我已经收到url:${message}` : message);
  }
}

const log = expectedLog();
const app = new Application([["/url", UrlReceiver]], { logger: log });

const urls = [
  "https://example.com/",
  "https://例え.jp/郑老板?问=答",
  `https://example.com/${"long/".repeat(20_000)}`,
];
const replies = urls.map((url) => `郑老板,您好,我已经收到url:${url}`);

async function runPython(script: string, url: string): Promise<unknown[]> {
  const { stdout } = await promisify(execFile)("/usr/bin/python3", [script, url, ...urls], {
    maxBuffer: 1e7,
  });
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);
}

test("Tornado's client gets its answers", { skip: skipReason("tornado") }, async () => {
  await using server = await startApplication(app);
  const lines = await runPython(
    "test/fixtures/clients/tornado_client.py",
    `${server.url.replace("http", "ws")}/url`,
  );
  assert.deepEqual(lines.slice(0, -1), replies);
  assert.equal((lines.at(-1) as [number, string])[0], 1000);
  await log.expect(/^1000 GET \/url \(127\.0\.0\.1\) closed after .* received 3 \(.* "done"$/);
});

test(
  'the Python client "websockets" gets its answers and its pong',
  { skip: skipReason("websockets") },
  async () => {
    await using server = await startApplication(app);
    const lines = await runPython(
      "test/fixtures/clients/websockets_client.py",
      `${server.url.replace("http", "ws")}/url`,
    );
    assert.deepEqual(lines, [...replies, [1000, ""]]);
    await log.expect(/^1000 GET \/url .* "done"$/);
  },
);

test("npm ws gets its answers, its pong and its close", async () => {
  await using server = await startApplication(app);
  const socket = new WsWebSocket(`${server.url}/url`);
  await once(socket, "open");
  for (const [index, url] of urls.entries()) {
    socket.send(url);
    const [data] = (await once(socket, "message")) as [Buffer];
    assert.equal(data.toString(), replies[index]);
  }
  socket.ping("still there?");
  assert.deepEqual(await once(socket, "pong"), [Buffer.from("still there?")]);
  const bytes = Buffer.from([0, 1, 2, 255]);
  socket.send(bytes);
  assert.deepEqual(await once(socket, "message"), [bytes, true]);
  socket.close(4321, "done");
  assert.deepEqual(await once(socket, "close"), [4321, Buffer.from("")]);
  await log.expect(/^4321 GET \/url .* "done"$/);
});

test("the standard WebSocket of Node (undici) gets its answers and its close", async () => {
  await using server = await startApplication(app);
  const socket = new UndiciWebSocket(`${server.url.replace("http", "ws")}/url`);
  await once(socket, "open");
  for (const [index, url] of urls.entries()) {
    socket.send(url);
    const [event] = (await once(socket, "message")) as [{ data: string }];
    assert.equal(event.data, replies[index]);
  }
  socket.close(4321, "done");
  const [event] = (await once(socket, "close")) as [{ code: number; wasClean: boolean }];
  assert.deepEqual([event.code, event.wasClean], [4321, true]);
  await log.expect(/^4321 GET \/url .* "done"$/);
});
