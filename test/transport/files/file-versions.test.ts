import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, promises, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mock, test } from "node:test";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { FileRoot } from "../../../src/transport/files/file-root.ts";
import { FileVersions } from "../../../src/transport/files/file-versions.ts";
import { temporaryFiles } from "../../support/files.ts";

const hash = (content: string): string =>
  createHash("sha256").update(content).digest("base64url").slice(0, 22);

/** Another file under the same name, as a deployment makes it. */
function replace(path: string, content: string): void {
  writeFileSync(`${path}.next`, content);
  renameSync(`${path}.next`, path);
}

test("the tree is hashed once somebody listens, and only what may be served", async () => {
  const root = temporaryFiles({
    "a.js": "a",
    "sub/b.js": "b",
    ".env": "secret",
    "sub/.git/x": "x",
    "empty.txt": "",
  });
  symlinkSync("a.js", join(root, "link.js"));
  symlinkSync("/etc/hostname", join(root, "out"));
  symlinkSync(".", join(root, "circle"));
  const versions = new FileVersions(new FileRoot(root), [], false);
  assert.equal(versions.latest("a.js"), undefined);
  await versions.settled();
  assert.equal(versions.latest("a.js"), undefined, "nothing is read before there is a server");
  const leave = versions.join();
  await versions.settled();
  const table: readonly [name: string, version: string | undefined][] = [
    ["a.js", hash("a")],
    ["sub/b.js", hash("b")],
    ["link.js", hash("a")],
    ["empty.txt", hash("")],
    [".env", undefined],
    ["sub/.git/x", undefined],
    ["out", undefined],
    ["absent.js", undefined],
    ["../x", undefined],
    ["sub", undefined],
    ["", undefined],
  ];
  for (let time = 0; time < 2; time++) {
    for (const [name, version] of table) assert.equal(versions.latest(name), version, name);
    await versions.settled();
  }
  leave();
});

test("a file that changes keeps its last version until it has been read, and one that goes away has none", async () => {
  const root = temporaryFiles({ "a.js": "old" });
  const path = join(root, "a.js");
  const versions = new FileVersions(new FileRoot(root), [], true);
  const leave = versions.join();
  await versions.settled();
  assert.equal(versions.latest("a.js"), hash("old"));
  await versions.settled();
  replace(path, "new");
  assert.equal(versions.latest("a.js"), hash("old"), "what was known last");
  await versions.settled();
  assert.equal(versions.latest("a.js"), hash("new"));
  await versions.settled();
  rmSync(path);
  versions.latest("a.js");
  await versions.settled();
  assert.equal(versions.latest("a.js"), undefined);
  await versions.settled();
  leave();
});

test("an open file has a version only while it is the one that was read", async () => {
  const root = temporaryFiles({ "a.js": "old" });
  const path = join(root, "a.js");
  const versions = new FileVersions(new FileRoot(root), [], false);
  const leave = versions.join();
  await versions.settled();
  const open = async () => {
    const found = await new FileRoot(root).open(["a.js"]);
    assert.ok(found.kind === "file");
    return found.file;
  };
  const old = await open();
  assert.equal(versions.versionOf(old), hash("old"));
  replace(path, "new");
  const file = await open();
  assert.equal(versions.versionOf(file), undefined);
  await versions.settled();
  assert.equal(versions.versionOf(file), hash("new"));
  // Whoever still has the old one open does not send it under the new version.
  assert.equal(versions.versionOf(old), undefined);
  // Written in place, with the same length and time.
  const { mtime, atime } = await promises.stat(path);
  writeFileSync(path, "own");
  await promises.utimes(path, atime, mtime);
  const third = await open();
  assert.equal(versions.versionOf(third), undefined);
  await versions.settled();
  assert.equal(versions.versionOf(third), hash("own"));
  for (const each of [old, file, third]) await each.close();
  leave();
});

test("a compressed form is known by what it decompresses to", async () => {
  const root = temporaryFiles({
    "a.js": "content",
    "a.js.br": brotliCompressSync("content"),
    "a.js.gz": gzipSync("other content"),
    "b.js.gz": "not compressed",
    "c.js.br": brotliCompressSync("content").subarray(0, 4),
  });
  const versions = new FileVersions(new FileRoot(root), [], false);
  const leave = versions.join();
  await versions.settled();
  const table: readonly [name: string, plainVersion: string][] = [
    ["a.js", ""],
    ["a.js.br", hash("content")],
    ["a.js.gz", hash("other content")],
    ["b.js.gz", ""],
    ["c.js.br", ""],
  ];
  for (const [name, plainVersion] of table) {
    const found = await new FileRoot(root).open([name]);
    assert.ok(found.kind === "file");
    assert.equal(versions.plainVersionOf(found.file), plainVersion, name);
    await found.file.close();
  }
  leave();
});

test("what changes while it is read gets no version from it", async (context) => {
  const root = temporaryFiles({ "a.js": "one" });
  const path = join(root, "a.js");
  const open = promises.open.bind(promises);
  let changes = 0;
  const watched = mock.method(promises, "open", async (...args: Parameters<typeof open>) => {
    const handle = await open(...args);
    const read = handle.read.bind(handle) as (...args: unknown[]) => Promise<unknown>;
    mock.method(handle, "read", async (...readArgs: unknown[]) => {
      const result = await read(...readArgs);
      if (changes++ === 0) writeFileSync(path, "two");
      return result;
    });
    return handle;
  });
  context.after(() => watched.mock.restore());
  const versions = new FileVersions(new FileRoot(root), [], true);
  const leave = versions.join();
  await versions.settled();
  assert.equal(versions.latest("a.js"), undefined);
  await versions.settled();
  assert.equal(versions.latest("a.js"), hash("two"));
  await versions.settled();
  leave();
});

test("the last server that leaves ends the work, and the next one takes it up", async () => {
  const root = temporaryFiles(
    Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`${index}.js`, "x"])),
  );
  const versions = new FileVersions(new FileRoot(root), [], false);
  versions.join()();
  await versions.settled();
  assert.equal(versions.latest("19.js"), undefined);
  const leave = versions.join();
  await versions.settled();
  assert.equal(versions.latest("19.js"), hash("x"));
  leave();
});

test("a tree that is not there has no versions", async () => {
  const root = temporaryFiles({});
  const versions = new FileVersions(new FileRoot(join(root, "absent")), [], false);
  const leave = versions.join();
  await versions.settled();
  assert.equal(versions.latest("a.js"), undefined);
  mkdirSync(join(root, "absent"));
  await versions.settled();
  leave();
});
