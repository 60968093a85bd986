import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { createServer } from "node:net";
import { before, suite, test } from "node:test";
import { buildLoad, Load } from "../../bench/load-process.ts";
import { httpScenarios } from "../../bench/scenarios.ts";
import type { Unit } from "../../bench/script-file.ts";
import { skipReason } from "../../scripts/system-packages.ts";

const scenario = { ...httpScenarios[0]!, connections: 2 };
const request = "GET /item HTTP/1.1\r\nHost: here\r\n\r\n";
const content = "0123456789abcdef";
const units: readonly Unit[] = [
  { sent: Buffer.from(request), replies: [{ first: 0, content: Buffer.from(content) }] },
];

/** What is written for a request, in pieces of their own. */
type Answer = string | readonly string[] | ((socket: Socket) => void);

/** Lets the load generator send requests to a server that answers as told; returns how many it counted, and how many came. */
async function countResponses(
  answer: Answer,
  durationMs: number,
): Promise<readonly [counted: number, came: number]> {
  const sockets = new Set<Socket>();
  let came = 0;
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("data", (bytes: Buffer) => {
      assert.equal(bytes.toString(), request);
      came++;
      if (typeof answer === "function") answer(socket);
      else void writePieces(socket, typeof answer === "string" ? [answer] : answer);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const target = { port: (server.address() as AddressInfo).port, pid: process.pid };
    const { count } = await new Load(scenario, units).run(target, { warmupMs: 0, durationMs });
    return [count, came];
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

/** Each in a turn of its own, so that the other side reads it by itself now and then. */
async function writePieces(socket: Socket, pieces: readonly string[]): Promise<void> {
  for (const piece of pieces) {
    await new Promise((resolve) => setImmediate(resolve));
    if (!socket.destroyed) socket.write(piece);
  }
}

const ok = "HTTP/1.1 200 OK\r\n";
const withLength = `${ok}Content-Length: 16\r\n\r\n`;
const withChunks = `${ok}Transfer-Encoding: chunked\r\n\r\n`;
const chunked = `${withChunks}A\r\n0123456789\r\n6\r\nabcdef\r\n0\r\n\r\n`;

suite("the load generator", { skip: skipReason("gcc") }, () => {
  before(() => buildLoad());

  const answers: readonly (readonly [what: string, answer: Answer])[] = [
    ["responses with a length", withLength + content],
    [
      "header fields in any case and with any space",
      `${ok}date: now\r\ncontent-length:16 \r\nx:\r\n\r\n${content}`,
    ],
    ["responses in chunks", chunked],
    ["responses without a reason", `HTTP/1.1 200\r\nContent-Length: 16\r\n\r\n${content}`],
    ["responses that come in two reads", [`${withLength}01234`, content.slice(5)]],
    ["responses that come byte by byte", (withLength + content).split("")],
    ["chunks that come byte by byte", chunked.split("")],
  ];
  for (const [what, answer] of answers) {
    test(`counts ${what}`, async () => {
      const [counted, came] = await countResponses(answer, 300);
      assert.ok(counted > 0 && counted <= came, `${counted} of ${came}`);
    });
  }

  const faults: readonly (readonly [what: string, answer: Answer, said: RegExp])[] = [
    ["another status", "HTTP/1.1 404 Not Found\r\nContent-Length: 16\r\n\r\n", /begins with HTTP\/1\.1 404/],
    ["another version", `HTTP/1.0 200 OK\r\nContent-Length: 16\r\n\r\n`, /begins with HTTP\/1\.0 200/],
    ["another content", `${withLength}0123456789abcdeF`, /is not what has to come/],
    ["another length", `${ok}Content-Length: 15\r\n\r\n`, /has 15 bytes, but has to have 16/],
    ["a length that is no number", `${ok}Content-Length: +16\r\n\r\n${content}`, /Content-Length is "\+16"/],
    ["two lengths", `${ok}Content-Length: 16\r\nContent-Length: 16\r\n\r\n${content}`, /two lengths/],
    ["no length", `${ok}Date: now\r\n\r\n${content}`, /either a Content-Length or chunks/],
    [
      "a length and chunks",
      chunked.replace("\r\n\r\n", "\r\nContent-Length: 16\r\n\r\n"),
      /either a Content-Length or chunks/,
    ],
    ["another transfer coding", chunked.replace("chunked", "gzip, chunked"), /not "chunked" alone: gzip/],
    ["a content coding", `${ok}Content-Encoding: br\r\n\r\n`, /encoded, and nobody asked/],
    [
      "a line that is no header field",
      `${ok}Content-Length 16\r\n\r\n`,
      /no header field: Content-Length 16/,
    ],
    ["a chunk without a size", `${withChunks}\r\n`, /a chunk begins with ""/],
    ["a chunk with an extension", chunked.replace("A\r\n", "A;x=y\r\n"), /a chunk begins with "A;x=y"/],
    ["a chunk that goes on", chunked.replace("A\r\n", "9\r\n"), /longer than it says/],
    [
      "chunks that end early",
      `${withChunks}A\r\n0123456789\r\n0\r\n\r\n`,
      /has 10 bytes, but has to have 16/,
    ],
    ["a head without an end", `${ok}X: ${"x".repeat(3000)}`, /too long/],
    ["more than was asked for", (withLength + content).repeat(2), /more came than was asked for/],
    [
      "a connection that is not kept",
      `${ok}Connection: close\r\nContent-Length: 16\r\n\r\n${content}`,
      /is to be kept/,
    ],
    ["the end of the stream", (socket) => void socket.end(), /ended a connection/],
  ];
  for (const [what, answer, said] of faults) {
    test(`does not count ${what}`, async () => {
      // It ends as soon as it has seen that.
      await assert.rejects(countResponses(answer, 10_000), said);
    });
  }

  test("does not count silence", async () => {
    await assert.rejects(
      countResponses(() => {}, 50),
      /not one message came/,
    );
  });
});
