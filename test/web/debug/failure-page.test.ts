import assert from "node:assert/strict";
import { mkdirSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import ts from "typescript";
import { HttpError, RequestHandler } from "../../../src/index.ts";
import { temporaryFiles } from "../../support/files.ts";
import { throwing } from "../../support/handlers.ts";
import { expectedLog } from "../../support/log.ts";
import { RunningProcess } from "../../support/process.ts";
import { get } from "../../support/raw-http.ts";
import { serveRoutes } from "../../support/serve-routes.ts";

const log = expectedLog();
const browser = ["Accept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"];

/** Put together here, since the page shows lines of this file. */
const secret = ["hunter", "2"].join("");

/** What is removed when types are, so that lines and columns of the compiled program are others. */
const program = `import { Application, RequestHandler } from "waterspout";

interface Story {
  readonly id: string;
}

class Page extends RequestHandler {
  get(): string {
    const story: Story | undefined = undefined as Story | undefined;
    return story!.id; // here
  }
}
const logger = { debug() {}, info() {}, warn() {}, error() {} };
const server = await new Application([["/", Page]], { debug: true, logger }).listen(0, { host: "127.0.0.1" });
console.log(\`listening \${server.port}.\`);
`;

const compilerOptions: ts.CompilerOptions = {
  module: ts.ModuleKind.ESNext,
  target: ts.ScriptTarget.ES2022,
  sourceMap: true,
};

/** A folder with a program in it, and the package where Node looks for it. */
function programFolder(files: Readonly<Record<string, string>>): string {
  const root = temporaryFiles({ "package.json": '{ "type": "module" }', ...files });
  const link = join(root, "node_modules", "waterspout");
  mkdirSync(dirname(link));
  symlinkSync(process.cwd(), link, "junction");
  return root;
}

/** The page of a program that fails, as a terminal gets it. */
async function failureOf(args: readonly string[]): Promise<string> {
  const running = new RunningProcess(process.execPath, args, { NODE_OPTIONS: "" });
  try {
    const [, port] = await running.waitFor(/listening (\d+)\./);
    return (await get({ port: Number(port) }, "/")).text;
  } finally {
    running.kill("SIGKILL");
    await running.end();
  }
}

/** Line 10 of the program, marked, and no other line marked. */
function checkSource(text: string, source: string): void {
  assert.ok(text.includes(`at Page.get (${source}:10:`), text);
  const marked = text.split("\n").filter((line) => line.startsWith("      >"));
  assert.deepEqual(marked, ["      > 10 |     return story!.id; // here"]);
  assert.match(text, / {2}3 \| interface Story \{\n|^ {9}5 \| \}/m);
}

test("a compiled program with its maps shows its source", async () => {
  const compiled = ts.transpileModule(program, { fileName: "page.ts", compilerOptions });
  const map = {
    ...(JSON.parse(compiled.sourceMapText ?? "") as object),
    sourceRoot: "../src",
    sources: ["page.ts"],
  };
  const root = programFolder({
    "src/page.ts": program,
    "dist/page.js": compiled.outputText.replace("module.js.map", "page.js.map"),
    "dist/page.js.map": JSON.stringify(map),
  });
  checkSource(await failureOf([join(root, "dist", "page.js")]), join(root, "src", "page.ts"));
});

test("a source that came in the map need not be on the disk", async () => {
  const inline = { ...compilerOptions, sourceMap: false, inlineSourceMap: true, inlineSources: true };
  const { outputText } = ts.transpileModule(program, { fileName: "page.ts", compilerOptions: inline });
  const root = programFolder({ "page.js": outputText });
  checkSource(await failureOf([join(root, "page.js")]), join(root, "page.ts"));
});

test("a program run by tsx shows its source", async () => {
  const root = programFolder({ "page.ts": program });
  checkSource(
    await failureOf(["--import", import.meta.resolve("tsx"), join(root, "page.ts")]),
    join(root, "page.ts"),
  );
});

test("a compiled program without maps, or with what is none, shows what there is", async () => {
  const { outputText } = ts.transpileModule(program, { fileName: "page.ts", compilerOptions });
  for (const map of ["{", '{"version":3}', "null"]) {
    const root = programFolder({
      "page.js": outputText.replace("module.js.map", "page.js.map"),
      "page.js.map": map,
    });
    const text = await failureOf([join(root, "page.js")]);
    assert.match(text, /page\.js:\d+:\d+\)\n(?: +\d+ \|.*\n)+ {6}> +\d+ \| +return story\.id; \/\/ here\n/);
  }
});

