import assert from "node:assert/strict";
import type { BytesLike } from "../../../src/index.ts";
import { WebSocketHandler } from "../../../src/index.ts";
import { Inbox } from "../../../src/testing/inbox.ts";
import { connectPair, puppets, runArena } from "../arena.ts";
import type { BehaviourCase } from "../behaviour-suite.ts";

class Echo extends WebSocketHandler {
  override onMessage(message: string | Uint8Array) {
    this.writeMessage(message);
  }
}

/** Texts that something on the way could take for something else: an end of a line, a field, JSON, a mark. */
const awkwardTexts: readonly string[] = [
  "",
  " ",
  "\n",
  "\n\n",
  "\r",
  "\r\n",
  "a\nb\r\nc\rd\n",
  "\u0000",
  "a\u0000b\u0007\u001b\u007f",
  "\u2028\u2029\u0085",
  "\ufeff",
  "\ufefftext\ufeff",
  "  two spaces ahead",
  ": a comment",
  "data: a field\nid: 7\nevent: close\nretry: 1\n\ndata: another event",
  '"quoted"',
  String.raw`\u0041 \n \\`,
  '{"binary":"AAEC"}',
  '{"close":{"code":1000}}',
  "null",
  "郑老板,您好,我已经收到url:",
  "🌊🌀 😀\u{10ffff}",
  "e\u0301 \u202e reversed",
  "</script>&amp;",
];

