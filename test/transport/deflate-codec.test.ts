import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { suite, test } from "node:test";
import { constants, createDeflateRaw, createInflateRaw, deflateRawSync } from "node:zlib";
import fc from "fast-check";
import { resolveCompression } from "../../src/protocol/websocket/compression-options.ts";
import type { CompressionOptions } from "../../src/protocol/websocket/compression-options.ts";
import type { MessageCodec } from "../../src/protocol/websocket/message-codec.ts";
import { createMessageCodec, DeflateCodecs } from "../../src/transport/deflate-codec.ts";
import { checkProperty } from "../support/property.ts";

/** A server's and a client's codec that agreed on what `options` say. */
function pair(
  codecs: DeflateCodecs,
  options: CompressionOptions,
): { server: MessageCodec; client: MessageCodec } {
  const ofServer = resolveCompression(options, "server", "c");
  const ofClient = resolveCompression(options, "client", "c");
  return {
    server: codecs.create("server", ofServer, ofServer),
    client: codecs.create("client", ofServer, ofClient),
  };
}

const takeover = { serverNoContextTakeover: false, clientNoContextTakeover: false };
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const bytesMax = 1 << 20;

/** The message as text, or what is wrong with it. */
function read(codec: MessageCodec, payload: string | Uint8Array, limit = bytesMax): string {
  const bytes = typeof payload === "string" ? Buffer.from(payload.replaceAll(" ", ""), "hex") : payload;
  const message = codec.decompress(bytes, limit);
  return typeof message === "string" ? message : `"${Buffer.from(message).toString()}"`;
}

/** Bytes that compress a little, so that all kinds of blocks occur. */
const payloads = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.string({ maxLength: 300 }).map((text) => Buffer.from(text)),
  fc
    .tuple(fc.string({ minLength: 1, maxLength: 20 }), fc.nat(20_000))
    .map(([text, count]) => Buffer.alloc(count, text)),
  fc
    .tuple(fc.uint8Array({ minLength: 1, maxLength: 5000 }), fc.nat(30))
    .map(([bytes, count]) => Buffer.concat(Array.from({ length: count }, () => bytes))),
);

