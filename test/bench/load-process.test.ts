import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { createServer } from "node:net";
import { before, suite, test } from "node:test";
import { firstByte, maskedFrame } from "../../bench/frames.ts";
import { buildLoad, Load } from "../../bench/load-process.ts";
import { openings } from "../../bench/negotiation.ts";
import { socketScenarios } from "../../bench/scenarios.ts";
import { createMessages, createUnits } from "../../bench/script-file.ts";
import { skipReason } from "../../scripts/system-packages.ts";

const text = firstByte(1);
const accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
const switching = `HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
const scenario = { ...socketScenarios.find(({ name }) => name === "echo-64")!, connections: 2 };

interface Behaviour {
  readonly response?: string;
  /** What is sent for a message. */
  readonly reply: (payload: Buffer, socket: Socket) => Buffer;
}

const frame = (first: number, payload: Buffer): Buffer =>
  Buffer.concat([Buffer.from([first, payload.length]), payload]);
const echo = (payload: Buffer): Buffer => frame(text, payload);

/** Lets the load generator send messages, one at a time, to a server that answers as told; returns how many it counted. */
async function countReplies({ response = switching, reply }: Behaviour): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("data", () => {
      socket.write(response);
      socket.on("data", (bytes: Buffer) => {
        const mask = bytes.subarray(2, 6);
        socket.write(reply(bytes.subarray(6).map((byte, i) => byte ^ mask[i & 3]!) as Buffer, socket));
      });
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const load = new Load(scenario, createUnits(createMessages(scenario, "websocket")), openings.websocket);
  try {
    const target = { port: (server.address() as AddressInfo).port, pid: process.pid };
    return (await load.run(target, { warmupMs: 0, durationMs: 50 })).count;
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

suite("the load generator", { skip: skipReason("gcc") }, () => {
  before(() => buildLoad());

  test("counts echoes", async () => {
    assert.ok((await countReplies({ reply: echo })) > 0);
  });

  test("counts a message in fragments, with a ping between them, as one", async () => {
    let replies = 0;
    const count = await countReplies({
      reply: (payload) => {
        replies++;
        return Buffer.concat([
          frame(0x01, payload.subarray(0, 10)),
          frame(0x89, Buffer.from("ping")),
          frame(0x80, payload.subarray(10)),
        ]);
      },
    });
    assert.ok(count > 0 && count <= replies);
  });

  const faults: readonly (readonly [what: string, behaviour: Behaviour, said: RegExp])[] = [
    ["another content", { reply: (payload) => echo(payload.fill(0x21, 63)) }, /is not what has to come/],
    [
      "a message that is too short",
      { reply: (payload) => echo(payload.subarray(1)) },
      /is not what has to come/,
    ],
    [
      "a message that ends early",
      { reply: (payload) => echo(payload.subarray(0, 63)) },
      /has 63 bytes, but has to have 64/,
    ],
    [
      "a message that is too long",
      { reply: (payload) => echo(Buffer.concat([payload, Buffer.from("!")])) },
      /is not what has to come/,
    ],
    ["another kind", { reply: (payload) => frame(0x82, payload) }, /begins with 0x82/],
    [
      "a compressed message that nobody agreed to",
      { reply: (payload) => frame(0xc1, payload) },
      /begins with 0xc1/,
    ],
    ["a continuation of nothing", { reply: (payload) => frame(0x80, payload) }, /wrong place/],
    ["a masked frame", { reply: (payload) => maskedFrame(text, payload) }, /masked/],
    ["a close frame", { reply: () => frame(0x88, Buffer.alloc(0)) }, /closed a connection/],
    [
      "the end of the stream",
      {
        reply: (_, socket) => {
          setImmediate(() => socket.end());
          return Buffer.alloc(0);
        },
      },
      /ended a connection/,
    ],
    ["silence", { reply: () => Buffer.alloc(0) }, /not one message came/],
    ["a refusal", { response: "HTTP/1.1 403 Forbidden\r\n\r\n", reply: echo }, /refused: HTTP\/1.1 403/],
    [
      "a wrong accept",
      { response: switching.replace(accept, "x"), reply: echo },
      /Sec-WebSocket-Accept is wrong/,
    ],
  ];
  for (const [what, behaviour, said] of faults) {
    test(`does not count ${what}`, async () => {
      await assert.rejects(countReplies(behaviour), said);
    });
  }
});
