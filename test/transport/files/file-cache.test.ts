import assert from "node:assert/strict";
import { test } from "node:test";
import { FileCache } from "../../../src/transport/files/file-cache.ts";

const mib = (count: number): Uint8Array => new Uint8Array(count * 1024 * 1024);

test("a file is kept until another takes its place, or it is deleted", () => {
  const cache = new FileCache();
  assert.equal(cache.get("/a"), undefined);
  cache.set("/a", { stamp: "1", content: mib(1) });
  cache.set("/a", { stamp: "2", content: mib(2) });
  assert.equal(cache.get("/a")?.stamp, "2");
  cache.delete("/a");
  cache.delete("/a");
  assert.equal(cache.get("/a"), undefined);
});

test("16 MiB are kept, of the files that were asked for last", () => {
  const cache = new FileCache();
  for (const path of ["/a", "/b", "/c", "/d"]) cache.set(path, { stamp: path, content: mib(4) });
  cache.get("/a");
  cache.set("/e", { stamp: "/e", content: mib(4) });
  const kept = (): string[] => ["/a", "/b", "/c", "/d", "/e"].filter((path) => cache.get(path) !== undefined);
  assert.deepEqual(kept(), ["/a", "/c", "/d", "/e"]);
  // What was replaced and what was deleted takes no room.
  for (let time = 0; time < 10; time++) cache.set("/e", { stamp: "again", content: mib(4) });
  cache.delete("/c");
  cache.set("/f", { stamp: "/f", content: mib(4) });
  assert.deepEqual(kept(), ["/a", "/d", "/e"]);
  cache.set("/large", { stamp: "", content: mib(17) });
  assert.deepEqual(kept(), []);
  assert.equal(cache.get("/large"), undefined, "what is larger than all is not kept at all");
});
