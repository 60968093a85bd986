/** The same extension by another implementation, that of the package ws: handshakes and messages in both directions. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as ws from "ws";
import { parseExtensions } from "../../src/protocol/http/field-values.ts";
import type { CompressionOptions } from "../../src/protocol/websocket/compression-options.ts";
import { resolveCompression } from "../../src/protocol/websocket/compression-options.ts";
import type { MessageCodec } from "../../src/protocol/websocket/message-codec.ts";
import { acceptOffers, checkAgreed, formatOffer } from "../../src/protocol/websocket/permessage-deflate.ts";
import { createMessageCodec } from "../../src/transport/deflate-codec.ts";

type Done = (error: Error | null, bytes: Buffer) => void;

/** What is used of ws' extension, which its types leave out. */
interface PerMessageDeflate {
  offer(): object;
  accept(configurations: readonly object[]): object;
  compress(data: Uint8Array, fin: boolean, done: Done): void;
  decompress(data: Uint8Array, fin: boolean, done: Done): void;
  cleanup(): void;
}

const { PerMessageDeflate, extension } = ws as unknown as {
  PerMessageDeflate: new (options: object) => PerMessageDeflate;
  extension: {
    format(extensions: object): string;
    parse(field: string): Record<"permessage-deflate", readonly object[]>;
  };
};

const name = "permessage-deflate";
const formatOfWs = (parameters: object): string => extension.format({ [name]: parameters });

const flags = [true, false];
const sets: CompressionOptions[] = flags.flatMap((serverNoContextTakeover) =>
  flags.flatMap((clientNoContextTakeover) =>
    [9, 12, 15].map((bits) => ({
      serverNoContextTakeover,
      clientNoContextTakeover,
      serverMaxWindowBits: bits,
      clientMaxWindowBits: 24 - bits,
    })),
  ),
);

/** Sends messages to and fro, each of which has words of those before. */
async function converse(ours: MessageCodec, theirs: PerMessageDeflate): Promise<void> {
  const work = (method: "compress" | "decompress", bytes: Uint8Array): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      theirs[method](bytes, true, (error, result) => (error === null ? resolve(result) : reject(error)));
    });
  for (let index = 0; index < 6; index++) {
    const message = JSON.stringify({ index, text: "the same words each time, ".repeat(index * 60) });
    const fromUs = ours.compress(Buffer.from(message)).slice();
    assert.equal((await work("decompress", fromUs)).toString(), message);
    const fromThem = await work("compress", Buffer.from(message));
    const received = ours.decompress(fromThem, 1 << 20);
    assert.equal(typeof received === "string" ? received : Buffer.from(received).toString(), message);
  }
  ours.close();
  theirs.cleanup();
}

test("a client of ws and our server agree, and understand each other", async () => {
  for (const ofClient of sets) {
    for (const ofServer of sets) {
      // With false ws would refuse what a server may ask for unasked (RFC 7692 §7.1.1.2).
      const clientNoContextTakeover = ofClient.clientNoContextTakeover === true ? true : undefined;
      const theirs = new PerMessageDeflate({ ...ofClient, clientNoContextTakeover, threshold: 0 });
      const options = resolveCompression(ofServer, "server", "c");
      const accepted = acceptOffers(parseExtensions(formatOfWs(theirs.offer())) ?? [], options);
      assert.ok(accepted);
      theirs.accept(extension.parse(accepted.field)[name]);
      await converse(createMessageCodec("server", accepted.parameters, options), theirs);
    }
  }
});

test("our client and a server of ws agree, and understand each other", async () => {
  for (const ofClient of sets) {
    const theirs = new PerMessageDeflate({ isServer: true, threshold: 0 });
    const options = resolveCompression(ofClient, "client", "c");
    const answer = formatOfWs(theirs.accept(extension.parse(formatOffer(options))[name]));
    const agreed = checkAgreed(parseExtensions(answer) ?? [], options);
    assert.ok("parameters" in agreed && agreed.parameters !== undefined, answer);
    await converse(createMessageCodec("client", agreed.parameters, options), theirs);
  }
});
