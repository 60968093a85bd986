/** Our client speaks with the servers of others, with and without compression, and what was on the wire shows which. */
import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { suite, test } from "node:test";
import { WebSocketServer } from "ws";
import { skipReason } from "../../scripts/system-packages.ts";
import type { CompressionOptions } from "../../src/index.ts";
import { connect, WebSocket } from "../../src/index.ts";
import type { Report, Speaker } from "../support/conversation.ts";
import { converse, converseByStandard, expectedReport, plan } from "../support/conversation.ts";
import { RunningProcess } from "../support/process.ts";
import type { WireTap } from "../support/wire-tap.ts";
import { openTap } from "../support/wire-tap.ts";

/** A server of one of these makes, behind a tap. */
type Serve = (context: TestContext, compress: boolean) => Promise<WireTap>;

const serveWs: Serve = async (context, compress) => {
  const perMessageDeflate = compress ? { threshold: 0 } : false;
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate });
  await once(server, "listening");
  context.after(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  server.on("connection", (peer) => {
    peer.on("pong", () => peer.send("ponged"));
    peer.on("message", (data: Buffer, isBinary) => {
      const [verb, argument = ""] = isBinary ? [] : data.toString().split(" ", 2);
      if (verb === "count") for (let at = 0; at < Number(argument); at++) peer.send(`number ${at}`);
      else if (verb === "ping") peer.ping();
      else if (verb === "close") peer.close(4002, "because");
      else if (verb === "fragments") {
        for (const [at, piece] of argument.split("").entries())
          peer.send(piece, { fin: at === argument.length - 1 });
      } else peer.send(data, { binary: isBinary });
    });
  });
  return openTap(context, (server.address() as AddressInfo).port);
};

function serveInPython(library: string): Serve {
  return async (context, compress) => {
    const script = "test/fixtures/servers/interoperation.py";
    const server = new RunningProcess("/usr/bin/python3", [script, library, String(compress)]);
    context.after(async () => {
      server.kill("SIGKILL");
      await server.end();
    });
    const [, port] = await server.waitFor(/port (\d+)/);
    return openTap(context, Number(port));
  };
}

async function speak(url: string, compression: boolean | CompressionOptions): Promise<Speaker> {
  const socket = await connect(url, { compression });
  const messages = socket[Symbol.asyncIterator]();
  const closed = socket.closed.then(({ code, reason }) => [code, reason] as const);
  return {
    send: (message) => socket.send(message),
    async receive() {
      const { value, done } = await messages.next();
      if (done === true) throw new Error(`closed: ${(await closed).join(" ")}`);
      return value;
    },
    ping: () => socket.ping(),
    closed: () => closed,
    close(code, reason) {
      socket.close(code, reason);
      return closed;
    },
  };
}

const takeover = { serverNoContextTakeover: false, clientNoContextTakeover: false, thresholdBytes: 0 };
const forgetful = { serverNoContextTakeover: true, clientNoContextTakeover: true, thresholdBytes: 0 };
const choices: readonly (readonly [string, CompressionOptions])[] = [
  ["with takeover", takeover],
  ["without takeover", forgetful],
  ["without the client's takeover", { ...takeover, clientNoContextTakeover: true }],
  ["without the server's takeover", { ...takeover, serverNoContextTakeover: true }],
];

/** What a server of this make leaves out, or reports in another way. */
interface Make {
  readonly name: string;
  readonly serve: Serve;
  readonly skip: string | false;
  readonly canFragment: boolean;
  /** Whether it honours server_no_context_takeover. */
  readonly canForget: boolean;
  /** The reason in its answer to our close frame "done". */
  readonly reason: string;
}

