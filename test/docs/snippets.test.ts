/** Every program in the documents is compiled and run; every `@example` in the source is compiled. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { before, suite, test } from "node:test";
import { promisify } from "node:util";
import { TestClient } from "../../src/testing/index.ts";
import { RunningProcess } from "../support/process.ts";

const directory = join("build", "snippets");
/** What the compiler made of them, which is what runs. */
const compiled = join(directory, "compiled");
const documents = [
  "README.md",
  "README.zh-CN.md",
  ...readdirSync("docs", { recursive: true, encoding: "utf8" }).map(
    (file) => `docs/${file.replaceAll("\\", "/")}`,
  ),
].filter((file) => file.endsWith(".md"));

/** The programs of a document, with a name for each. */
function programsOf(document: string): [name: string, text: string][] {
  const blocks = readFileSync(document, "utf8").matchAll(/^```ts\n(.*?)^```$/gms);
  return [...blocks].map(([, text = ""], index) => [
    `${document.replaceAll(/\W/g, "-")}-${index + 1}.ts`,
    text,
  ]);
}

/** What a document would have a page run: compiled only, since a page's URLs mean nothing here. */
function pageProgramsOf(document: string): [name: string, text: string][] {
  const blocks = readFileSync(document, "utf8").matchAll(/^```js\n(.*?)^```$/gms);
  return [...blocks].map(([, text = ""], index) => [
    `page-${document.replaceAll(/\W/g, "-")}-${index + 1}.ts`,
    text,
  ]);
}

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
    ...exported("waterspout", mainNames),
    ...exported("waterspout/testing", testingNames),
    ...exported("waterspout/client", ["RealtimeSocket"]),
    ...Object.entries(declared).flatMap(([name, declaration]) => (isUsed(name) ? [declaration] : [])),
  ].join("\n");
}

const mainNames = [
  "Application",
  "RequestHandler",
  "WebSocketHandler",
  "StaticFileHandler",
  "HttpError",
  "WaterspoutError",
  "route",
  "connect",
  "HandshakeError",
  "WebSocket",
  "Finish",
  "PeriodicCallback",
  "RedirectHandler",
  "ErrorHandler",
  "currentRequest",
].concat([
  "AccessLogEntry",
  "authenticated",
  "createSignedValue",
  "decodeSignedValue",
  "pathOnSite",
  "ErrorDetails",
  "ConnectOptions",
  "Logger",
  "Settings",
  "ErrorCode",
  "PathParams",
  "CompressionOptions",
]);
const testingNames = ["ExpectedLog", "TestClient", "startApplication", "encodeRawFrame"];

/** The same program on a free port, that ends by itself. */
function ending(text: string): string {
  const closes = text.includes("server.close()") ? "" : "\nawait server.close();\n";
  return text.replace("listen(10000", "listen(0") + closes;
}

const programs = documents.flatMap(programsOf);
const pagePrograms = documents.flatMap(pageProgramsOf);
const examples = readdirSync("src", { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .flatMap((file) => examplesOf(join("src", file)));

before(() => {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(join(directory, "node_modules"), { recursive: true });
  writeFileSync(join(directory, "package.json"), '{ "type": "module" }');
  mkdirSync(join(compiled, "public"), { recursive: true });
  // What a program of the documents has beside it.
  for (const name of ["key.pem", "cert.pem"])
    copyFileSync(join("test", "fixtures", "tls", name), join(compiled, name));
  symlinkSync(process.cwd(), join(directory, "node_modules", "waterspout"), "junction");
  // An example shows a use and need not use all that it names.
  const compilerOptions = {
    noUnusedLocals: false,
    verbatimModuleSyntax: false,
    noEmit: false,
    allowImportingTsExtensions: false,
    declaration: false,
    rootDir: ".",
    outDir: "compiled",
    paths: {},
  };
  writeFileSync(
    join(directory, "tsconfig.json"),
    JSON.stringify({ extends: "../../tsconfig.json", compilerOptions, include: ["*.ts"] }),
  );
  for (const [name, text] of programs) writeFileSync(join(directory, name), ending(text));
  for (const [name, text] of [...pagePrograms, ...examples]) writeFileSync(join(directory, name), text);
});

test("the programs of the documents and the examples of the source compile", async () => {
  assert.ok(
    programs.length >= 8 && examples.length >= 10,
    `${programs.length} programs, ${examples.length} examples`,
  );
  const compilation = promisify(execFile)(process.execPath, [
    "node_modules/typescript/bin/tsc",
    "-p",
    directory,
  ]);
  const { stdout } = await compilation.catch((error: { stdout: string }) => error);
  assert.equal(stdout, "");
});

suite("the programs of the documents run", { concurrency: availableParallelism() }, () => {
  for (const [name] of programs) {
    test(`${name} runs`, async () => {
      const program = new RunningProcess(process.execPath, [join(compiled, name.replace(/ts$/, "js"))]);
      assert.equal(await program.end(), 0, program.output);
      assert.doesNotMatch(program.output, /Error|\[[WE] /, name);
    });
  }
});

test("the program of the README answers as it says, in both languages", async () => {
  const [english = ["", ""], chinese = ["", ""]] = ["README.md", "README.zh-CN.md"].map(
    (file) => programsOf(file)[0],
  );
  assert.equal(chinese[1], english[1]);
  const file = join(directory, "readme.ts");
  writeFileSync(file, english[1].replace("listen(10000", "listen(0"));
  const program = new RunningProcess(process.execPath, ["--import", "tsx", file]);
  const [, url = ""] = await program.waitFor(/listening on (http:\S+)/);
  const client = await TestClient.connect(`${url}/url`);
  client.send("https://example.com/");
  assert.equal(await client.nextMessage(), "郑老板,您好,我已经收到url:https://example.com/");
  await client.close();
  await program.waitFor(/WebSocket opened\nurl is: https:\/\/example\.com\/\n(.*\n)*WebSocket closed\n/);
  program.kill("SIGKILL");
});
