import assert from "node:assert/strict";
import type { BigIntStats } from "node:fs";
import { test } from "node:test";
import { FileCache } from "../../../src/transport/files/file-cache.ts";
import { ServedFile } from "../../../src/transport/files/served-file.ts";

/** A file of so many MiB, with its content. */
function file(name: string, mib: number): ServedFile {
  const size = BigInt(mib * 1024 * 1024);
  const stats = { dev: 1n, ino: 1n, size, mtimeNs: 0n, ctimeNs: 0n, mtimeMs: 0n, ctimeMs: 0n };
  return new ServedFile(name, new Uint8Array(Number(size)), stats as unknown as BigIntStats);
}

test("a file is kept until another takes its place, or it is deleted", () => {
  const cache = new FileCache();
  assert.equal(cache.get("/a"), undefined);
  cache.set("/a", file("1", 1));
  cache.set("/a", file("2", 2));
  assert.equal(cache.get("/a")?.name, "2");
  assert.equal(cache.has("/a"), true);
  cache.delete("/a");
  cache.delete("/a");
  assert.equal(cache.get("/a"), undefined);
  assert.equal(cache.has("/a"), false);
});

test("16 MiB are kept, of the files that were asked for last", () => {
  const cache = new FileCache();
  for (const path of ["/a", "/b", "/c", "/d"]) cache.set(path, file(path, 4));
  cache.get("/a");
  cache.set("/e", file("/e", 4));
  const kept = (): string[] => ["/a", "/b", "/c", "/d", "/e"].filter((path) => cache.get(path) !== undefined);
  assert.deepEqual(kept(), ["/a", "/c", "/d", "/e"]);
  // What was replaced and what was deleted takes no room.
  for (let time = 0; time < 10; time++) cache.set("/e", file("again", 4));
  cache.delete("/c");
  cache.set("/f", file("/f", 4));
  assert.deepEqual(kept(), ["/a", "/d", "/e"]);
  cache.set("/large", file("", 17));
  assert.deepEqual(kept(), []);
  assert.equal(cache.get("/large"), undefined, "what is larger than all is not kept at all");
});
