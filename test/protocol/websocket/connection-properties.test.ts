import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { errorTable } from "../../../src/base/errors.ts";
import { isSendableCloseCode } from "../../../src/protocol/websocket/close-code.ts";
import { Opcode } from "../../../src/protocol/websocket/opcode.ts";
import type { RawFrame } from "../../../src/testing/raw-frame.ts";
import { checkProperty } from "../../support/property.ts";
import { chunksOf, closePayload, peerFrame, RecordedConnection, repeated, roles, toHex } from "../../support/recording.ts"; // prettier-ignore

/** Frames that are mostly right, so that a stream gets somewhere before it goes wrong. */
const frame: fc.Arbitrary<RawFrame> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      opcode: fc.constantFrom(0, 0, 1, 1, 2),
      fin: fc.boolean(),
      payload: fc.string({ unit: "grapheme", maxLength: 40 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      opcode: fc.constantFrom(Opcode.ping, Opcode.pong),
      payload: fc.uint8Array({ maxLength: 125, size: "max" }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      opcode: fc.constant(Opcode.close),
      payload: fc
        .tuple(fc.oneof(fc.integer({ min: 990, max: 1020 }), fc.nat(65_535)), fc.string({ maxLength: 20 }))
        .map(([code, reason]) => closePayload(code, reason)),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record(
      {
        opcode: fc.nat(15),
        fin: fc.boolean(),
        rsv: fc.nat(7),
        payload: fc.uint8Array({ maxLength: 130, size: "max" }),
        length: fc.oneof(fc.nat(70_000), fc.bigInt({ min: 65_536n, max: 2n ** 64n - 1n })),
        lengthBytes: fc.constant(8 as const),
      },
      { requiredKeys: ["opcode"] },
    ),
  },
);

const options = fc.record({
  maxMessageBytes: fc.constantFrom(0, 1, 30, 100, 1_000_000),
  accepts: fc.constantFrom("any", "any", "text", "binary"),
});
const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 60, size: "max" });
const garbage = fc.uint8Array({ maxLength: 200, size: "max" });

/** Everything that can be seen of a connection from outside. */
function ending(peer: RecordedConnection): unknown {
  const { state, closeCode, closeReason } = peer.connection;
  return { events: peer.takeEvents(), sent: toHex(peer.takeBytes()), state, closeCode, closeReason };
}

for (const role of roles) {
  test(`a ${role} sees and sends the same wherever the stream is cut`, (context) => {
    checkProperty(
      context,
      fc.property(
        fc.array(frame, { maxLength: 12 }),
        garbage,
        options,
        sizes,
        (frames, tail, settings, cuts) => {
          const bytes = new Uint8Array(Buffer.concat([...frames.map((item) => peerFrame(role, item)), tail]));
          const whole = ending(new RecordedConnection(role, settings).receive(bytes));
          const bytewise = chunksOf(bytes, repeated(1, bytes.length));
          for (const chunks of [bytewise, chunksOf(bytes, cuts)]) {
            assert.deepEqual(ending(new RecordedConnection(role, settings).receive(...chunks)), whole);
          }
        },
      ),
      300,
    );
  });

  test(`a ${role} never throws, tells of its end once, and gives documented codes only`, (context) => {
    const stream = fc.oneof(
      garbage,
      fc.tuple(fc.array(frame, { maxLength: 12 }), garbage).map(([frames, tail]) => {
        return new Uint8Array(Buffer.concat([...frames.map((item) => peerFrame(role, item)), tail]));
      }),
    );
    checkProperty(
      context,
      fc.property(stream, options, sizes, (bytes, settings, cuts) => {
        const peer = new RecordedConnection(role, settings).receive(...chunksOf(bytes, cuts));
        const { connection, problem } = peer;
        const closings = peer.takeEvents().filter((event) => event.startsWith("closing"));
        const closes = peer.takeFrames().filter((sent) => sent.startsWith("close"));
        const isOpen = connection.state === "open";
        assert.deepEqual([closings.length, closes.length], isOpen ? [0, 0] : [1, 1]);
        if (isOpen) {
          assert.equal(connection.closeCode, undefined);
        } else if (problem === undefined) {
          const code = connection.closeCode ?? 0;
          assert.ok(code === 1005 || isSendableCloseCode(code), `the peer closed with ${code}`);
        } else {
          assert.equal(connection.closeCode, errorTable[problem.code].closeCode);
          assert.ok([1002, 1003, 1007, 1009].includes(connection.closeCode ?? 0), problem.code);
          assert.doesNotMatch(problem.message, /[<>]/);
        }
      }),
      300,
    );
  });
}

test("a server and a client understand each other, whatever they say", (context) => {
  const message = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 200 }),
    fc.uint8Array({ maxLength: 200, size: "max" }),
    fc.constantFrom("é".repeat(40_000), new Uint8Array(20_000).fill(3)),
  );
  const inputs = [fc.array(message, { maxLength: 6 }), sizes, fc.constantFrom(...roles)] as const;
  checkProperty(
    context,
    fc.property(...inputs, (messages, cuts, role) => {
      const here = new RecordedConnection(role, { maxMessageBytes: 100_000 });
      const there = new RecordedConnection(role === "server" ? "client" : "server", {
        maxMessageBytes: 100_000,
      });
      const expected = messages.map((item) => {
        if (typeof item !== "string") return (here.connection.sendBinary(item), `binary ${toHex(item)}`);
        here.connection.sendText(item);
        return `text ${item}`;
      });
      here.connection.sendPing(new Uint8Array(2));
      here.connection.close(4000, "bye");
      there.receive(...chunksOf(here.takeBytes(), cuts));
      assert.deepEqual(there.takeEvents(), [...expected, "ping 0000", "closing"]);
      here.receive(there.takeBytes());
      for (const { connection } of [here, there]) {
        const { state, closeCode, closeReason } = connection;
        assert.deepEqual([state, closeCode, closeReason], ["closed", 4000, "bye"]);
      }
      assert.deepEqual(here.takeEvents(), ["closing"]);
    }),
    100,
  );
});
