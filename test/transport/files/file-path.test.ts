import assert from "node:assert/strict";
import { test } from "node:test";
import { parseFilePath } from "../../../src/transport/files/file-path.ts";

const read = (path: string, platform: NodeJS.Platform = "linux", dotfiles: readonly string[] = []): unknown =>
  parseFilePath(path, dotfiles, platform);

test("a path is names, and a directory's ends in a slash", () => {
  assert.deepEqual(read("a/b c.txt"), { names: ["a", "b c.txt"], isDirectory: false });
  assert.deepEqual(read("a/"), { names: ["a"], isDirectory: true });
  assert.deepEqual(read(""), { names: [], isDirectory: true });
  for (const name of ["a..b", "a.", "空", "%2e%2e", "a~1", "con", "a:b", " "]) assert.ok(read(name), name);
});

test("what is no name is refused, wherever it stands", () => {
  for (const name of ["", ".", "..", "...", ".env", "a\\b", "\\", "a\0", "..\\x", "\0"]) {
    for (const path of [`${name}/x`, `x/${name}/y`, `/${name}`]) assert.equal(read(path), undefined, path);
    if (name !== "") assert.equal(read(`x/${name}`), undefined, name);
  }
  assert.equal(read("x//"), undefined);
});

test("dotfiles are served by name", () => {
  const dotfiles = [".well-known"];
  assert.ok(read(".well-known/x", "linux", dotfiles));
  for (const path of [".env", ".well-known/.env", ".well-known.bak", "..", ".WELL-KNOWN"])
    assert.equal(read(path, "linux", dotfiles), undefined, path);
});

test("names that are something else on Windows are refused there, and are names elsewhere", () => {
  const names = [
    "con",
    "NUL",
    "aux.txt",
    "Prn.tar.gz",
    "com1",
    "COM9.log",
    "lpt¹",
    "com0",
    "CONIN$",
    "conout$.x",
    "nul .txt",
  ];
  const others = [
    "C:",
    "C:x",
    "page.html::$DATA",
    "x:y",
    "x.",
    "x ",
    "x. .",
    "GIT~1",
    "WEB~1.CON",
    "a*",
    "a?",
    '"',
    "a<b",
    "a>b",
    "a|b",
    "a\x01",
  ];
  for (const name of [...names, ...others]) {
    assert.equal(read(name, "win32"), undefined, name);
    assert.equal(read(`x/${name}/y`, "win32"), undefined, name);
    assert.ok(read(name, "linux"), name);
  }
  for (const name of ["console.js", "nully", "com", "com10", "lpt", "auxiliary.txt", "a~b", "x.con"])
    assert.ok(read(name, "win32"), name);
});
