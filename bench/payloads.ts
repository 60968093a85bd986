import type { SocketScenario } from "./scenarios.ts";

/** How many different messages are sent in turn. */
function varietyOf(bytes: number): number {
  return bytes <= 1024 ? 64 : bytes <= 65_536 ? 16 : 4;
}

/** The messages of a scenario, all different, the same in every run. */
export function createPayloads({ message: { kind, bytes } }: SocketScenario): readonly Buffer[] {
  const random = createRandom(1);
  const create = { text: createText, binary: createBinary, json: createJson }[kind];
  return Array.from({ length: varietyOf(bytes) }, (_, index) => create(bytes, random, index));
}

/** Numbers from 0 to 1 in an order that is always the same (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const words =
  "the market opened higher today as traders weighed new orders against slower shipping and a warm autumn".split(
    " ",
  );

function pick(list: readonly string[], random: () => number): string {
  return list[Math.floor(random() * list.length)]!;
}

/** Words, as many as fit. */
export function createText(bytes: number, random: () => number = createRandom(1)): Buffer {
  let text = "";
  while (text.length < bytes) text += `${pick(words, random)} `;
  return Buffer.from(text.slice(0, bytes));
}

function createBinary(bytes: number, random: () => number): Buffer {
  const buffer = Buffer.alloc(bytes);
  for (let i = 0; i < bytes; i++) buffer[i] = random() * 256;
  return buffer;
}

/** What a service would send: records with the same fields and different contents, as many as fit. */
function createJson(bytes: number, random: () => number, index: number): Buffer {
  const records: object[] = [];
  const encode = (note: string): string => JSON.stringify({ type: "trades", sequence: index, records, note });
  for (;;) {
    records.push({
      id: Math.floor(random() * 2 ** 40).toString(36),
      symbol: pick(words, random).toUpperCase(),
      price: Math.round(random() * 1e6) / 100,
      size: Math.floor(random() * 500),
      side: random() < 0.5 ? "buy" : "sell",
      at: new Date(1.7e12 + random() * 1e10).toISOString(),
    });
    if (encode("").length <= bytes) continue;
    records.pop();
    return Buffer.from(encode(createText(bytes - encode("").length, random).toString()));
  }
}
