/** What is tested of whole connections elsewhere is not repeated here: this is about memory, limits and who owns what. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { MessageRules, MessageSink } from "../../../src/protocol/websocket/message-assembler.ts";
import { MessageAssembler } from "../../../src/protocol/websocket/message-assembler.ts";
import { Opcode } from "../../../src/protocol/websocket/opcode.ts";
import { FakeCodec } from "../../support/fake-codec.ts";
import { fromHex, toHex } from "../../support/recording.ts";

const { continuation, text, binary } = Opcode;

/** An assembler that is fed frames, and says in short what came of each: a message, the code of a problem, or nothing. */
class Assembling implements MessageSink {
  readonly assembler: MessageAssembler;
  #got = "";

  constructor(rules: Partial<MessageRules> = {}) {
    this.assembler = new MessageAssembler({ maxMessageBytes: 1000, accepts: "any", ...rules }, this);
  }

  /** Announces a frame: the code of what is wrong with it. */
  begin(opcode: number, fin: boolean, payloadLength: number, isCompressed = false): string {
    return this.assembler.beginFrame(opcode, fin, isCompressed, payloadLength)?.code ?? "";
  }

  /** A piece of the payload, which does not begin where its memory does. */
  receive(payload: string | Uint8Array, bytesToCome = 0, isAscii = false): string {
    const bytes = Buffer.concat([Buffer.from("<"), Buffer.from(payload as string), Buffer.from(">")]);
    const problem = this.assembler.receivePayload(bytes, 1, bytes.length - 1, bytesToCome, isAscii);
    // It was lent: the next read writes over it.
    bytes.fill(0xee);
    const got = this.#got;
    this.#got = "";
    return problem?.code ?? got;
  }

  frame(opcode: number, payload: string | Uint8Array, fin = true, isCompressed = false): string {
    const length = Buffer.from(payload as string).length;
    return this.begin(opcode, fin, length, isCompressed) || this.receive(payload);
  }

  receiveText(message: string, byteLength: number): void {
    this.#got += `text ${message} ${byteLength}`;
  }

  receiveBinary(bytes: Uint8Array): void {
    assert.equal(bytes.buffer.byteLength, bytes.length, "the memory holds nothing else");
    this.#got += `binary ${toHex(bytes)}`;
  }
}

test("a message in one piece, in pieces of one frame, and in fragments is the same message", () => {
  const messages = new Assembling();
  assert.equal(messages.frame(text, "é"), "text é 2");
  assert.equal(messages.frame(binary, "ab"), "binary 6162");
  assert.equal(messages.begin(text, true, 3), "");
  assert.deepEqual([messages.receive("a", 2), messages.receive("b", 1), messages.receive("c")], ["", "", "text abc 3"]); // prettier-ignore
  assert.equal(messages.frame(binary, "a", false), "");
  assert.equal(messages.frame(continuation, "b", false), "");
  assert.equal(messages.frame(continuation, "c"), "binary 616263");
  assert.equal(messages.frame(text, ""), "text  0");
});

test("text that is known to be ASCII is not looked at again; other text is validated", () => {
  const messages = new Assembling();
  messages.begin(text, true, 2);
  // It is believed, and the faster way gives two characters for two bytes.
  assert.equal(messages.receive("é", 0, true), "text \u00c3\u00a9 2");
  messages.begin(text, true, 2);
  assert.equal(messages.receive("é", 0, false), "text é 2");
  assert.equal(messages.frame(text, "a\ufffdb"), "text a\ufffdb 5", "the character itself is valid");
  assert.equal(new Assembling().frame(text, fromHex("61ff")), "WS_TEXT_INVALID");
  assert.equal(new Assembling().frame(text, fromHex("c3")), "WS_TEXT_INVALID");
});

test("text in pieces is refused at the piece that makes it certain, and at the end inside a character", () => {
  const cut = new Assembling();
  cut.begin(text, true, 900);
  assert.equal(cut.receive(fromHex("c3"), 899), "");
  assert.equal(cut.receive("a", 898), "WS_TEXT_INVALID");
  const unfinished = new Assembling();
  unfinished.frame(text, fromHex("e9"), false);
  assert.equal(unfinished.frame(continuation, fromHex("83")), "WS_TEXT_INVALID");
  // ASCII after half a character is no better for being known to be ASCII.
  const interrupted = new Assembling();
  interrupted.frame(text, fromHex("c3"), false);
  interrupted.begin(continuation, true, 1);
  assert.equal(interrupted.receive("a", 0, true), "WS_TEXT_INVALID");
});

