/** Our server speaks with the clients of others, with and without compression, and what was on the wire shows which. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import type { TestContext } from "node:test";
import { suite, test } from "node:test";
import { promisify } from "node:util";
import { WebSocket as UndiciWebSocket } from "undici";
import { WebSocket as WsWebSocket } from "ws";
import { skipReason } from "../../scripts/system-packages.ts";
import type { CompressionOptions } from "../../src/index.ts";
import { RequestHandler } from "../../src/index.ts";
import type { ExpectedLog } from "../../src/testing/index.ts";
import { Inbox } from "../../src/testing/inbox.ts";
import { launchBrowser, openPage } from "../support/browser.ts";
import type { Report, Speaker } from "../support/conversation.ts";
import { converse, converseByStandard, expectedReport, Partner, plan } from "../support/conversation.ts";
import { runApplication } from "../support/run-application.ts";
import type { WireTap } from "../support/wire-tap.ts";
import { openTap } from "../support/wire-tap.ts";

class Page extends RequestHandler {
  get() {
    return '<!doctype html><title>a page</title><link rel=icon href="data:,">';
  }
}

/** Runs our server behind a tap. */
async function serve(
  context: TestContext,
  compression: boolean | CompressionOptions,
): Promise<WireTap & { readonly log: ExpectedLog }> {
  const routes = [
    ["/", Partner],
    ["/page", Page],
  ] as const;
  const { server, log } = await runApplication(context, [...routes], { websocket: { compression } });
  return { ...(await openTap(context, server.port)), log };
}

const takeover = { serverNoContextTakeover: false, clientNoContextTakeover: false, thresholdBytes: 0 };

/** Settings of the server, what its answer to an offer says then, and which of its messages it compresses. */
interface Setting {
  readonly name: string;
  readonly compression: boolean | CompressionOptions;
  readonly answer: RegExp;
  readonly compresses: "all" | "some" | "none";
}

const settings: readonly Setting[] = [
  { name: "off", compression: false, answer: /^$/, compresses: "none" },
  {
    name: "without takeover",
    compression: true,
    answer: /^permessage-deflate; server_no_context_takeover; client_no_context_takeover$/,
    // Short ones are not worth it.
    compresses: "some",
  },
  {
    name: "with takeover",
    compression: takeover,
    answer: /^permessage-deflate; server_max_window_bits=12(?:; client_max_window_bits=12)?$/,
    compresses: "all",
  },
];

/** Checks what was agreed on, and who compressed on the first connection. */
function assertCompressed(
  tap: WireTap,
  { answer, compresses }: Setting,
  client: "all" | "some" | "none",
): void {
  const { fromClient, fromServer } = tap.firstWebSocket();
  assert.match(fromClient.field("sec-websocket-extensions"), /^permessage-deflate/);
  assert.match(fromServer.field("sec-websocket-extensions"), answer);
  assert.equal(fromServer.compressedMessages, compresses);
  assert.equal(fromClient.compressedMessages, compresses === "none" ? "none" : client);
}

async function connectWs(url: string, compress: boolean): Promise<Speaker> {
  const socket = new WsWebSocket(url, { perMessageDeflate: compress });
  const inbox = new Inbox<string | Uint8Array>();
  socket.on("message", (data: Buffer, isBinary) => inbox.add(isBinary ? data : data.toString()));
  const closed = once(socket, "close").then(([code, reason]) => [Number(code), String(reason)] as const);
  void closed.then((ending) => inbox.end(new Error(ending.join(" "))));
  await once(socket, "open");
  return {
    send: (message) => socket.send(message),
    sendFragments(pieces) {
      for (const [at, piece] of pieces.entries()) socket.send(piece, { fin: at === pieces.length - 1 });
    },
    receive: () => inbox.next(),
    async ping() {
      socket.ping();
      await once(socket, "pong");
    },
    closed: () => closed,
    close(code, reason) {
      socket.close(code, reason);
      return closed;
    },
  };
}

/** The conversation as a client has it that was written in Python. */
async function converseInPython(library: string, url: string, compress: boolean): Promise<Report> {
  const script = "test/fixtures/clients/interoperation.py";
  const args = [script, library, url, String(compress), JSON.stringify(plan)];
  const { stdout } = await promisify(execFile)("/usr/bin/python3", args);
  return JSON.parse(stdout) as Report;
}

