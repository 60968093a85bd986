import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { readArguments } from "../../src/cli/arguments.ts";
import { devHelp, serveHelp } from "../../src/cli/help.ts";

test("a file is enough, and the rest has defaults", () => {
  assert.deepEqual(readArguments(["dev", "app.ts"], {}), {
    kind: "dev",
    file: "app.ts",
    port: 10_000,
    host: "localhost",
    watched: [],
  });
  assert.deepEqual(readArguments(["serve", "app.js"], {}), {
    kind: "serve",
    file: "app.js",
    target: 10_000,
    options: {},
  });
});

test("options stand before the file or behind it, long or short", () => {
  const expected = { kind: "dev", file: "a.ts", port: 0, host: "::1", watched: ["x", "y"] };
  for (const args of [
    ["dev", "--port", "0", "--host", "::1", "--watch", "x", "--watch", "y", "a.ts"],
    ["dev", "a.ts", "-p", "0", "-H", "::1", "-w", "x", "-w", "y"],
    ["dev", "a.ts", "--port=0", "--host=::1", "--watch=x", "--watch=y"],
  ]) {
    assert.deepEqual(readArguments(args, { PORT: "80" }), expected);
  }
  const socket = { kind: "serve", file: "a.js", target: { path: "/run/a.sock", mode: 0o660 }, options: {} };
  assert.deepEqual(readArguments(["serve", "-s", "/run/a.sock", "-m", "660", "a.js"], {}), socket);
});

test("the variable PORT is what many hosts set", () => {
  const request = readArguments(["serve", "a.js"], { PORT: "8080" });
  assert.ok(request.kind === "serve" && request.target === 8080);
  const empty = readArguments(["serve", "a.js"], { PORT: "" });
  assert.ok(empty.kind === "serve" && empty.target === 10_000);
});

test("arguments that make no sense are refused in words, with where to read on", () => {
  const table: readonly (readonly [args: readonly string[], words: RegExp])[] = [
    [
      ["run", "a.ts"],
      /^waterspout: there is no command run \(there are: dev, serve\)\nTry waterspout --help\.$/,
    ],
    [["dev"], /^waterspout: the FILE that exports the application is missing\nTry waterspout dev --help\.$/],
    [["serve", "a.js", "b.js"], /there is one FILE, got a\.js b\.js\nTry waterspout serve --help/],
    [["dev", "--prot", "5", "a.ts"], /unknown option '--prot'\nTry/],
    [["dev", "--mode", "660", "a.ts"], /unknown option '--mode'\nTry/],
    [["dev", "a.ts", "--port"], /option '-p, --port <value>' argument missing\nTry/],
    [
      ["dev", "a.ts", "--port", "http"],
      /--port is a whole number from 0 \(any free one\) to 65535, got "http"/,
    ],
    [["dev", "a.ts", "--port", "65536"], /got "65536"/],
    [["dev", "a.ts", "--port="], /got ""/],
    [["dev", "a.ts", "--host="], /--host is an address or a name/],
    [["serve", "a.js", "-m", "660"], /--mode needs --socket/],
    [["serve", "a.js", "-s", "/x", "-p", "5"], /--socket stands instead of --port and --host/],
    [
      ["serve", "a.js", "-s", "/x", "-m", "999"],
      /--mode is the permissions of a file, such as 660, got "999"/,
    ],
  ];
  for (const [args, words] of table) {
    const request = readArguments(args, {});
    assert.equal(request.kind, "usage", args.join(" "));
    assert.match(request.text, words);
  }
  const variable = readArguments(["dev", "a.ts"], { PORT: "x" });
  assert.ok(variable.kind === "usage" && variable.text.includes("the variable PORT is a whole number"));
});

test("help and version are printed, also with nothing else", () => {
  for (const args of [["--help"], ["-h"], ["help"], ["dev", "-h"], ["serve", "--help", "a.js"]]) {
    assert.equal(readArguments(args, {}).kind, "print", args.join(" "));
  }
  assert.equal(readArguments([], {}).kind, "usage");
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  assert.deepEqual(readArguments(["--version"], {}), { kind: "print", text: version });
});

test("the help has every option, fits a terminal, and the options of the help are understood", () => {
  for (const [command, help, extra] of [
    ["dev", devHelp, ["--watch"]],
    ["serve", serveHelp, ["--socket", "--mode"]],
  ] as const) {
    const named = [...help.matchAll(/^ {2}-\w, (--\w+)/gm)].map(([, name = ""]) => name);
    assert.deepEqual(named.toSorted(), ["--help", "--host", "--port", ...extra].toSorted());
    assert.ok(help.split("\n").every((line) => line.length <= 110));
    const values = extra.map((name) => `${name}=${name === "--mode" ? "600" : "x"}`);
    const known = readArguments(
      [command, "a.ts", ...values, ...(command === "dev" ? ["--port=1", "--host=h"] : [])],
      {},
    );
    assert.equal(known.kind, command);
  }
});
