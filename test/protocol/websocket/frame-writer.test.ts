import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FrameParser } from "../../../src/protocol/websocket/frame-parser.ts";
import { FrameWriter } from "../../../src/protocol/websocket/frame-writer.ts";
import { Opcode } from "../../../src/protocol/websocket/opcode.ts";
import { checkProperty } from "../../support/property.ts";
import { FrameRecorder, fromHex, toHex } from "../../support/recording.ts";

const createMaskKey = (): number => 0x37_fa_21_3d;

function taken(writer: FrameWriter): string {
  return toHex(Buffer.concat(writer.take()));
}

test("the examples of RFC 6455 §5.7 are written", () => {
  const server = new FrameWriter();
  const client = new FrameWriter(createMaskKey);
  assert.equal(server.writeText(Opcode.text, "Hello"), 5);
  assert.equal(taken(server), "810548656c6c6f");
  assert.equal(client.writeText(Opcode.text, "Hello"), 5);
  assert.equal(taken(client), "818537fa213d7f9f4d5158");
  server.writeBytes(Opcode.ping, Buffer.from("Hello"));
  assert.equal(taken(server), "890548656c6c6f");
  client.writeBytes(Opcode.pong, Buffer.from("Hello"));
  assert.equal(taken(client), "8a8537fa213d7f9f4d5158");
});

test("a length takes the fewest bytes that can hold it (RFC 6455 §5.2)", () => {
  const headers: readonly (readonly [length: number, server: string, client: string])[] = [
    [0, "8200", "8280"],
    [125, "827d", "82fd"],
    [126, "827e007e", "82fe007e"],
    [127, "827e007f", "82fe007f"],
    [65_535, "827effff", "82feffff"],
    [65_536, "827f0000000000010000", "82ff0000000000010000"],
    [70_000, "827f0000000000011170", "82ff0000000000011170"],
  ];
  for (const [length, server, client] of headers) {
    for (const [header, key, writer] of [
      [server, "", new FrameWriter()],
      [client, "37fa213d", new FrameWriter(createMaskKey)],
    ] as const) {
      for (const write of [
        () => writer.writeBytes(Opcode.binary, new Uint8Array(length)),
        () => writer.writeText(Opcode.binary, "\0".repeat(length)),
      ]) {
        write();
        const total = header.length / 2 + key.length / 2 + length;
        assert.equal(writer.byteLength, total, header);
        const payload = (key === "" ? "00" : key).repeat(length).slice(0, length * 2);
        assert.equal(taken(writer), header + key + payload, header);
      }
    }
  }
});

test("a length past 32 bits is written in 64", (context) => {
  const writer = new FrameWriter();
  // So much memory need not be there to see the header: a large payload is passed on without a look at its bytes.
  context.mock.method(writer, "append", () => {});
  writer.writeBytes(Opcode.binary, { length: 2 ** 33 + 5 } as Uint8Array);
  assert.equal(toHex(writer.take()[0] ?? new Uint8Array()), "827f0000000200000005");
});

test("text is written as UTF-8, and its length is counted in bytes", () => {
  const writer = new FrameWriter();
  assert.equal(writer.writeText(Opcode.text, "é郑👍"), 9);
  assert.equal(taken(writer), `8109${Buffer.from("é郑👍").toString("hex")}`);
  // Half a surrogate pair cannot be sent; it becomes U+FFFD, and the length says so.
  assert.equal(writer.writeText(Opcode.text, "\ud83d"), 3);
  assert.equal(taken(writer), "8103efbfbd");
  assert.equal(writer.writeText(Opcode.text, "\ufeffa"), 4);
  assert.equal(taken(writer), "8104efbbbf61");
});

test("frames are gathered in order until they are taken, and the bytes are counted", () => {
  const writer = new FrameWriter();
  assert.equal(writer.byteLength, 0);
  assert.deepEqual(writer.take(), []);
  writer.writeText(Opcode.text, "a");
  assert.equal(writer.byteLength, 3);
  writer.writeBytes(Opcode.binary, fromHex("0102"));
  assert.equal(writer.byteLength, 7);
  assert.equal(taken(writer), "81016182020102");
  assert.equal(writer.byteLength, 0);
  assert.deepEqual(writer.take(), []);
  writer.writeBytes(Opcode.close, fromHex("03e8"));
  assert.equal(taken(writer), "880203e8");
});

test("a small payload is copied: the caller may use its memory again at once", () => {
  for (const length of [1, 125, 16_384]) {
    const writer = new FrameWriter();
    const payload = new Uint8Array(length).fill(7);
    writer.writeBytes(Opcode.binary, payload);
    payload.fill(8);
    assert.equal(writer.take().length, 1, `${length} bytes`);
    writer.writeBytes(Opcode.binary, payload);
    const [frame] = writer.take();
    assert.ok(frame);
    assert.ok(!frame.subarray(-length).includes(7));
    assert.notEqual(frame.buffer, payload.buffer);
  }
});

test("a large payload of a server is passed on by reference behind its header", () => {
  const writer = new FrameWriter();
  const payload = new Uint8Array(16_385).fill(7);
  writer.writeBytes(Opcode.binary, payload);
  writer.writeText(Opcode.text, "a");
  assert.equal(writer.byteLength, 4 + 16_385 + 3);
  const [header, passed, next] = writer.take();
  assert.equal(toHex(header ?? payload), "827e4001");
  assert.deepEqual([passed?.buffer, passed?.byteOffset, passed?.length], [payload.buffer, 0, 16_385]);
  assert.equal(toHex(next ?? payload), "810161");
});