for (const fast of [true, false]) {
  suite(fast ? "with zlib's inside" : "with what Node documents", () => {
    const codecs = new DeflateCodecs(fast);

    test("every message comes back, in all parameter sets", (context) => {
      const options = fc.record({
        serverNoContextTakeover: fc.boolean(),
        clientNoContextTakeover: fc.boolean(),
        serverMaxWindowBits: fc.integer({ min: 9, max: 15 }),
        clientMaxWindowBits: fc.integer({ min: 9, max: 15 }),
        level: fc.integer({ min: 1, max: 9 }),
        memLevel: fc.integer({ min: 1, max: 9 }),
      });
      const messages = fc.array(fc.tuple(fc.boolean(), payloads), { maxLength: 8 });
      const property = fc.property(options, messages, (chosen, list) => {
        const { server, client } = pair(codecs, chosen);
        for (const [fromServer, payload] of list) {
          const [sender, receiver] = fromServer ? [server, client] : [client, server];
          const before = hex(payload);
          const message = receiver.decompress(sender.compress(payload), bytesMax);
          assert.ok(typeof message !== "string", String(message));
          assert.equal(hex(message), before);
          assert.equal(hex(payload), before, "the payload is not changed");
        }
        server.close();
        client.close();
      });
      checkProperty(context, property, 60);
    });

    test("what cannot be compressed comes back whole", () => {
      // The same bytes each time, without a pattern.
      const payload = createHash("shake256", { outputLength: 100_000 }).update("Waterspout").digest();
      for (const level of [1, 4, 9]) {
        for (const memLevel of [1, 5, 9]) {
          const { server, client } = pair(codecs, {
            level,
            memLevel,
            serverMaxWindowBits: 9 + ((level * memLevel) % 7),
          });
          for (const length of [1000, 50_000, 65_535, 100_000]) {
            const part = payload.subarray(0, length);
            const message = client.decompress(server.compress(part), length);
            const what = `level ${level}, memLevel ${memLevel}, ${length} bytes`;
            assert.ok(typeof message !== "string", what);
            assert.equal(Buffer.compare(message, part), 0, what);
          }
          server.close();
        }
      }
    });

    test("the examples of RFC 7692 §7.2.3", () => {
      const shared = (): MessageCodec => pair(codecs, takeover).server;
      // §7.2.3.1: one block; in two frames it is the same bytes.
      assert.equal(read(shared(), "f2 48 cd c9 c9 07 00"), '"Hello"');
      // §7.2.3.2: the second message refers to the first.
      const codec = shared();
      assert.equal(read(codec, "f2 48 cd c9 c9 07 00"), '"Hello"');
      assert.equal(read(codec, "f2 00 11 00 00"), '"Hello"');
      assert.equal(read(shared(), "f2 00 11 00 00"), "invalid");
      // §7.2.3.3: a block without compression.
      assert.equal(read(shared(), "00 05 00 fa ff 48 65 6c 6c 6f 00"), '"Hello"');
      // §7.2.3.4: a block with BFINAL set.
      assert.equal(read(shared(), "f3 48 cd c9 c9 07 00 00"), '"Hello"');
      // §7.2.3.5: two blocks.
      assert.equal(read(shared(), "f2 48 05 00 00 00 ff ff ca c9 c9 07 00"), '"Hello"');
      // §7.2.3.6: an empty message.
      assert.equal(read(shared(), "00"), '""');
      assert.equal(hex(shared().compress(new Uint8Array(0))), "00");
      const hello = Buffer.from("Hello");
      assert.equal(hex(pair(codecs, {}).server.compress(hello)), "f248cdc9c90700");
      const { server } = pair(codecs, takeover);
      assert.equal(hex(server.compress(hello)), "f248cdc9c90700");
      assert.equal(hex(server.compress(new Uint8Array(0))), "00");
      const second = server.compress(hello).slice();
      assert.ok(second.length < 7, hex(second));
      const { client } = pair(codecs, takeover);
      assert.equal(read(client, "f2 48 cd c9 c9 07 00"), '"Hello"');
      assert.equal(read(client, second), '"Hello"');
    });

    test("a compressed message of no bytes at all is empty", () => {
      assert.equal(read(pair(codecs, {}).server, ""), '""');
    });

    test("what follows a block with BFINAL set is inflated, and may refer to what was before", () => {
      const words = ["A first message, ", "and a first message again, ", "and again a first message."];
      for (const options of [{}, takeover]) {
        const { server } = pair(codecs, options);
        let sent = "";
        const parts = words.map((word) => {
          const dictionary = Buffer.from(sent);
          sent += word;
          return deflateRawSync(word, { ...(dictionary.length > 0 && { dictionary }) });
        });
        assert.equal(read(server, Buffer.concat(parts)), JSON.stringify(sent), "ended by a final block");
        assert.equal(
          read(server, Buffer.concat([...parts, Uint8Array.of(0)])),
          JSON.stringify(sent),
          "ended by an empty block",
        );
      }
      // In several messages, from a sender that flushes with BFINAL alone and keeps its window.
      const { server } = pair(codecs, takeover);
      let sent = Buffer.alloc(0);
      for (let count = 0; count < 3; count++) {
        const parts = words.map((word) => {
          const part = deflateRawSync(word, sent.length > 0 ? { dictionary: sent } : {});
          sent = Buffer.concat([sent, Buffer.from(word)]);
          return part;
        });
        const payload = Buffer.concat([...parts, Uint8Array.of(0)]);
        assert.equal(read(server, payload), JSON.stringify(words.join("")));
      }
    });

    test("a window goes as far back as was agreed, through final blocks too", () => {
      const start = Buffer.from("the very start of it");
      const filler = Buffer.from(Array.from({ length: 32_000 }, (_, index) => (index * 7919) >> 5));
      const { server } = pair(codecs, { ...takeover, clientMaxWindowBits: 15 });
      // The window is full, and its oldest bytes have left it.
      const dictionary = Buffer.concat([filler.subarray(0, 2000), start, filler]);
      for (const part of [filler.subarray(0, 2000), start, filler]) {
        assert.equal(typeof server.decompress(deflateRawSync(part), bytesMax), "object");
      }
      const final = deflateRawSync("", { dictionary });
      const end = deflateRawSync(start, { dictionary });
      assert.ok(end.length < start.length);
      assert.equal(read(server, Buffer.concat([final, end])), `"${start.toString()}"`);
    });

    test("a message of more DEFLATE streams than anyone sends is invalid", () => {
      const { server } = pair(codecs, {});
      assert.equal(read(server, "0300".repeat(8)), '""');
      assert.equal(read(server, `${"0300".repeat(8)}00`), '""');
      assert.equal(read(server, "0300".repeat(9)), "invalid");
      assert.equal(read(server, "f2 48 cd c9 c9 07 00"), '"Hello"');
    });

    test("what is no DEFLATE data, or not all of it, or has something behind it, is invalid", () => {
      const whole = Buffer.from(pair(codecs, {}).client.compress(Buffer.from("Hello, hello, hello, world")));
      const rows = [
        "ff",
        "06",
        "00 05",
        "00 05 00 fa ff 48 65",
        "00 40 00 bf ff 48 65",
        "03",
        "f3 48 cd c9 c9 07",
        "f2 00 11 00 00",
        "f3 48 cd c9 c9 07 00 55",
        "f3 48 cd c9 c9 07 00 00 00",
        "f3 48 cd c9 c9 07 00 f2 48",
        ...Array.from({ length: whole.length - 1 }, (_, length) => hex(whole.subarray(0, length + 1))),
      ];
      for (const options of [{}, takeover]) {
        for (const row of rows) {
          const { server } = pair(codecs, options);
          assert.equal(read(server, row), "invalid", row);
          // The next connection does not notice.
          assert.equal(read(pair(codecs, options).server, whole), '"Hello, hello, hello, world"', row);
        }
      }
    });

    test("arbitrary bytes never throw, and never give more than is allowed", (context) => {
      const property = fc.property(
        fc.uint8Array({ maxLength: 60 }),
        fc.nat(40),
        fc.boolean(),
        (bytes, limit, withTakeover) => {
          const { server } = pair(codecs, withTakeover ? takeover : {});
          for (let round = 0; round < 2; round++) {
            const message = server.decompress(bytes, limit);
            assert.ok(typeof message === "string" || message.length <= limit);
            assert.equal(read(pair(codecs, {}).server, "f2 48 cd c9 c9 07 00"), '"Hello"');
          }
        },
      );
      checkProperty(context, property);
    });

    test("damaged messages never throw, and both ways of inflating take the same ones", (context) => {
      const other = new DeflateCodecs(!fast);
      const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 });
      const property = fc.property(
        payloads,
        damage,
        fc.nat(),
        fc.nat(400),
        (payload, changes, cut, limit) => {
          const compressed = pair(codecs, {}).client.compress(payload).slice();
          const damaged = compressed.subarray(0, 1 + (cut % compressed.length));
          for (const [at, byte] of changes) damaged[at % damaged.length] = byte;
          const results = [codecs, other].map((kind) => {
            const { server } = pair(kind, takeover);
            const messages = [read(server, damaged, limit), read(server, damaged, limit)];
            // Near the limit it depends on the size of the steps whether too much or the damage is seen first.
            return messages.map((message) => (message === "too big" ? "invalid" : message));
          });
          assert.deepEqual(results[0], results[1]);
        },
      );
      checkProperty(context, property);
    });

    test("a message as long as is allowed comes, and one byte more is too big", () => {
      for (const length of [0, 1, 100, 65_535, 65_536, 65_537, 131_072, 300_000]) {
        const payload = Buffer.alloc(length, "some text ");
        const { server, client } = pair(codecs, {});
        const compressed = client.compress(payload).slice();
        const message = server.decompress(compressed, length);
        assert.ok(typeof message !== "string", `${length}: ${String(message)}`);
        assert.equal(Buffer.compare(message, payload), 0);
        if (length === 0) continue;
        assert.equal(server.decompress(compressed, length - 1), "too big", String(length));
        assert.equal(server.decompress(compressed, 0), "too big", String(length));
        // What was stopped is not found in the next message.
        assert.equal(read(server, "f2 48 cd c9 c9 07 00"), '"Hello"');
      }
    });

    test("the limit counts across final blocks", () => {
      const part = deflateRawSync("x".repeat(600));
      const { server } = pair(codecs, {});
      const twice = Buffer.concat([part, part]);
      assert.equal(read(server, twice, 1200), `"${"x".repeat(1200)}"`);
      assert.equal(read(server, twice, 1199), "too big");
      assert.equal(read(server, twice, 600), "too big");
      assert.equal(
        read(server, Buffer.concat([part, Buffer.from("0300", "hex")]), 600),
        `"${"x".repeat(600)}"`,
      );
    });

    test("peers that use zlib's streams understand and are understood", async () => {
      const messages = Array.from({ length: 30 }, (_, index) =>
        Buffer.from(JSON.stringify({ index, text: "the same words each time ".repeat(index) })),
      );
      for (const windowBits of [9, 12, 15]) {
        const { server } = pair(codecs, {
          ...takeover,
          serverMaxWindowBits: windowBits,
          clientMaxWindowBits: windowBits,
        });
        const inflate = createInflateRaw({ windowBits });
        const deflate = createDeflateRaw({ windowBits });
        const received: Buffer[] = [];
        inflate.on("data", (piece: Buffer) => received.push(piece));
        for (const message of messages) {
          inflate.write(Buffer.concat([server.compress(message), Uint8Array.of(0, 0, 0xff, 0xff)]));
          await new Promise<void>((resolve) => inflate.flush(() => resolve()));
          assert.equal(Buffer.concat(received.splice(0)).toString(), message.toString());
          deflate.write(message);
          await new Promise<void>((resolve) => deflate.flush(constants.Z_SYNC_FLUSH, () => resolve()));
          const compressed = deflate.read() as Buffer;
          assert.equal(read(server, compressed.subarray(0, -4)), `"${message.toString()}"`);
        }
        inflate.close();
        deflate.close();
      }
    });

    test("with context takeover a message is shorter the second time; without, it is not", () => {
      const message = Buffer.from(JSON.stringify({ user: "someone", text: "some words that say nothing" }));
      for (const [options, shorter] of [
        [takeover, true],
        [{}, false],
      ] as const) {
        const { server } = pair(codecs, options);
        const first = server.compress(message).length;
        assert.equal(server.compress(message).length < first / 2, shorter);
      }
    });

    test("codecs say whose bytes are the same", () => {
      const { server, client } = pair(codecs, {});
      assert.ok(server.sharedKey !== undefined);
      assert.equal(server.sharedKey, pair(codecs, {}).server.sharedKey);
      assert.equal(server.sharedKey, client.sharedKey);
      for (const other of [{ level: 1 }, { memLevel: 1 }, { serverMaxWindowBits: 9 }]) {
        assert.notEqual(server.sharedKey, pair(codecs, other).server.sharedKey);
      }
      assert.equal(pair(codecs, takeover).server.sharedKey, undefined);
      // Each direction by itself.
      const oneWay = pair(codecs, { serverNoContextTakeover: false });
      assert.equal(oneWay.server.sharedKey, undefined);
      assert.ok(oneWay.client.sharedKey !== undefined);
    });

    test("a peer that allows a window of 8 bits gets messages that refer to nothing", () => {
      const parameters = {
        serverNoContextTakeover: false,
        clientNoContextTakeover: false,
        serverMaxWindowBits: 8,
        clientMaxWindowBits: 8,
      };
      const options = resolveCompression(takeover, "client", "c");
      const codec = codecs.create("client", parameters, options);
      assert.equal(codec.thresholdBytes, Number.POSITIVE_INFINITY);
      const text = "over and over again ".repeat(100);
      const compressed = codec.compress(Buffer.from(text));
      assert.ok(compressed.length > text.length);
      assert.equal(read(codecs.create("server", parameters, options), compressed), `"${text}"`);
    });

    test("closing frees nothing that others use, and can be done twice", () => {
      const { server, client } = pair(codecs, {});
      server.compress(Buffer.from("Hello"));
      server.close();
      server.close();
      assert.equal(hex(client.compress(Buffer.from("Hello"))), "f248cdc9c90700");
      const own = pair(codecs, takeover);
      own.server.compress(Buffer.from("Hello"));
      own.server.close();
      own.server.close();
      own.client.close();
    });

    test("a result is not overwritten by work in the other direction", () => {
      const { server, client } = pair(codecs, {});
      const compressed = client.compress(Buffer.from("Hello"));
      const message = server.decompress(compressed, bytesMax);
      assert.ok(typeof message !== "string");
      const echo = server.compress(message);
      assert.equal(hex(echo), "f248cdc9c90700");
      assert.equal(Buffer.from(message).toString(), "Hello");
    });
  });
}