test("one message leaves nothing behind for the next", () => {
  const messages = new Assembling({ codec: new FakeCodec() });
  messages.frame(text, "a", false);
  assert.equal(messages.frame(continuation, "b"), "text ab 2");
  messages.frame(text, "c", false, true);
  assert.equal(messages.frame(continuation, "\u0003"), "text ccc 3");
  assert.equal(messages.frame(text, "a"), "text a 1");
  messages.frame(binary, fromHex("c3"), false);
  assert.equal(messages.frame(continuation, ""), "binary c3");
  messages.frame(text, "d", false);
  assert.equal(messages.frame(continuation, "e"), "text de 2");
  assert.equal(messages.frame(continuation, "f"), "WS_CONTINUATION_UNEXPECTED");
});

test("fragments are judged by their order and kind (RFC 6455 §5.4)", () => {
  assert.equal(new Assembling().begin(continuation, true, 0), "WS_CONTINUATION_UNEXPECTED");
  const messages = new Assembling();
  messages.frame(text, "a", false);
  assert.equal(messages.begin(binary, true, 0), "WS_CONTINUATION_EXPECTED");
  assert.equal(new Assembling({ accepts: "text" }).begin(binary, true, 0), "WS_MESSAGE_TYPE_REFUSED");
  assert.equal(new Assembling({ accepts: "binary" }).begin(text, true, 0), "WS_MESSAGE_TYPE_REFUSED");
  assert.equal(new Assembling({ accepts: "text" }).frame(text, "a"), "text a 1");
  assert.equal(new Assembling({ accepts: "binary" }).frame(binary, "a"), "binary 61");
});

test("the announced length counts, all fragments together", () => {
  const messages = new Assembling({ maxMessageBytes: 10 });
  assert.equal(messages.begin(binary, true, 11), "WS_MESSAGE_TOO_BIG");
  const fragments = new Assembling({ maxMessageBytes: 10 });
  assert.equal(fragments.frame(text, "1234567", false), "");
  assert.equal(fragments.frame(continuation, "890", false), "");
  assert.equal(fragments.begin(continuation, true, 1), "WS_MESSAGE_TOO_BIG");
});

test("a compressed message may be a little longer than the message itself may be, since DEFLATE may make it so", () => {
  for (const [maxMessageBytes, allowed] of [
    [0, 64],
    [1000, 1064],
    [1024, 1089],
    [1 << 20, (1 << 20) + 1024 + 64],
  ] as const) {
    // prettier-ignore
    const rules = { maxMessageBytes, codec: new FakeCodec() };
    assert.equal(new Assembling(rules).begin(text, true, allowed, true), "");
    assert.equal(new Assembling(rules).begin(text, true, allowed + 1, true), "WS_MESSAGE_TOO_BIG");
    assert.equal(new Assembling(rules).begin(text, true, maxMessageBytes + 1), "WS_MESSAGE_TOO_BIG");
    const fragments = new Assembling(rules);
    assert.equal(fragments.frame(binary, new Uint8Array(allowed), false, true), "");
    assert.equal(fragments.begin(continuation, true, 1), "WS_MESSAGE_TOO_BIG", "in fragments, too");
  }
});

test("compressed messages are inflated whole, to no more than the limit", () => {
  const codec = new FakeCodec();
  const messages = new Assembling({ maxMessageBytes: 10, codec });
  assert.equal(messages.frame(text, "a\u0003", true, true), "text aaa 3");
  assert.equal(messages.frame(binary, "a\u000a", true, true), `binary ${"61".repeat(10)}`);
  assert.equal(messages.frame(binary, fromHex("ffc3a9"), true, true), "binary c3a9");
  assert.equal(messages.frame(text, fromHex("ffc3a9"), true, true), "text é 2");
  // In pieces, of which none is UTF-8 by itself or is expected to be.
  messages.begin(text, false, 2, true);
  assert.deepEqual([messages.receive(fromHex("ff"), 1), messages.receive(fromHex("c3"))], ["", ""]);
  assert.equal(messages.frame(continuation, fromHex("a9")), "text é 2");
  codec.takeCalls();
  assert.equal(messages.frame(text, "a\u000b", true, true), "WS_MESSAGE_TOO_BIG");
  assert.deepEqual(codec.takeCalls(), ["decompress 610b"]);
  assert.equal(new Assembling({ codec }).frame(text, "abc", true, true), "WS_DEFLATE_INVALID");
  assert.equal(new Assembling({ codec }).frame(text, fromHex("ffc3"), true, true), "WS_TEXT_INVALID");
  assert.equal(new Assembling().frame(text, "a\u0003", true, true), "WS_DEFLATE_INVALID", "without a codec");
});

