import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { describe } from "../../../src/base/errors.ts";
import { resolveCompression } from "../../../src/protocol/websocket/compression-options.ts";
import type { CompressionOptions } from "../../../src/protocol/websocket/compression-options.ts";
import { Opcode } from "../../../src/protocol/websocket/opcode.ts";
import { SharedMessage } from "../../../src/protocol/websocket/shared-message.ts";
import { createMessageCodec } from "../../../src/transport/deflate-codec.ts";
import { FakeCodec } from "../../support/fake-codec.ts";
import { checkProperty } from "../../support/property.ts";
import { chunksOf, closePayload, everyChunking, fromHex, peerFrame, RecordedConnection, roles } from "../../support/recording.ts"; // prettier-ignore

const { continuation, text, binary, close, ping } = Opcode;

for (const role of roles) {
  test(`a ${role} compresses messages that are long enough, unless it is told not to`, () => {
    const codec = new FakeCodec({ thresholdBytes: 4 });
    const peer = new RecordedConnection(role, { codec });
    const { connection } = peer;
    assert.equal(connection.sendText("aaa"), 3);
    assert.equal(connection.sendText("aaaa"), 4);
    assert.equal(connection.sendText("aaaa", false), 4);
    assert.equal(connection.sendText("aaaa", true), 4);
    const bytes = fromHex("07070707");
    assert.equal(connection.sendBinary(bytes.subarray(1)), 3);
    assert.equal(connection.sendBinary(bytes), 4);
    assert.equal(connection.sendBinary(bytes, false), 4);
    const frames = ["text aaa", "compressed text 6104", "text aaaa", "compressed text 6104", "binary 070707"];
    assert.deepEqual(peer.takeFrames(), [...frames, "compressed binary 0704", "binary 07070707"]);
  });

  test(`a ${role} measures a text by its bytes`, () => {
    // Three bytes each, four, two and one: at the threshold, and one byte below it.
    for (const [message, bytes] of [
      ["郑郑", 6],
      ["👍", 4],
      ["éa", 3],
      ["a", 1],
      ["", 0],
      ["\ud800", 3],
    ] as const) {
      // prettier-ignore
      for (const thresholdBytes of [bytes, bytes + 1]) {
        const codec = new FakeCodec({ thresholdBytes, sharedKey: undefined });
        const peer = new RecordedConnection(role, { codec });
        assert.equal(peer.connection.sendText(message), bytes);
        assert.equal(codec.calls.length, thresholdBytes === bytes ? 1 : 0, `${message} at ${thresholdBytes}`);
      }
    }
  });

  test(`a ${role} sends what compression does not make shorter as it is, where it may`, () => {
    const peer = new RecordedConnection(role, { codec: new FakeCodec() });
    peer.connection.sendText("ab");
    peer.connection.sendText("aa");
    peer.connection.sendBinary(fromHex("01"));
    assert.deepEqual(peer.takeFrames(), ["text ab", "text aa", "binary 01"]);
    // Where the next message may refer to this one, it has to be sent as it was compressed.
    const remembering = new RecordedConnection(role, { codec: new FakeCodec({ sharedKey: undefined }) });
    remembering.connection.sendText("ab");
    remembering.connection.sendBinary(fromHex("01"));
    assert.deepEqual(remembering.takeFrames(), ["compressed text ff6162", "compressed binary 0101"]);
  });

  test(`a ${role} compresses neither pings and pongs nor close frames`, () => {
    const codec = new FakeCodec();
    const peer = new RecordedConnection(role, { codec });
    peer.connection.sendPing(fromHex("07070707"));
    peer.receive({ opcode: ping, payload: "aaaa" });
    peer.connection.close(1000, "aaaa");
    assert.deepEqual(peer.takeFrames(), ["ping 07070707", "pong 61616161", "close 1000 aaaa"]);
    assert.deepEqual(codec.calls, []);
  });

  test(`a ${role} receives compressed messages beside others, however they are cut`, () => {
    const bytes = Buffer.concat(
      [
        { opcode: text, payload: "a\u0003", rsv: 4 },
        { opcode: text, payload: "aaa" },
        { opcode: binary, payload: "a", rsv: 4, fin: false },
        { opcode: ping, payload: "p" },
        { opcode: continuation, fin: false },
        { opcode: continuation, payload: "\u0004" },
        { opcode: text, payload: fromHex("ffc3a9"), rsv: 4 },
        { opcode: binary, payload: "a\u0002" },
      ].map((frame) => peerFrame(role, frame)),
    );
    for (const chunks of everyChunking(new Uint8Array(bytes))) {
      const peer = new RecordedConnection(role, { codec: new FakeCodec() }).receive(...chunks);
      const events = ["text aaa", "text aaa", "ping 70", "binary 61616161", "text é", "binary 6102"];
      assert.deepEqual(peer.takeEvents(), events, chunks.map(({ length }) => length).join());
    }
  });

  test(`a ${role} refuses compressed messages that are invalid, too long or no text, and says which`, () => {
    for (const [payload, code, closeCode] of [
      ["abc", "WS_DEFLATE_INVALID", 1007],
      ["", "WS_DEFLATE_INVALID", 1007],
      ["a\u000b", "WS_MESSAGE_TOO_BIG", 1009],
      [fromHex("ffc3"), "WS_TEXT_INVALID", 1007],
    ] as const) {
      const codec = new FakeCodec();
      const peer = new RecordedConnection(role, { codec, maxMessageBytes: 10 });
      const frame = { opcode: text, payload, rsv: 4 };
      peer.receive(frame, frame);
      assert.deepEqual(peer.takeEvents(), [`closing ${code}`]);
      assert.deepEqual(peer.takeFrames(), [`close ${closeCode} ${code}`]);
      assert.equal(codec.calls.length, 2, "it was closed, and not asked again");
      assert.equal(codec.calls[1], "close");
    }
  });

  test(`a ${role} without compression refuses a frame that says it is compressed`, () => {
    const peer = new RecordedConnection(role).receive({ opcode: text, payload: "a\u0003", rsv: 4 });
    assert.deepEqual(peer.takeEvents(), ["closing WS_RESERVED_BITS"]);
  });

  for (const [how, end] of [
    ["the peer's close frame", (peer: RecordedConnection) => peer.receive({ opcode: close })],
    ["a broken rule", (peer: RecordedConnection) => peer.receive({ opcode: 3 })],
    ["fail()", (peer: RecordedConnection) => peer.connection.fail(describe("SERVER_CLOSING", {}))],
    ["the end of the transport", (peer: RecordedConnection) => peer.connection.receiveEnd()],
  ] as const) {
    test(`a ${role} closes its codec once, at ${how}`, () => {
      const codec = new FakeCodec();
      const peer = new RecordedConnection(role, { codec });
      end(peer);
      assert.deepEqual(codec.takeCalls(), ["close"]);
      peer.connection.receiveEnd();
      peer.connection.fail(describe("SERVER_CLOSING", {}));
      peer.connection.close(1000);
      assert.equal(peer.connection.sendText("aaaa"), -1);
      assert.equal(peer.connection.sendBinary(fromHex("07070707")), -1);
      assert.equal(peer.connection.sendShared(new SharedMessage("aaaa")), -1);
      assert.deepEqual(codec.calls, []);
      // After our own close frame it may still be needed by nobody, and is closed when the peer's has come.
      const other = new FakeCodec();
      const closing = new RecordedConnection(role, { codec: other });
      closing.connection.close(1000);
      assert.deepEqual(other.calls, []);
      closing.receive({ opcode: text, payload: "a\u0003", rsv: 4 });
      assert.deepEqual(other.takeCalls(), [], "nothing is inflated that nobody will get");
      end(closing);
      assert.deepEqual(other.calls, ["close"]);
    });
  }

  test(`a ${role} that is closed by the receiver of a message inflates and hands on no other`, () => {
    for (const end of [
      (peer: RecordedConnection) => peer.connection.close(4000),
      (peer: RecordedConnection) => peer.connection.fail(describe("WS_HANDLER_FAILED", {})),
      (peer: RecordedConnection) => peer.connection.receiveEnd(),
    ]) {
      const codec = new FakeCodec();
      const peer = new RecordedConnection(role, { codec });
      const seen: string[] = [];
      peer.receiveText = (message) => {
        seen.push(message);
        end(peer);
      };
      const frame = peerFrame(role, { opcode: text, payload: "a\u0003", rsv: 4 });
      peer.receive(Buffer.concat([frame, frame]), frame);
      assert.deepEqual(seen, ["aaa"]);
      assert.equal(codec.calls.filter((call) => call.startsWith("decompress")).length, 1);
      peer.receive({ opcode: close, payload: closePayload(4000) });
      assert.equal(codec.calls.filter((call) => call === "close").length, 1);
    }
  });
}