export const messageCases: readonly BehaviourCase[] = [
  {
    name: "text survives whatever it is, both ways",
    async run(context, driver) {
      const arena = await runArena(context, driver, Echo);
      const client = await arena.connect();
      for (const text of awkwardTexts) client.send(text);
      for (const text of awkwardTexts) assert.equal(await client.nextMessage(), text, JSON.stringify(text));
    },
  },
  {
    name: "what has no UTF-8 is replaced by U+FFFD",
    async run(context, driver) {
      const { Puppet, connected } = puppets();
      const arena = await runArena(context, driver, Puppet);
      const [handler, client] = await connectPair(arena, connected);
      handler.writeMessage("\ud800");
      handler.writeMessage("a\udc00\n\ud83d");
      handler.writeMessage({ "\ud800": "\udfff" });
      assert.equal(await client.nextMessage(), "\ufffd");
      assert.equal(await client.nextMessage(), "a\ufffd\n\ufffd");
      // JSON.stringify writes such a character as an escape.
      assert.equal(await client.nextMessage(), String.raw`{"\ud800":"\udfff"}`);
    },
  },
  {
    name: "text and binary of all sizes survive, both ways",
    async run(context, driver) {
      const arena = await runArena(context, driver, Echo);
      const client = await arena.connect();
      for (const length of [0, 1, 2, 3, 125, 126, 65_535, 65_536, 200_000]) {
        const bytes = Uint8Array.from({ length }, (_, index) => (index * 7) % 256);
        const text = "水".repeat(length);
        client.send(bytes);
        client.send(text);
        assert.deepEqual(await client.nextMessage(), bytes, `${length} bytes`);
        assert.equal(await client.nextMessage(), text, `${length} characters`);
      }
    },
  },
  {
    name: "text comes as a string, binary as bytes of the handler's own",
    async run(context, driver) {
      const received = new Inbox<string | Uint8Array>();
      class Keeper extends WebSocketHandler {
        override onMessage(message: string | Uint8Array) {
          received.add(message);
        }
      }
      const arena = await runArena(context, driver, Keeper);
      const client = await arena.connect();
      client.send("郑老板");
      client.send(Uint8Array.of(0, 255));
      client.send("");
      client.send(new Uint8Array(0));
      client.send(new Uint8Array(1000));
      assert.equal(await received.next(), "郑老板");
      const kept = await received.next();
      assert.equal(await received.next(), "");
      assert.deepEqual(await received.next(), new Uint8Array(0));
      await received.next();
      assert.deepEqual(kept, Uint8Array.of(0, 255));
      assert.ok(!Buffer.isBuffer(kept), "plain bytes, so that slice() copies");
      assert.equal(kept.buffer.byteLength, 2, "and no view into memory of others");
    },
  },
  {
    name: "thousands of messages come once and in order, both ways at the same time",
    async run(context, driver) {
      const arena = await runArena(context, driver, Echo);
      const client = await arena.connect();
      const texts = Array.from({ length: 2000 }, (_, index) => `message ${index}`);
      let read = 0;
      for (const [index, text] of texts.entries()) {
        client.send(text);
        if (index % 100 === 0) assert.equal(await client.nextMessage(), texts[read++]);
      }
      while (read < texts.length) assert.equal(await client.nextMessage(), texts[read++]);
      await client.close();
      await arena.log.expect(/^1005 .* received 2000 \(\d+ bytes\), sent 2000 \(\d+ bytes\)$/);
    },
  },
  {
    name: "a message of exactly maxMessageBytes is taken, one byte more closes with 1009",
    async run(context, driver) {
      const arena = await runArena(context, driver, Echo, { websocket: { maxMessageBytes: 300 } });
      for (const [whole, more] of [
        ["水".repeat(100), `${"水".repeat(99)}abcd`],
        [new Uint8Array(300), new Uint8Array(301)],
        // What counts is what is said, not how it is written on the way.
        ["\u0000".repeat(300), "\u0000".repeat(301)],
      ] as const) {
        const client = await arena.connect();
        client.send(whole);
        assert.deepEqual(await client.nextMessage(), whole);
        client.send(more);
        assert.deepEqual(await client.closed(), { code: 1009, reason: "WS_MESSAGE_TOO_BIG" });
        const { level, text } = await arena.log.expect(arena.closed(1009));
        assert.equal(level, "warn");
        assert.match(text, /received 1 \(300 bytes\), sent 1 \(300 bytes\) WS_MESSAGE_TOO_BIG: a message is longer than 300 bytes\. To allow more/); // prettier-ignore
      }
    },
  },
  ...(
    [
      ["text", Uint8Array.of(1)],
      ["binary", "text"],
    ] as const
  ).map(([accepted, refused]): BehaviourCase => ({
    name: `a handler that takes ${accepted} messages closes with 1003 on others`,
    async run(context, driver) {
      const received = new Inbox<string | Uint8Array>();
      class Choosy extends WebSocketHandler {
        override readonly acceptedMessages = accepted;
        override onMessage(message: string | Uint8Array) {
          received.add(message);
        }
      }
      const arena = await runArena(context, driver, Choosy);
      const client = await arena.connect();
      const wanted = accepted === "text" ? "text" : Uint8Array.of(1);
      client.send(wanted);
      assert.deepEqual(await received.next(), wanted);
      client.send(refused);
      assert.deepEqual(await client.closed(), { code: 1003, reason: "WS_MESSAGE_TYPE_REFUSED" });
      const { text } = await arena.log.expect(arena.closed(1003));
      assert.match(text, / received 1 .*WS_MESSAGE_TYPE_REFUSED: a (?:text|binary) message came, only \w+ is accepted$/); // prettier-ignore
    },
  })),
  {
    name: "writeMessage sends strings as text, bytes as binary, other objects as JSON text",
    async run(context, driver) {
      const { Puppet, connected } = puppets();
      const arena = await runArena(context, driver, Puppet);
      const [handler, client] = await connectPair(arena, connected);
      const memory = Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7).buffer;
      const shared = new SharedArrayBuffer(2);
      new Uint8Array(shared).set([8, 9]);
      const cases: readonly (readonly [sent: string | BytesLike | object, received: string | Uint8Array])[] =
        [
          ["text", "text"],
          [Buffer.from("bytes"), new Uint8Array(Buffer.from("bytes"))],
          [memory, Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7)],
          [shared, Uint8Array.of(8, 9)],
          // By byte length and offset, not by element count.
          [new Uint16Array(memory, 2, 2), Uint8Array.of(2, 3, 4, 5)],
          [new DataView(memory, 1, 3), Uint8Array.of(1, 2, 3)],
          [{ a: 1, b: "é", c: undefined }, '{"a":1,"b":"é"}'],
          [[1, null], "[1,null]"],
          [{ toJSON: () => "itself" }, '"itself"'],
        ];
      for (const [sent] of cases) assert.equal(handler.writeMessage(sent), true);
      for (const [, received] of cases) assert.deepEqual(await client.nextMessage(), received);
    },
  },
  {
    name: "writeMessage throws at once for what is no message, and sends nothing",
    async run(context, driver) {
      const { Puppet, connected } = puppets();
      const arena = await runArena(context, driver, Puppet);
      const [handler, client] = await connectPair(arena, connected);
      const circular: { self?: object } = {};
      circular.self = circular;
      for (const value of [undefined, null, 7, 10n, Symbol("s"), circular, { toJSON: () => undefined }]) {
        const write = (): boolean => handler.writeMessage(value as unknown as string);
        assert.throws(write, { code: "ARGUMENT_TYPE_INVALID" });
      }
      await client.close();
      await arena.log.expect(/^1005 .* sent 0 \(0 bytes\)$/);
    },
  },
  {
    name: "ping sends what it is given, and the pong comes back to onPong",
    async run(context, driver) {
      const { Puppet, connected } = puppets();
      const pongs = new Inbox<Uint8Array>();
      class Pinging extends Puppet {
        override onPong(data: Uint8Array) {
          pongs.add(data);
        }
      }
      const arena = await runArena(context, driver, Pinging);
      const [handler, client] = await connectPair(arena, connected);
      for (const [data, bytes] of [
        [undefined, new Uint8Array(0)],
        ["é", Uint8Array.of(0xc3, 0xa9)],
        [new Uint16Array([0x0201]), Uint8Array.of(1, 2)],
        [new Uint8Array(125).fill(7), new Uint8Array(125).fill(7)],
      ] as const) {
        assert.equal(handler.ping(data), true);
        assert.deepEqual(await client.nextPing(), bytes);
        assert.deepEqual(await pongs.next(), bytes);
      }
      assert.throws(() => handler.ping("é".repeat(63)), { code: "PING_TOO_LONG" });
      assert.throws(() => handler.ping(5 as unknown as string), { code: "ARGUMENT_TYPE_INVALID" });
    },
  },
];