for (const setting of settings) {
  const { name, compression } = setting;
  suite(`compression ${name}`, () => {
    test("ws", async (context) => {
      const tap = await serve(context, compression);
      const report = await converse(() => connectWs(`ws://127.0.0.1:${tap.port}/`, true));
      assert.deepEqual(report, expectedReport);
      // It compresses short messages only where they may refer to others.
      assertCompressed(tap, setting, compression === takeover ? "all" : "some");
    });

    test("ws that does not offer it", async (context) => {
      const tap = await serve(context, compression);
      const report = await converse(() => connectWs(`ws://127.0.0.1:${tap.port}/`, false));
      assert.deepEqual(report, expectedReport);
      assert.equal(tap.firstWebSocket().fromServer.field("sec-websocket-extensions"), "");
      assert.equal(tap.firstWebSocket().fromServer.compressedMessages, "none");
    });

    test("undici, which is Node's own", async (context) => {
      const tap = await serve(context, compression);
      const given = { url: `ws://127.0.0.1:${tap.port}/`, plan };
      const report = await converseByStandard(given, UndiciWebSocket as unknown as typeof WebSocket);
      // The standard has no pings and no fragments. undici compresses nothing itself.
      assert.deepEqual(report, { ...expectedReport, fragmented: 0, pinged: false });
      assertCompressed(tap, setting, "none");
    });

    test("the Python client websockets", { skip: skipReason("websockets") }, async (context) => {
      const tap = await serve(context, compression);
      const report = await converseInPython("websockets", `ws://127.0.0.1:${tap.port}/`, true);
      assert.deepEqual(report, expectedReport);
      assertCompressed(tap, setting, "all");
    });

    test("Tornado's client, uncompressed", { skip: skipReason("tornado") }, async (context) => {
      const tap = await serve(context, compression);
      const report = await converseInPython("tornado", `ws://127.0.0.1:${tap.port}/`, false);
      assert.deepEqual(report, { ...expectedReport, fragmented: 0 });
    });
  });
}

suite("Chromium", { skip: skipReason("chromium") }, async () => {
  const browser = await launchBrowser();
  for (const setting of settings) {
    test(`compression ${setting.name}`, async (context) => {
      const tap = await serve(context, setting.compression);
      const [page, lines] = await openPage(browser);
      await page.goto(`http://127.0.0.1:${tap.port}/page`);
      const given = { url: `ws://127.0.0.1:${tap.port}/`, plan };
      const report = await page.evaluate(converseByStandard, given);
      assert.deepEqual(report, { ...expectedReport, fragmented: 0, pinged: false });
      assert.deepEqual(lines, []);
      await page.context().close();
      assertCompressed(tap, setting, "all");
    });
  }
});

/**
 * Tornado 6.2 does not see parameters without a value (its header parser drops them), and so neither client_no_context_takeover:
 * it goes on referring to earlier messages, whatever the server demanded. RFC 7692 §7.1.1.2 leaves it no choice; but
 * a server that does not demand it understands Tornado, at the price of a window for each connection.
 */
suite("Tornado's client, compressed", { skip: skipReason("tornado") }, () => {
  const converseCompressed = (tap: WireTap): Promise<Report> =>
    converseInPython("tornado", `ws://127.0.0.1:${tap.port}/`, true);

  test("breaks its promise to a server that remembers no messages, and is closed with 1007", async (context) => {
    const tap = await serve(context, true);
    const logged = tap.log.expect(/^1007 .* WS_DEFLATE_INVALID/);
    assert.deepEqual(await converseCompressed(tap), { lost: [1007, "WS_DEFLATE_INVALID"] });
    await logged;
    const answered = tap.firstWebSocket().fromServer.field("sec-websocket-extensions");
    assert.match(answered, /; client_no_context_takeover$/);
  });

  for (const [name, options] of [
    ["its own messages", { clientNoContextTakeover: false }],
    ["all messages", takeover],
  ] as const) {
    test(`is understood by a server that remembers ${name}`, async (context) => {
      const tap = await serve(context, options);
      assert.deepEqual(await converseCompressed(tap), { ...expectedReport, fragmented: 0 });
      const { fromClient, fromServer } = tap.firstWebSocket();
      assert.equal(
        fromClient.field("sec-websocket-extensions"),
        "permessage-deflate; client_max_window_bits",
      );
      assert.match(fromServer.field("sec-websocket-extensions"), /; client_max_window_bits=12$/);
      assert.equal(fromClient.compressedMessages, "all");
      assert.notEqual(fromServer.compressedMessages, "none");
    });
  }
});