test("a shared message goes as it is, compressed once for all, or compressed for one, as each connection has agreed", () => {
  const sharedKey = {};
  const codecs = {
    one: new FakeCodec({ sharedKey, thresholdBytes: 4 }),
    same: new FakeCodec({ sharedKey, thresholdBytes: 4 }),
    remembering: new FakeCodec({ sharedKey: undefined, thresholdBytes: 4 }),
  };
  const connect = (codec?: FakeCodec): RecordedConnection => new RecordedConnection("server", { codec });
  const peers = [connect(), connect(codecs.one), connect(codecs.same), connect(codecs.remembering)];
  const send = (message: SharedMessage): string[] =>
    peers.flatMap((peer) => {
      assert.equal(peer.connection.sendShared(message), message.byteLength);
      return peer.takeFrames();
    });
  const plain = (frame: string): string[] => [frame, frame, frame, frame];
  assert.deepEqual(send(new SharedMessage("aaa")), plain("text aaa"), "below the threshold");
  assert.deepEqual(send(new SharedMessage("aaaa", false)), plain("text aaaa"), "by choice");
  assert.deepEqual(Object.values(codecs).flatMap(({ calls }) => calls), []); // prettier-ignore
  const compressed = "compressed text 6104";
  assert.deepEqual(send(new SharedMessage("aaaa")), ["text aaaa", compressed, compressed, compressed]);
  assert.deepEqual(codecs.one.takeCalls(), ["compress aaaa"]);
  assert.deepEqual(codecs.same.takeCalls(), [], "it was compressed already");
  assert.deepEqual(codecs.remembering.takeCalls(), ["compress aaaa"]);
  // What does not get shorter goes as it is, but where the peer's window has to follow ours.
  const longer = new SharedMessage(fromHex("01020304"));
  const expected = ["binary 01020304", "binary 01020304", "binary 01020304", "compressed binary ff01020304"];
  assert.deepEqual(send(longer), expected);
});

