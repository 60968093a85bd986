/** Every program in the documents is compiled and run; every `@example` in the source is compiled. See also the files beside this one. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { TestClient } from "../../src/testing/index.ts";
import { blocksOf, documents } from "../support/documents.ts";
import { testPrograms } from "../support/document-programs.ts";
import { RunningProcess } from "../support/process.ts";

/** The examples of a source file; they may use what both entries export, and an application's usual names. */
function examplesOf(file: string): [name: string, text: string][] {
  const comments = readFileSync(file, "utf8").matchAll(/@example\n(.*?)\*\//gs);
  return [...comments].map(([, comment = ""], index) => {
    const text = comment.replaceAll(/^ *\* ?/gm, "");
    const prelude = [
      'import assert from "node:assert/strict";',
      'import * as main from "waterspout";',
      'import * as testing from "waterspout/testing";',
    ];
    return [`${file.replaceAll(/\W/g, "-")}-${index + 1}.ts`, [...prelude, useOf(text), text].join("\n")];
  });
}

/** Declares what an example uses and does not define itself. */
function useOf(example: string): string {
  const isUsed = (name: string): boolean =>
    new RegExp(`\\b${name}\\b`).test(example) && !new RegExp(`(class|const|let) ${name}\\b`).test(example);
  const exported = (module: string, names: readonly string[]): string[] =>
    names.filter(isUsed).flatMap((name) => [`import { ${name} } from "${module}";`]);
  const declared = {
    UrlReceiver: "class UrlReceiver extends main.WebSocketHandler {}",
    routes: "declare const routes: main.RouteEntry[];",
    app: "declare const app: main.Application;",
    server: "declare const server: main.Server;",
    client: "declare const client: testing.TestClient;",
  };
  return [
    ...exported("waterspout", mainExports),
    ...exported("waterspout/testing", testingExports),
    ...exported("waterspout/client", ["RealtimeSocket"]),
    ...Object.entries(declared).flatMap(([name, declaration]) => (isUsed(name) ? [declaration] : [])),
  ].join("\n");
}

/** What an entry of the package exports, types too. */
function exportsOf(entry: string): string[] {
  const lists = readFileSync(entry, "utf8").matchAll(/^export (?:type )?\{([^}]*)\}/gm);
  return [...lists].flatMap(([, list = ""]) => list.split(",").map((name) => name.trim())).filter(Boolean);
}

const mainExports = exportsOf("src/index.ts");
const testingExports = exportsOf("src/testing/index.ts");
const examples = readdirSync("src", { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .flatMap((file) => examplesOf(join("src", file)));

// Those of the guide have a file of their own: all together take too long.
const others = documents.filter((file) => !/^docs\/(guide\/|coming-from-tornado)/.test(file));
assert.ok(examples.length >= 10, `${examples.length} examples`);
testPrograms("snippets", others, examples);

test("the program of the README answers as it says, in both languages", async () => {
  const [english = "", chinese = ""] = ["README.md", "README.zh-CN.md"].map(
    (file) => blocksOf(file, "ts")[0],
  );
  assert.equal(chinese, english);
  const file = join("build", "snippets", "readme.ts");
  writeFileSync(file, english.replace("listen(10000", "listen(0"));
  const program = new RunningProcess(process.execPath, ["--import", "tsx", file]);
  const [, url = ""] = await program.waitFor(/listening on (http:\S+)/);
  const client = await TestClient.connect(`${url}/url`);
  client.send("https://example.com/");
  assert.equal(await client.nextMessage(), "郑老板,您好,我已经收到url:https://example.com/");
  await client.close();
  await program.waitFor(/WebSocket opened\nurl is: https:\/\/example\.com\/\n(.*\n)*WebSocket closed\n/);
  program.kill("SIGKILL");
});
