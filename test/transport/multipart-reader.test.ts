import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { BodyError } from "../../src/base/body-error.ts";
import { MultipartReader } from "../../src/transport/multipart-reader.ts";
import { boundary, multipart } from "../support/bodies.ts";
import type { Deferred } from "../support/deferred.ts";
import { deferred } from "../support/deferred.ts";
import { checkAsyncProperty } from "../support/property.ts";

const limits = { partsMax: 100, headerBytesMax: 16_384 };

/** Hands out bytes in pieces, each in a turn of its own. */
async function* inPieces(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    yield Promise.resolve(bytes.subarray(at, at + size));
    at += size;
  }
}

/** The parts as the header and the content of each, or the code with which they are refused. */
async function readAll(
  source: AsyncIterable<Uint8Array>,
): Promise<readonly (readonly [unknown, string])[] | string> {
  const parts: [unknown, string][] = [];
  try {
    for await (const part of new MultipartReader(source, boundary, limits)) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of part) chunks.push(chunk);
      parts.push([part.headers["content-disposition"], Buffer.concat(chunks).toString("latin1")]);
    }
    return parts;
  } catch (error) {
    assert.ok(error instanceof BodyError, String(error));
    return error.code;
  }
}

const content = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  fc
    .constantFrom("\r\n", "\r\n--", "-", `\r\n-${boundary}`, `\r\n--${boundary.slice(0, -1)}`)
    .map((text) => Buffer.from(text)),
  fc.nat({ max: 200_000 }).map((length) => Buffer.alloc(length, "x")),
);
const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1000, max: 70_000 })), {
  minLength: 1,
});

test("however a body is cut, its parts are those that were written", async (context) => {
  await checkAsyncProperty(
    context,
    fc.asyncProperty(
      fc.array(content, { maxLength: 5 }),
      fc.array(fc.integer({ min: 900, max: 70_000 }), { minLength: 1 }),
      async (contents, cuts) => {
        const body = multipart(contents.map((each, index) => ({ name: `${index}`, content: each })));
        assert.deepEqual(
          await readAll(inPieces(body, cuts)),
          contents.map((each, index) => [[`form-data; name="${index}"`], each.toString("latin1")]),
        );
      },
    ),
    100,
  );
});

test("whatever comes, the reading has an end, and what is cut off is refused", async (context) => {
  const long = "x".repeat(70_000);
  const pieces = fc.constantFrom(
    `--${boundary}`,
    `\r\n--${boundary}`,
    "--",
    "\r\n",
    "\r\n\r\n",
    "\r",
    "\n",
    " ",
    ":",
    "Content-Disposition: form-data; name=a\r\n\r\n",
    long,
    "\u0000",
  );
  await checkAsyncProperty(
    context,
    fc.asyncProperty(fc.array(pieces, { maxLength: 12 }), sizes, async (texts, cuts) => {
      const body = Buffer.from(texts.join(""));
      const result = await readAll(
        inPieces(
          body,
          cuts.map((size) => Math.max(size, body.length >> 8)),
        ),
      );
      // What is long may stand where the header fields of a part are, which have a limit of their own.
      if (result === "FORM_TOO_LARGE") assert.ok(texts.includes(long));
      else if (typeof result === "string") assert.equal(result, "FORM_INVALID");
      else assert.ok(body.includes(`--${boundary}--`));
    }),
    300,
  );
});

test("no more is taken than the reader of a part takes, and no next part before this one is done", async () => {
  let taken = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of inPieces(body, [65_536])) {
      taken += chunk.length;
      yield chunk;
    }
  }
  const small = Array.from({ length: 90 }, (_, i) => ({ name: `${i}`, content: Buffer.alloc(10_000) }));
  const body = multipart([...small, { name: "big", content: Buffer.alloc(8 << 20) }]);
  const reader = new MultipartReader(counted(), boundary, limits)[Symbol.asyncIterator]();
  const turns = async (): Promise<void> => {
    for (let i = 0; i < 100; i++) await new Promise((resolve) => setImmediate(resolve));
  };
  for (let i = 0; i < small.length; i++) {
    await reader.next();
    await turns();
    assert.ok(taken <= (i + 1) * 11_000 + 3 * 65_536, `${taken} bytes before part ${i} was read`);
  }
  const part = (await reader.next()).value ?? assert.fail();
  let done = 900_000;
  for await (const chunk of part) {
    done += chunk.length;
    if (done % (1 << 20) < chunk.length) await turns();
    assert.ok(taken <= done + 5 * 65_536, `${taken} bytes, of which ${done} have been read`);
  }
  assert.equal((await reader.next()).done, true);
});

test("who leaves has not to wait for the rest, and the source is told when its next chunk comes", async () => {
  const released: Deferred = deferred();
  let more: (chunk: Uint8Array) => void = () => {};
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      yield multipart([{ name: "a", content: "x" }]).subarray(0, -20);
      yield await new Promise<Uint8Array>((resolve) => {
        more = resolve;
      });
    } finally {
      released.resolve();
    }
  }
  for await (const part of new MultipartReader(endless(), boundary, limits)) {
    assert.ok(part.headers["content-disposition"]);
    break;
  }
  more(Buffer.from("x"));
  await released.promise;
});

test("an error of the source is the reader's, inside a part and between two", async () => {
  for (const bytes of [200, 60]) {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield multipart([{ name: "a", content: "x".repeat(500) }]).subarray(0, bytes);
      await Promise.resolve();
      throw new Error("of the source");
    }
    const reading = async (): Promise<void> => {
      for await (const part of new MultipartReader(broken(), boundary, limits))
        for await (const chunk of part) void chunk;
    };
    await assert.rejects(reading(), /^Error: of the source$/);
  }
});

test("a body twice as long takes twice as long, whatever is in it", async () => {
  const part = `\r\n--${boundary}\r\nContent-Disposition: form-data; name=a\r\n\r\n`;
  const start = `--${boundary}\r\nContent-Disposition: form-data; name=a\r\n\r\n`;
  const hostile: readonly [what: string, start: string, piece: string][] = [
    ["line ends", start, "\r\n"],
    ["half boundaries", start, `\r\n--${boundary.slice(0, -1)}`],
    ["dashes", start, "-"],
    ["header fields without an end", `--${boundary}\r\n`, "a: b\r\n"],
    ["a header field without an end", `--${boundary}\r\na: `, "b"],
    ["a preamble", "", "\r\n--"],
    ["parts", start, part],
  ];
  const many = { partsMax: 1_000_000, headerBytesMax: 1_000_000_000 };
  const cost = async (body: Buffer): Promise<number> => {
    let least = Infinity;
    for (let i = 0; i < 3; i++) {
      const before = process.cpuUsage();
      try {
        for await (const each of new MultipartReader(inPieces(body, [65_536]), boundary, many)) {
          for await (const chunk of each) void chunk;
        }
      } catch (error) {
        assert.ok(error instanceof BodyError);
      }
      const { user, system } = process.cpuUsage(before);
      least = Math.min(least, (user + system) / 1000);
    }
    return least;
  };
  for (const [what, first, piece] of hostile) {
    const body = (bytes: number): Buffer => Buffer.from(first + piece.repeat(bytes / piece.length));
    const short = await cost(body(1 << 17));
    const long = await cost(body(1 << 19));
    // Four times the length: quadratic would be sixteen times the time.
    assert.ok(long < 10 * short + 30, `${what}: ${short} ms, then ${long} ms`);
  }
});
