/** Payloads of any size that look like what people send, the same in every run. */

/** Numbers that look random, from a seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Text of exactly so many bytes: `source` again and again, cut between characters, with blanks for what is left. */
function fill(byteLength: number, source: (index: number) => string): string {
  const parts: Uint8Array[] = [];
  let length = 0;
  for (let index = 0; length < byteLength; index++) {
    const part = Buffer.from(source(index));
    parts.push(part);
    length += part.length;
  }
  const bytes = Buffer.concat(parts).subarray(0, byteLength);
  let end = bytes.length;
  // A character that is cut: back over its continuation bytes, and its first one.
  if (length > byteLength) {
    while (end > 0 && (bytes[end - 1]! & 0xc0) === 0x80) end--;
    if (end > 0 && bytes[end - 1]! >= 0xc0) end--;
    else end = bytes.length;
  }
  return bytes.subarray(0, end).toString() + " ".repeat(byteLength - end);
}

/** Makes each payload once: most are used by many cases. */
function remembered<Payload>(make: (byteLength: number) => Payload): (byteLength: number) => Payload {
  const made = new Map<number, Payload>();
  return (byteLength) => {
    const payload = made.get(byteLength) ?? make(byteLength);
    made.set(byteLength, payload);
    return payload;
  };
}

/** Rows of JSON, as an interface for programs sends them. */
export const jsonText: (byteLength: number) => string = remembered((byteLength) => {
  const random = randomFrom(1);
  return fill(byteLength, (index) => {
    const user = { id: index, name: `user-${Math.trunc(random() * 5000)}`, isActive: random() < 0.5 };
    return `${JSON.stringify({ ...user, score: Math.round(random() * 1e6) / 1e3, tags: ["a", "βeta", "水"] })},\n`;
  });
});

const words =
  "the quick water rises over καλημέρα κόσμε and drifts past старый маяк until 夜明け brings 龙卷风 home; naïve fish sleep under 🌊 waves".split(
    " ",
  );

/** Words of several scripts, with one to four bytes a character. */
export const proseText: (byteLength: number) => string = remembered((byteLength) => {
  const random = randomFrom(2);
  return fill(
    byteLength,
    () => `${words[Math.trunc(random() * words.length)]}${random() < 0.1 ? ".\n" : " "}`,
  );
});

/** Markup, which compresses well. */
export const htmlText: (byteLength: number) => string = remembered((byteLength) => {
  return fill(
    byteLength,
    (index) =>
      `<li class="item" data-index="${index}"><a href="/story/${index * 7}">Story ${index}</a></li>\n`,
  );
});

/** A picture without compression: smooth, with a little noise. */
export const bitmapBytes: (byteLength: number) => Uint8Array = remembered((byteLength) => {
  const random = randomFrom(3);
  return new Uint8Array(byteLength).map(
    (_, index) => ((index % 512) >> 2) + (index >> 11) + Math.trunc(random() * 4),
  );
});

/** What is compressed or encrypted already. */
export const randomBytesOf: (byteLength: number) => Uint8Array = remembered((byteLength) => {
  const random = randomFrom(4);
  return new Uint8Array(byteLength).map(() => Math.trunc(random() * 256));
});