const makes: readonly Make[] = [
  { name: "ws", serve: serveWs, skip: false, canFragment: true, canForget: true, reason: "done" },
  {
    name: "the Python server websockets",
    serve: serveInPython("websockets"),
    skip: skipReason("websockets"),
    canFragment: true,
    canForget: true,
    reason: "done",
  },
  {
    name: "Tornado",
    serve: serveInPython("tornado"),
    skip: skipReason("tornado"),
    canFragment: false,
    canForget: false,
    reason: "",
  },
];

for (const { name, serve, skip, canFragment, canForget, reason } of makes) {
  const ours: Report = { ...expectedReport, fragmented: 0, close: [4001, reason] };
  suite(name, { skip }, () => {
    for (const [serverCompresses, clientCompresses] of [
      [false, false],
      [true, false],
      [false, true],
    ] as const) {
      test(`compression: ${serverCompresses} there, ${clientCompresses} here`, async (context) => {
        const tap = await serve(context, serverCompresses);
        const url = `ws://127.0.0.1:${tap.port}/`;
        assert.deepEqual(await converse(() => speak(url, clientCompresses)), ours);
        const { fromClient, fromServer } = tap.firstWebSocket();
        assert.equal(fromClient.field("sec-websocket-extensions") !== "", clientCompresses);
        assert.equal(fromServer.field("sec-websocket-extensions"), "");
        assert.equal(fromClient.compressedMessages, "none");
        assert.equal(fromServer.compressedMessages, "none");
      });
    }

    for (const [choice, compression] of choices) {
      const asksToForget = compression.serverNoContextTakeover === true;
      if (asksToForget && !canForget) continue;
      test(`compressed, ${choice}`, async (context) => {
        const tap = await serve(context, true);
        const url = `ws://127.0.0.1:${tap.port}/`;
        assert.deepEqual(await converse(() => speak(url, compression)), ours);
        const { fromClient, fromServer } = tap.firstWebSocket();
        const agreed = fromServer.field("sec-websocket-extensions");
        assert.match(agreed, /^permessage-deflate/);
        assert.equal(agreed.includes("server_no_context_takeover"), asksToForget);
        assert.notEqual(fromServer.compressedMessages, "none");
        assert.equal(
          fromClient.compressedMessages,
          compression.clientNoContextTakeover === true ? "some" : "all",
        );
      });
    }

    test("the standard interface", async (context) => {
      const tap = await serve(context, false);
      const given = { url: `ws://127.0.0.1:${tap.port}/`, plan };
      const report = await converseByStandard(given, WebSocket as unknown as typeof globalThis.WebSocket);
      assert.deepEqual(report, { ...ours, pinged: false });
    });

    test("fragments", { skip: canFragment ? false : "it has none" }, async (context) => {
      for (const compresses of [false, true]) {
        const tap = await serve(context, compresses);
        const speaker = await speak(`ws://127.0.0.1:${tap.port}/`, compresses && takeover);
        for (const text of ["abc", "xyz"]) {
          speaker.send(`fragments ${text}`);
          assert.equal(await speaker.receive(), text);
        }
        const { frames } = tap.firstWebSocket().fromServer;
        assert.ok(frames.filter(({ opcode }) => opcode === 0).length >= 4);
        assert.equal(frames[0]?.isCompressed, compresses);
        await speaker.close(1000, "");
      }
    });
  });
}

/**
 * Tornado 6.2 does not see parameters without a value (its header parser drops them), and so it accepts an offer of
 * server_no_context_takeover without granting it, which RFC 7692 §7.1.1.1 forbids. A client that offers to keep a window for the
 * server's messages understands it.
 */
test(
  "Tornado accepts what it does not grant, and is refused",
  { skip: skipReason("tornado") },
  async (context) => {
    const tap = await serveInPython("tornado")(context, true);
    const url = `ws://127.0.0.1:${tap.port}/`;
    for (const compression of [true, forgetful]) {
      await assert.rejects(connect(url, { compression }), {
        code: "HANDSHAKE_FAILED",
        message: /"permessage-deflate" was answered wrongly: server_no_context_takeover is missing/,
      });
    }
  },
);