test("a stopped assembler keeps and hands on nothing, but knows where messages begin and end", (context) => {
  const codec = new FakeCodec();
  const messages = new Assembling({ codec });
  messages.frame(text, "a", false);
  messages.assembler.stop();
  const { mock } = context.mock.method(Buffer, "allocUnsafeSlow");
  assert.equal(messages.begin(text, true, 1), "WS_CONTINUATION_EXPECTED");
  assert.equal(messages.frame(continuation, fromHex("ff")), "", "not even its text is looked at");
  assert.equal(messages.begin(continuation, true, 1), "WS_CONTINUATION_UNEXPECTED");
  messages.begin(text, true, 2);
  assert.deepEqual([messages.receive("a", 1), messages.receive("b")], ["", ""]);
  assert.equal(messages.frame(binary, "a\u0003", true, true), "");
  assert.deepEqual([mock.callCount(), codec.calls], [0, []]);
});

test("a stopped assembler has forgotten what came, and still waits for the last fragment", () => {
  const messages = new Assembling({ maxMessageBytes: 10 });
  messages.frame(binary, "1234567", false);
  messages.assembler.stop();
  // More than would fit behind what came before.
  assert.equal(messages.frame(continuation, "12345678", false), "");
  assert.equal(messages.begin(continuation, false, 11), "WS_MESSAGE_TOO_BIG");
  assert.equal(messages.frame(continuation, "12345678"), "");
  assert.equal(messages.begin(continuation, true, 1), "WS_CONTINUATION_UNEXPECTED");
});

test("a message in one piece is not gathered, also behind one that was", (context) => {
  const messages = new Assembling();
  messages.frame(text, "a", false);
  messages.frame(continuation, "b");
  const { mock } = context.mock.method(Buffer, "allocUnsafeSlow");
  assert.equal(messages.frame(text, "a"), "text a 1");
  assert.equal(messages.frame(binary, "a"), "binary 61");
  assert.equal(mock.callCount(), 0);
});

for (const [what, isCompressed, payload, expected] of [
  ["empty fragments of a text", false, "", "text ab 2"],
  ["empty fragments of a compressed text", true, "", `text ${"a".repeat(98)} 98`],
] as const) {
  test(`a million ${what} are nothing`, (context) => {
    const messages = new Assembling({ codec: new FakeCodec() });
    messages.frame(text, "a", false, isCompressed);
    const { mock } = context.mock.method(Buffer, "allocUnsafeSlow");
    const { assembler } = messages;
    const bytes = Buffer.from(payload);
    for (let count = 0; count < 1_000_000; count++) {
      assembler.beginFrame(continuation, false, false, 0);
      assembler.receivePayload(bytes, 0, 0, 0, true);
    }
    assert.equal(mock.callCount(), 0);
    assert.equal(messages.frame(continuation, "b"), expected);
    assert.ok(mock.callCount() <= 1);
  });
}

test("a million fragments of one byte are held in one block, which grew a few times", (context) => {
  const messages = new Assembling({ maxMessageBytes: 1 << 20, codec: new FakeCodec() });
  const { mock } = context.mock.method(Buffer, "allocUnsafeSlow");
  messages.begin(binary, false, 0, true);
  messages.receive("");
  const { assembler } = messages;
  const byte = Uint8Array.of(1);
  for (let count = 0; count < 1_000_000; count++) {
    assembler.beginFrame(continuation, false, false, 1);
    assembler.receivePayload(byte, 0, 1, 0, true);
  }
  const sizes = mock.calls.map((call) => call.arguments[0]);
  assert.deepEqual(sizes, Array.from({ length: 21 }, (_, power) => 2 ** power)); // prettier-ignore
  assert.equal(messages.frame(continuation, ""), "WS_DEFLATE_INVALID");
  // Past the limit, and what compression may add, there are no more.
  messages.begin(binary, false, 0);
  messages.receive("");
  assert.equal(messages.begin(continuation, false, (1 << 20) + 1), "WS_MESSAGE_TOO_BIG");
});