test("a client masks a copy, however large: the caller's bytes stay as they are", () => {
  for (const length of [5, 16_384, 16_385, 70_000]) {
    const writer = new FrameWriter(createMaskKey);
    const payload = new Uint8Array(length).fill(7);
    writer.writeBytes(Opcode.binary, payload);
    assert.equal(writer.take().length, 1);
    assert.deepEqual(payload, new Uint8Array(length).fill(7));
  }
});

test("a client asks for a fresh masking key for every frame, and takes any number of 32 bits", () => {
  const keys = [0x01_02_03_04, 0, 0xff_ff_ff_ff, -1];
  const writer = new FrameWriter(() => keys.shift() ?? assert.fail("one key each"));
  for (let frames = 0; frames < 4; frames++) writer.writeBytes(Opcode.binary, fromHex("00ff"));
  const frames = "8282 01020304 01fd  8282 00000000 00ff  8282 ffffffff ff00  8282 ffffffff ff00";
  assert.equal(taken(writer), frames.replaceAll(" ", ""));
});

test("what one end writes, the other end's parser reads", (context) => {
  const texts = fc.string({ unit: "grapheme", maxLength: 300, size: "max" });
  const bytes = fc.uint8Array({ maxLength: 300, size: "max" });
  const lengths = fc.constantFrom(0, 125, 126, 16_384, 16_385, 65_535, 65_536);
  const payload = fc.oneof(texts, bytes, lengths.map((length) => new Uint8Array(length).fill(length))); // prettier-ignore
  const inputs = [fc.array(payload, { maxLength: 5 }), fc.infiniteStream(fc.integer())] as const;
  checkProperty(
    context,
    fc.property(...inputs, (payloads, keys) => {
      for (const role of ["server", "client"] as const) {
        const writer = new FrameWriter(role === "client" ? () => keys.next().value ?? 0 : undefined);
        const expected: string[] = [];
        for (const item of payloads) {
          if (typeof item === "string") writer.writeText(Opcode.text, item);
          else writer.writeBytes(Opcode.binary, item);
          const opcode = typeof item === "string" ? Opcode.text : Opcode.binary;
          const sent = Buffer.from(item as string);
          expected.push(`frame ${opcode} fin ${sent.length}`, `payload ${sent.toString("hex")}`);
        }
        const recorder = new FrameRecorder();
        const parser = new FrameParser(role === "server" ? "client" : "server", recorder);
        const total = writer.byteLength;
        const stream = Buffer.concat(writer.take());
        assert.equal(stream.length, total);
        parser.receive(stream);
        assert.deepEqual(recorder.events, expected);
      }
    }),
    100,
  );
});

test("a compressed message is written with RSV1, and copied whatever its size (RFC 7692 §6.1)", () => {
  for (const [writer, header, mask] of [
    [new FrameWriter(), ["c103", "c27e4001"], ""],
    [new FrameWriter(() => 0), ["c183", "c2fe4001"], "00000000"],
  ] as const) {
    const payload = fromHex("010203");
    writer.writeCompressed(Opcode.text, payload);
    const large = new Uint8Array(16_385).fill(7);
    writer.writeCompressed(Opcode.binary, large);
    payload.fill(9);
    large.fill(9);
    const expected = `${header[0]}${mask}010203${header[1]}${mask}${"07".repeat(16_385)}`;
    assert.equal(writer.byteLength, expected.length / 2);
    assert.equal(taken(writer), expected);
  }
});

test("text of any length and script is the same frame, whether its length is guessed or measured", () => {
  for (const [character, bytes] of [
    ["a", 1],
    ["é", 2],
    ["郑", 3],
    ["👍", 2],
  ] as const) {
    // prettier-ignore
    for (const count of [1, 41, 42, 62, 63, 125, 126, 8191, 8192, 21_845, 21_846, 65_536]) {
      const text = character.repeat(count / character.length);
      for (const createKey of [undefined, () => 0]) {
        const writer = new FrameWriter(createKey);
        const length = writer.writeText(Opcode.text, text);
        assert.equal(length, Math.trunc(count / character.length) * bytes * character.length);
        const bytesWriter = new FrameWriter(createKey);
        bytesWriter.writeBytes(Opcode.text, Buffer.from(text));
        const expected = Buffer.concat(bytesWriter.take());
        assert.equal(writer.byteLength, expected.length);
        assert.ok(expected.equals(Buffer.concat(writer.take())), `${count} of ${character}`);
      }
    }
  }
});

test("room that a short text did not need is the next frame's", () => {
  const writer = new FrameWriter();
  for (const text of ["a", "é", "郑", "x".repeat(126), "é".repeat(100)]) writer.writeText(Opcode.text, text);
  assert.equal(writer.take().length, 1);
});

test("long text is measured: no more memory is asked for than it takes", (context) => {
  const { mock } = context.mock.method(Buffer, "allocUnsafeSlow");
  const writer = new FrameWriter();
  writer.writeText(Opcode.text, "x".repeat(100_000));
  assert.deepEqual(mock.calls.map((call) => call.arguments[0]), [100_010]); // prettier-ignore
  assert.equal(writer.take()[0]?.buffer.byteLength, 100_010);
});