test("shared messages stand in order with what only one connection gets", () => {
  const peer = new RecordedConnection("server");
  peer.connection.sendText("1");
  const shared = new SharedMessage("2");
  peer.connection.sendShared(shared);
  peer.connection.sendShared(shared);
  peer.connection.sendText("3");
  assert.deepEqual(peer.takeFrames(), ["text 1", "text 2", "text 2", "text 3"]);
});

const agreements: readonly (readonly [string, CompressionOptions])[] = [
  ["without context takeover", {}],
  ["with context takeover", { serverNoContextTakeover: false, clientNoContextTakeover: false }],
  ["with the smallest windows", { serverMaxWindowBits: 9, clientMaxWindowBits: 9, serverNoContextTakeover: false, clientNoContextTakeover: false }], // prettier-ignore
];

for (const [what, options] of agreements) {
  test(`what one end compresses the other end reads, ${what}, however it is cut`, (context) => {
    const words = fc.constantFrom("", "郑老板", "url", '{"id": 1, "name": "x"}', "a".repeat(3000));
    const message = fc.oneof(fc.array(words, { maxLength: 9 }).map((all) => all.join(" ")), fc.uint8Array({ maxLength: 50 })); // prettier-ignore
    const messages = fc.array(fc.tuple(message, fc.boolean()), { maxLength: 6 });
    checkProperty(
      context,
      fc.property(
        messages,
        fc.array(fc.integer({ min: 1, max: 300 })),
        fc.constantFrom(0, 10),
        (all, sizes, thresholdBytes) => {
          for (const sender of roles) {
            const receiver = sender === "server" ? "client" : "server";
            const connect = (role: "server" | "client"): RecordedConnection => {
              const resolved = resolveCompression({ ...options, thresholdBytes }, "server", "compression");
              const codec = createMessageCodec(role, resolved, resolved);
              return new RecordedConnection(role, { codec, maxMessageBytes: 100_000 });
            };
            const [from, to] = [connect(sender), connect(receiver)];
            const expected = all.map(([item, compress]) => {
              if (typeof item === "string") from.connection.sendText(item, compress);
              else from.connection.sendBinary(item, compress);
              const bytes = Buffer.from(item as string);
              return typeof item === "string" ? `text ${item}` : `binary ${bytes.toString("hex")}`;
            });
            to.receive(...chunksOf(from.takeBytes(), sizes));
            assert.deepEqual(to.takeEvents(), expected);
            for (const { connection } of [from, to]) connection.receiveEnd();
          }
        },
      ),
      60,
    );
  });
}
