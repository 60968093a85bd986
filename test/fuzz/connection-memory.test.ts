/**
 * How much a stranger can make a connection hold: many connections in the middle of whatever a stream led them into, and
 * what is left when the stream itself is forgotten.
 */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { deflateRawSync } from "node:zlib";
import type { Role } from "../../src/protocol/websocket/frame-parser.ts";
import { WebSocketConnection } from "../../src/protocol/websocket/connection.ts";
import type { RawFrame } from "../../src/testing/raw-frame.ts";
import fc from "fast-check";
import type { Agreement } from "../support/fuzz-stream.ts";
import { agreement, codecOf, encodeSayings, mutate, mutations, sayings } from "../support/fuzz-stream.ts";
import { heldBytes } from "../support/garbage-collection.ts";
import { checkProperty } from "../support/property.ts";
import { chunksOf, peerFrame, roles } from "../support/recording.ts";

const maxMessageBytes = 64 * 1024;
const connectionsCount = 40;

/** A message in pieces lies in one block that doubles as it grows; compressed, it may be a thousandth longer. */
const blockBytesMax = 2 * (maxMessageBytes + maxMessageBytes / 1024 + 64);

/** Beside the block: the window to which the peer's messages may refer, and a control frame or header that was cut. */
const buffersPerConnection = blockBytesMax + 32 * 1024 + 1024;

/** Objects: the connection, its parser, assembler, codec and closures. */
const heapPerConnection = 8 * 1024;

/** What the process keeps for all connections: slabs of output, kept input and output of the codec, fast-check's own. */
const sharedBytes = 512 * 1024;

const ignore = (): void => {};

function createConnection(role: Role, agreed: Agreement): WebSocketConnection {
  const mask = role === "client" ? { createMaskKey: () => 1 } : {};
  return new WebSocketConnection(
    { role, maxMessageBytes, accepts: "any", codec: codecOf(role, agreed), ...mask },
    {
      receiveText: ignore,
      receiveBinary: ignore,
      receivePing: ignore,
      receivePong: ignore,
      receiveClosing: ignore,
    },
  );
}

/** Streams that want to be kept: they never end, announce much, come in little pieces, or become large. */
const greedy: fc.Arbitrary<(role: Role) => Uint8Array> = fc.oneof(
  // Fragments without an end, empty or small, until there are many of them or the limit is reached.
  fc.tuple(fc.constantFrom(0, 1, 30, 1000), fc.constantFrom(1, 2)).map(([size, opcode]) => (role: Role) => {
    const payload = new Uint8Array(size).fill(97);
    const first = peerFrame(role, { opcode, fin: false, payload });
    const next = peerFrame(role, { opcode: 0, fin: false, payload });
    const count = Math.min(3000, Math.floor(maxMessageBytes / size));
    return Buffer.concat([first, ...Array.from({ length: count - 1 }, () => next)]);
  }),
  // A frame that announces as much as it may, or more, and brings a part of it.
  fc
    .tuple(
      fc.constantFrom(1, 2, 9, 8),
      fc.nat(maxMessageBytes * 2),
      fc.nat(maxMessageBytes),
      fc.constantFrom(0, 4),
    )
    .map(([opcode, length, sent, rsv]) => (role: Role) => {
      const frame: RawFrame = {
        opcode,
        length,
        rsv,
        payload: new Uint8Array(Math.min(sent, length)).fill(98),
      };
      return peerFrame(role, frame);
    }),
  // A bomb, whole or in fragments.
  fc
    .tuple(fc.integer({ min: 1, max: 40 }), fc.nat(3000), fc.boolean())
    .map(([megabytes, cut, fin]) => (role: Role) => {
      const payload = bomb(megabytes);
      const first = peerFrame(role, { opcode: 2, rsv: 4, fin: false, payload: payload.subarray(0, cut) });
      return Buffer.concat([first, peerFrame(role, { opcode: 0, fin, payload: payload.subarray(cut) })]);
    }),
);

const bombs = new Map<number, Uint8Array>();

function bomb(megabytes: number): Uint8Array {
  let bytes = bombs.get(megabytes);
  if (bytes === undefined)
    bombs.set(megabytes, (bytes = deflateRawSync(new Uint8Array(megabytes * 1024 * 1024))));
  return bytes;
}

/** What one connection gets, by its role. */
const stream = agreement.chain((agreed) =>
  fc.record({
    agreed: fc.constant(agreed),
    encode: fc.tuple(fc.oneof(sayings, fc.constant([])), mutations, greedy).map(
      ([said, damage, more]) =>
        (role: Role): Uint8Array =>
          mutate(Buffer.concat([...encodeSayings(role, said, agreed), more(role)]), damage),
    ),
    cuts: fc.array(fc.integer({ min: 1, max: 5000 }), { maxLength: 20 }),
  }),
);

for (const role of roles) {
  test(`a ${role} holds no more than its limit, twice, and what is written here`, (context) => {
    const largest = watchBlocks(context);
    const property = fc.property(
      fc.array(stream, { minLength: connectionsCount, maxLength: connectionsCount }),
      (streams) => {
        // What is shared is made before anything is measured.
        const connections = [createConnection(role, undefined)];
        const before = heldBytes();
        for (const { agreed, encode, cuts } of streams) {
          const connection = createConnection(role, agreed);
          connections.push(connection);
          for (const chunk of chunksOf(encode(role), cuts)) connection.receive(chunk);
          connection.output.take();
        }
        bombs.clear();
        const after = heldBytes();
        const count = connections.length;
        const buffers = after.buffers - before.buffers;
        const heap = after.heap - before.heap;
        assert.ok(
          buffers <= sharedBytes + count * buffersPerConnection,
          `${buffers / count} bytes each in buffers`,
        );
        assert.ok(heap <= sharedBytes + count * heapPerConnection, `${heap / count} bytes each in objects`);
        assert.ok(largest() <= blockBytesMax, `a block of ${largest()} bytes`);
        for (const connection of connections) connection.receiveEnd();
      },
    );
    checkProperty(context, property, 3, false);
  });
}

/** The largest block that was taken without being filled, which is how messages get their memory. */
function watchBlocks(context: TestContext): () => number {
  let largest = 0;
  const allocate = Buffer.allocUnsafeSlow.bind(Buffer);
  context.mock.method(Buffer, "allocUnsafeSlow", (size: number) => {
    largest = Math.max(largest, size);
    return allocate(size);
  });
  return () => largest;
}