test("a bomb of a gibibyte is inflated to one byte past the limit and no further", () => {
  // 1 MiB of compressed data for 1 GiB of zeros: one block, a thousand times over.
  const piece = deflateRawSync(Buffer.alloc(1 << 20), { finishFlush: constants.Z_FULL_FLUSH });
  const bomb = Buffer.concat(Array.from({ length: 1024 }, () => piece));
  const { server } = pair(new DeflateCodecs(true), {});
  const before = process.memoryUsage().arrayBuffers;
  assert.equal(server.decompress(bomb, 1 << 20), "too big");
  const grown = process.memoryUsage().arrayBuffers - before;
  // The buffers that doubled up to 1 MiB, and the copy of the input.
  assert.ok(grown < 8 << 20, `${grown} bytes`);
});

test("large messages leave no large memory behind, and what is kept is shared", () => {
  const { server, client } = pair(new DeflateCodecs(true), {});
  const small = client.compress(Buffer.from("Hello")).slice();
  const message = Buffer.alloc(1 << 20, "some text ");
  const large = server.decompress(client.compress(message).slice(), 1 << 20);
  assert.ok(typeof large !== "string");
  const after = server.decompress(small, 1 << 20);
  assert.ok(typeof after !== "string");
  assert.ok(after.buffer.byteLength <= 1 << 16);
  const again = server.decompress(small, 1 << 20);
  assert.equal(typeof again !== "string" && again.buffer, after.buffer);
  assert.equal(Buffer.compare(large, message), 0, "a large message has memory of its own");
});

test("many messages do not make memory grow", () => {
  const { server, client } = pair(new DeflateCodecs(true), takeover);
  const messages = Array.from({ length: 50 }, (_, index) => Buffer.from(`message ${index} of many`));
  const round = (): void => {
    for (const message of messages) server.decompress(client.compress(message), 1000);
  };
  for (let count = 0; count < 20; count++) round();
  const before = process.memoryUsage().rss;
  for (let count = 0; count < 400; count++) round();
  const grown = process.memoryUsage().rss - before;
  assert.ok(grown < 16 << 20, `${grown} bytes`);
});

test("the codec of this process works", () => {
  const options = resolveCompression({ thresholdBytes: 7 }, "server", "c");
  const codec = createMessageCodec("server", options, options);
  assert.equal(codec.thresholdBytes, 7);
  assert.equal(hex(codec.compress(Buffer.from("Hello"))), "f248cdc9c90700");
  assert.equal(codec.sharedKey, createMessageCodec("client", options, options).sharedKey);
});
