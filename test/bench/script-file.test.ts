import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { AgreedCompression } from "../../bench/compression.ts";
import { createCompressor, createInflater, parseAgreement } from "../../bench/compression.ts";
import { maskedFrame } from "../../bench/frames.ts";
import { createPayloads } from "../../bench/payloads.ts";
import { socketScenarios } from "../../bench/scenarios.ts";
import { createMessages, createUnits, encodeScript } from "../../bench/script-file.ts";

suite("messages", () => {
  for (const scenario of socketScenarios) {
    test(`of ${scenario.name} are as long as they have to be, all different, and the same each time`, () => {
      const payloads = createPayloads(scenario);
      assert.ok(payloads.every(({ length }) => length === scenario.message.bytes));
      assert.equal(new Set(payloads.map((payload) => payload.toString("latin1"))).size, payloads.length);
      assert.deepEqual(createPayloads(scenario), payloads);
    });
  }

  test("of JSON are JSON, and compress as real ones do", () => {
    const scenario = socketScenarios.find(({ message }) => message.kind === "json")!;
    const compress = createCompressor(agreedWith("permessage-deflate; client_no_context_takeover"));
    for (const payload of createPayloads(scenario)) {
      JSON.parse(payload.toString());
      const ratio = compress(payload).length / payload.length;
      assert.ok(ratio > 0.3 && ratio < 0.7, `${ratio}`);
    }
  });
});

suite("frames", () => {
  const lengths = [
    [125, 6],
    [126, 8],
    [65_535, 8],
    [65_536, 14],
  ] as const;
  for (const [length, head] of lengths) {
    test(`of ${length} bytes have a head of ${head}`, () => {
      const frame = maskedFrame(0x82, Buffer.alloc(length, 7));
      assert.equal(frame.length, head + length);
      assert.equal(frame.at(-1)! ^ frame[head - 4 + ((length - 1) % 4)]!, 7);
    });
  }

  test("have masks of their own", () => {
    const masks = [1, 2, 3].map(() => maskedFrame(0x82, Buffer.alloc(4)).readUInt32BE(2));
    assert.equal(new Set(masks).size, 3);
  });
});

suite("the script", () => {
  test("holds what is sent and what has to come", () => {
    const [entry] = createMessages(socketScenarios[0]!, "websocket");
    const [unit] = createUnits([entry!]);
    const script = encodeScript([unit!]);
    assert.deepEqual([script.readUInt32LE(0), script.readUInt32LE(4), script.readUInt32LE(8)], [1, 1, 70]);
    assert.deepEqual([script.readUInt32LE(82), script.readUInt32LE(86)], [0x81, 64]);
    assert.deepEqual(script.subarray(90), entry![0]![1]);
  });
});

const answers = [
  "permessage-deflate",
  "permessage-deflate; client_max_window_bits=10",
  "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
];
for (const answer of answers) {
  test(`messages compressed after "${answer}" can be sent over and over`, () => {
    const agreed = agreedWith(answer);
    const compress = createCompressor(agreed);
    const inflate = createInflater({ ...agreed, isServerTakeover: agreed.isClientTakeover });
    const payloads = createPayloads(socketScenarios.find(({ message }) => message.kind === "json")!);
    const compressed = payloads.map((payload) => compress(payload));
    for (let time = 0; time < 2; time++) {
      assert.deepEqual(
        compressed.map((each) => inflate(each)),
        payloads,
      );
    }
  });
}

test("a window that was agreed is kept to", () => {
  assert.equal(agreedWith('permessage-deflate; client_max_window_bits="9"').clientWindowBits, 9);
});

test("an answer without compression is none", () => {
  assert.equal(parseAgreement(""), undefined);
});

function agreedWith(text: string): AgreedCompression {
  return parseAgreement(text)!;
}
