/**
 * The same streams through another implementation: the receiver of the package ws, which is used without a socket,
 * too. Where both have no freedom, both must see the same messages and end with the same code.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import * as ws from "ws";
import { Opcode } from "../../../src/protocol/websocket/opcode.ts";
import type { Role } from "../../../src/protocol/websocket/frame-parser.ts";
import type { RawFrame } from "../../../src/testing/raw-frame.ts";
import { checkProperty } from "../../support/property.ts";
import { chunksOf, closePayload, peerFrame, RecordedConnection, roles, toHex } from "../../support/recording.ts"; // prettier-ignore

/** What is used of ws' receiver, which its types leave out. */
interface Receiver {
  on(event: "message", listener: (data: Uint8Array, isBinary: boolean) => void): this;
  on(event: "ping" | "pong", listener: (data: Uint8Array) => void): this;
  on(event: "conclude", listener: (code: number, reason: Uint8Array) => void): this;
  /** Called instead of `write`, since it calls back at once. */
  _write(chunk: Uint8Array, encoding: "buffer", callback: (error?: object | null) => void): void;
}

const { Receiver } = ws as unknown as { Receiver: new (options: object) => Receiver };
const maxMessageBytes = 200;

/** The events of ws in our words, and the close code at the end: the peer's, or the one of a broken rule. */
function receiveWithWs(role: Role, bytes: Uint8Array): string[] {
  const events: string[] = [];
  const receiver = new Receiver({ isServer: role === "server", maxPayload: maxMessageBytes });
  receiver.on("message", (data, isBinary) => {
    events.push(isBinary ? `binary ${toHex(data)}` : `text ${Buffer.from(data).toString()}`);
  });
  receiver.on("ping", (data) => events.push(`ping ${toHex(data)}`));
  receiver.on("pong", (data) => events.push(`pong ${toHex(data)}`));
  receiver.on("conclude", (code, reason) => events.push(`end ${code} ${Buffer.from(reason).toString()}`));
  receiver._write(Buffer.from(bytes), "buffer", (error) => {
    if (error === undefined || error === null) return;
    const status = Object.getOwnPropertySymbols(error).find(
      ({ description }) => description === "status-code",
    );
    events.push(`end ${String(Reflect.get(error, status ?? ""))} broken rule`);
  });
  return events;
}

function receiveWithUs(role: Role, chunks: readonly Uint8Array[]): string[] {
  const peer = new RecordedConnection(role, { maxMessageBytes }).receive(...chunks);
  const events = peer.takeEvents().filter((event) => !event.startsWith("closing"));
  const { state, closeCode, closeReason } = peer.connection;
  if (state === "open") return events;
  return [...events, `end ${closeCode} ${peer.problem === undefined ? closeReason : "broken rule"}`];
}

// ASCII, since we refuse invalid text at its first bad byte and ws at its end, where another rule may be broken first.
const ascii = fc.string({ unit: "binary-ascii", maxLength: 150, size: "max" });
const frame: fc.Arbitrary<RawFrame> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ opcode: fc.constantFrom(0, 1, 2), fin: fc.boolean(), payload: ascii }),
  },
  { weight: 6, arbitrary: fc.record({ opcode: fc.constantFrom(1, 2), payload: ascii }) },
  {
    weight: 2,
    arbitrary: fc.record({ opcode: fc.constant(1), payload: fc.uint8Array({ maxLength: 8 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      opcode: fc.constantFrom(Opcode.ping, Opcode.pong),
      payload: fc.uint8Array({ maxLength: 126, size: "max" }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ opcode: fc.nat(15), fin: fc.boolean(), rsv: fc.constantFrom(0, 0, 1, 4), payload: ascii }), // prettier-ignore
  },
  {
    weight: 1,
    arbitrary: fc.record({
      opcode: fc.constant(Opcode.close),
      payload: fc
        .tuple(fc.oneof(fc.integer({ min: 990, max: 1020 }), fc.nat(65_535)), fc.uint8Array({ maxLength: 4 }))
        .map(([code, reason]) => closePayload(code, reason)),
    }),
  },
);

for (const role of roles) {
  test(`a ${role} receives what ws receives, and ends as ws ends`, (context) => {
    const inputs = [fc.array(frame, { maxLength: 15 }), fc.array(fc.integer({ min: 1, max: 99 }))] as const;
    checkProperty(
      context,
      fc.property(...inputs, (frames, cuts) => {
        const bytes = new Uint8Array(Buffer.concat(frames.map((item) => peerFrame(role, item))));
        const expected = receiveWithWs(role, bytes);
        assert.deepEqual(receiveWithUs(role, [bytes]), expected);
        assert.deepEqual(receiveWithUs(role, chunksOf(bytes, cuts)), expected);
      }),
      500,
    );
  });

  test(`what a ${role} sends, ws understands`, (context) => {
    const message = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 40 }),
      fc.uint8Array({ maxLength: 200 }),
    );
    checkProperty(
      context,
      fc.property(fc.array(message, { maxLength: 6 }), (messages) => {
        const { connection, ...peer } = sendingConnection(role);
        const expected = messages
          .filter((item) => Buffer.byteLength(item) <= maxMessageBytes)
          .map((item) => {
            if (typeof item === "string") connection.sendText(item);
            else connection.sendBinary(item);
            return typeof item === "string" ? `text ${item}` : `binary ${toHex(item)}`;
          });
        connection.sendPing(new Uint8Array(3));
        connection.close(3000, "bye");
        const reader = role === "server" ? "client" : "server";
        assert.deepEqual(receiveWithWs(reader, peer.takeBytes()), [
          ...expected,
          "ping 000000",
          "end 3000 bye",
        ]);
      }),
    );
  });
}

function sendingConnection(role: Role): Pick<RecordedConnection, "connection" | "takeBytes"> {
  const peer = new RecordedConnection(role);
  return { connection: peer.connection, takeBytes: () => peer.takeBytes() };
}
