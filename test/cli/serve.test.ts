import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, statSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { TestClient } from "../../src/testing/index.ts";
import { applicationText, CliProject } from "../support/cli-project.ts";
import type { RunningProcess } from "../support/process.ts";
import { exchange, requestText } from "../support/raw-http.ts";

const skip = process.platform === "win32" && "Windows has no signals that a program could take";

async function urlOf(program: RunningProcess): Promise<string> {
  const [, url = ""] = await program.waitFor(/serving .* on (http:\S+) \(process \d+\)/);
  return url;
}

test("a module's application is served until SIGTERM, and ends well", { skip }, async (context) => {
  const project = new CliProject(context);
  const program = project.run(["serve", "-p", "0", project.write("app.js", applicationText("hello"))]);
  const url = await urlOf(program);
  assert.equal(await (await fetch(url)).text(), "hello");
  const client = await TestClient.connect(`${url.replace("http", "ws")}/ws`);
  program.kill("SIGTERM");
  assert.equal((await client.closed()).code, 1001);
  assert.equal(await program.end(), 0, program.output);
  assert.match(
    program.output,
    /SIGTERM: ending what is under way; once more to end at once\n(?:.*\n)*waterspout: stopped\n$/,
  );
});

test("a second signal ends at once", { skip }, async (context) => {
  const project = new CliProject(context);
  const slow = `class Slow extends RequestHandler { async get() { console.log("asked"); await new Promise(() => {}); } }`;
  const text = applicationText("hello", slow).replace('["/", Word]', '["/", Word], ["/slow", Slow]');
  const program = project.run(["serve", "--port=0", project.write("app.js", text)]);
  const url = await urlOf(program);
  const asked = assert.rejects(fetch(`${url}/slow`));
  await program.waitFor(/asked/);
  program.kill("SIGINT");
  await program.waitFor(/SIGINT: ending/);
  program.kill("SIGINT");
  assert.equal(await program.end(), 130);
  await asked;
});

test("an application named app, a CommonJS module and TypeScript will do", async (context) => {
  const project = new CliProject(context, ["tsx"]);
  const named = applicationText("named").replace("export default", "export const app =");
  const common = applicationText("common")
    .replace(/import (.*) from "waterspout";/, 'const $1 = require("waterspout");')
    .replace("export default", "module.exports =");
  const typed = applicationText("typed", "const type: string = 'a type';");
  for (const [file, text, word] of [
    ["named.js", named, "named"],
    ["common.cjs", common, "common"],
    ["typed.ts", typed, "typed"],
  ] as const) {
    const program = project.run(["serve", "-p0", project.write(file, text)]);
    assert.equal(await (await fetch(await urlOf(program))).text(), word);
  }
});

test("a Unix socket has the permissions that were asked for", { skip }, async (context) => {
  const project = new CliProject(context);
  const path = join(project.folder, "app.sock");
  const file = project.write("app.js", applicationText("over a socket"));
  const program = project.run(["serve", "--socket", path, "--mode", "660", file]);
  await program.waitFor(/serving .*app\.js on unix:\S+app\.sock/);
  assert.equal(statSync(path).mode & 0o777, 0o660);
  assert.equal((await exchange(path, requestText("GET", "/"))).text, "over a socket");
  program.kill("SIGTERM");
  assert.equal(await program.end(), 0);
  assert.equal(existsSync(path), false);
});

test("what cannot start is exit code 1, and says why", async (context) => {
  const taken = createServer().listen(0);
  context.after(() => taken.close());
  await once(taken, "listening");
  const { port } = taken.address() as AddressInfo;
  const project = new CliProject(context);
  const write = (name: string, text: string): string => project.write(name, text);
  const table: readonly (readonly [file: string, words: RegExp])[] = [
    [join(project.folder, "none.js"), /did not start: there is no file .*none\.js\n/],
    [project.folder, /did not start: \S+ is a folder, and not the file in it that exports the application\n/],
    [write("leaves.js", "process.exit(0);"), /leaves\.js did not start: it ended this process, or waits/],
    [
      write("waits.js", "await new Promise(() => {});"),
      /waits\.js did not start: it ended this process, or waits/,
    ],
    [
      write("empty.js", "export const other = 5;"),
      /exports no application: it needs "export default new Application/,
    ],
    [write("broken.js", "const x = = 1;"), /did not start:\n.*broken\.js:1\nconst x = = 1;\n/],
    [write("thrown.js", 'throw new Error("no database");'), /did not start:\n(?:.*\n)*Error: no database\n/],
    [
      write("setting.js", applicationText("", "new Application([], { portt: 1 });")),
      /did not start: there is no setting portt \(there are: .*\)\n$/,
    ],
    [
      write("app.js", applicationText("taken")),
      new RegExp(`did not start: port ${port} on all addresses is already in use\\.`),
    ],
  ];
  for (const [file, words] of table) {
    const program = project.run(["serve", "-p", String(port), file]);
    assert.equal(await program.end(), 1, program.output);
    assert.match(program.output, words);
  }
});

test("a signal before there is a server ends at once", { skip }, async (context) => {
  const project = new CliProject(context);
  const file = project.write(
    "app.js",
    'console.log("loading"); setInterval(() => {}, 1000); await new Promise(() => {});',
  );
  const program = project.run(["serve", "--port=0", file]);
  await program.waitFor(/loading/);
  program.kill("SIGTERM");
  assert.equal(await program.end(), 143);
  assert.equal(program.output, "loading\n");
});

test("wrong arguments are exit code 2, and help is 0", async (context) => {
  const project = new CliProject(context);
  for (const [args, code, words] of [
    [[], 2, /^waterspout runs an application/],
    [["serve"], 2, /^waterspout: the FILE that exports the application is missing/],
    [["--help"], 0, /^waterspout runs an application/],
    [["dev", "--help"], 0, /^waterspout dev FILE starts/],
    [["--version"], 0, /^\d+\.\d+\.\d+\n$/],
  ] as const) {
    const program = project.run(args);
    assert.equal(await program.end(), code);
    assert.match(program.output, words);
  }
});