test("everything on the page is escaped, and its policy lets no script run", async (context) => {
  const evil = `<script>alert("x")</script>&'`;
  const escaped = "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;&#x27;";
  class Evil extends Error {
    override readonly name = evil;
    readonly code = evil;
  }
  const fail = (): Error => {
    const error = new Evil(evil, { cause: new Error(`cause ${evil}`) });
    error.stack = `${evil}\n    at ${evil} (${evil}:1:1)`;
    return error;
  };
  const server = await serveRoutes(context, log, [throwing("/*", fail)], { debug: true });
  const { status, text, header } = await get(server, `/${evil.replaceAll(" ", "")}`, [
    ...browser,
    `X-Evil: ${evil}`,
  ]);
  assert.equal(status, 500);
  assert.equal(header("Content-Type"), "text/html; charset=utf-8");
  assert.doesNotMatch(text, /<script|alert\("/);
  assert.ok(text.split(escaped).length > 6, text);
  assert.match(text, /<meta http-equiv="Content-Security-Policy" content="default-src 'none'; /);
  await log.expect(/^Uncaught exception/);
  await log.expect(/^500 GET/);
});

test("secrets of the request are hidden", async (context) => {
  const server = await serveRoutes(context, log, [throwing("/", () => new Error("failed"))], { debug: true });
  const lines = [
    `Authorization: Bearer ${secret}`,
    `Cookie: sid=${secret}`,
    `X-Api-Key: ${secret}`,
    `X-CSRF-Token: ${secret}`,
    `Proxy-Authorization: Basic ${secret}`,
    `Referer: http://localhost/?access_token=${secret}`,
    "X-Plain: shown",
  ];
  for (const accept of [[], browser]) {
    const { text } = await get(server, `/?password=${secret}&q=asked`, [...lines, ...accept]);
    assert.ok(!text.includes(secret), text);
    assert.ok(text.includes("shown") && text.includes("q=asked") && text.includes("(hidden)"), text);
    await log.expect(/^Uncaught exception/);
    await log.expect(/^500 GET/);
  }
});

test("without debug there is nothing of it", async (context) => {
  const server = await serveRoutes(context, log, [throwing("/", () => new Error(secret))]);
  for (const accept of [[], browser]) {
    const { text } = await get(server, "/", ["X-Plain: shown", ...accept]);
    assert.doesNotMatch(text, /hunter|shown|failure-page|\.ts|\.js| at |127\.0/);
    await log.expect(/^Uncaught exception/);
    await log.expect(/^500 GET/);
  }
});

test("whatever was thrown, there is a page", async (context) => {
  const ring = new Error("ring");
  ring.cause = ring;
  const broken = new Error("broken");
  Object.defineProperty(broken, "stack", { get: () => assert.fail("no stack") });
  const thrown = [
    undefined,
    null,
    5,
    "text\u001b[31m",
    { status: 1 },
    ring,
    broken,
    new Error(`\u001b[2J\n${"x".repeat(9000)}`),
  ];
  const routes = thrown.map((value, index) => throwing(`/${index}`, () => value));
  const server = await serveRoutes(context, log, routes, { debug: true });
  for (const index of thrown.keys()) {
    for (const accept of [[], browser]) {
      const { status, text } = await get(server, `/${index}`, accept);
      assert.equal(status, 500);
      assert.match(text, /HANDLER_FAILED/);
      assert.ok(text.length < 60_000 && !text.includes("\u001b"), String(index));
      await log.expect(/^Uncaught exception/);
      await log.expect(/^500 GET/);
    }
  }
});

test("a message that looks like a stack shows no file, and a stack none that is no source", async (context) => {
  const root = temporaryFiles({ ".env": secret, "page.ts": secret });
  const message = `failed\n    at evil (${join(root, "page.ts")}:1:1)`;
  const error = new Error(message);
  const server = await serveRoutes(
    context,
    log,
    [
      throwing("/message", () => error),
      throwing("/secret", () =>
        Object.assign(new Error("x"), { stack: `Error: x\n    at a (${join(root, ".env")}:1:1)` }),
      ),
      throwing("/beyond", () =>
        Object.assign(new Error("x"), { stack: `Error: x\n    at a (${join(root, "page.ts")}:99)` }),
      ),
    ],
    { debug: true },
  );
  for (const path of ["/message", "/secret", "/beyond"]) {
    const { text } = await get(server, path);
    assert.ok(!text.includes(secret), path);
    await log.expect(/^Uncaught exception/);
    await log.expect(/^500 GET/);
  }
});

test("what is refused has its usual page, and a page of one's own stays", async (context) => {
  class Own extends RequestHandler {
    get(): never {
      throw new Error("own");
    }
    override writeError(status: number) {
      return { status };
    }
  }
  const routes = [throwing("/refused", () => new HttpError(503, "tired")), ["/own", Own]] as const;
  const server = await serveRoutes(context, log, routes, { debug: true });
  const refused = await get(server, "/refused");
  assert.equal(
    refused.text,
    "503: Service Unavailable\nHANDLER_REFUSED: SecretHandler refused the request: tired\n",
  );
  assert.equal((await get(server, "/own")).text, '{"status":500}');
  await log.expect(/^503 GET/);
  await log.expect(/^HANDLER_REFUSED/);
  await log.expect(/^Uncaught exception/);
  await log.expect(/^500 GET/);
});
