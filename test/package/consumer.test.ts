/** What `npm pack` makes, installed into a fresh project and used as a stranger would. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";

const project = mkdtempSync(join(tmpdir(), "waterspout-consumer-"));
const shell = process.platform === "win32";

async function run(command: string, args: readonly string[], cwd = project): Promise<string> {
  const { stdout } = await promisify(execFile)(command, args, { cwd, shell }).catch(
    (error: { stdout: string; stderr: string }) =>
      assert.fail(`${command} ${args.join(" ")}\n${error.stdout}${error.stderr}`),
  );
  return stdout;
}

/** The versions that this project itself pins. */
const { devDependencies } = JSON.parse(readFileSync("package.json", "utf8")) as {
  devDependencies: Record<string, string>;
};

before(async () => {
  // dist/ has been built by the test command; building it again here would take it away from other tests.
  const packed = await run(
    "npm",
    ["pack", "--silent", "--ignore-scripts", "--pack-destination", project],
    process.cwd(),
  );
  writeFileSync(join(project, "package.json"), '{ "private": true, "type": "module" }');
  const tools = ["typescript", "@types/node"].map((name) => `${name}@${devDependencies[name]}`);
  await run("npm", ["install", "--silent", "--prefer-offline", `./${packed.trim()}`, ...tools]);
});
after(() => rmSync(project, { recursive: true, force: true }));

test("the package holds what it needs and nothing else", async () => {
  const listing = JSON.parse(
    await run("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], process.cwd()),
  ) as unknown;
  // npm 12 gives an object by package name where its predecessors gave a list.
  const [{ files }] = Object.values(listing as Record<string, { files: { path: string }[] }>) as [
    { files: { path: string }[] },
  ];
  const tops = new Set(files.map(({ path }) => path.split("/", 1).join()));
  const expected = [
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "README.zh-CN.md",
    "dist",
    "docs",
    "package.json",
    "src",
  ];
  assert.deepEqual([...tops].toSorted(), expected.toSorted());
});

test("a TypeScript project compiles against it, strictly, and runs", async () => {
  writeFileSync(
    join(project, "server.ts"),
    `import { Application, RequestHandler, WebSocketHandler, route } from "waterspout";
import { ExpectedLog, startApplication, TestClient } from "waterspout/testing";

class Echo extends WebSocketHandler<{ id: string }> {
  override onMessage(message: string | Uint8Array) {
    this.writeMessage(\`\${this.params.id}: \${message}\`);
  }
}
class Home extends RequestHandler {
  get() {
    return { home: this.reverseUrl("echo", { id: 1 }) };
  }
}
// @ts-expect-error Echo needs a parameter that this pattern does not have.
new Application([["/echo", Echo]]);

const app = new Application([route("/echo/:id", Echo, { name: "echo" }), ["/", Home]], { logger: new ExpectedLog() });
const server = await startApplication(app);
const client = await TestClient.connect(\`\${server.url}/echo/7\`);
client.send("hello");
console.log(await client.nextMessage(), await (await fetch(server.url)).text());
await server.close();
`,
  );
  const compilerOptions = {
    module: "nodenext",
    target: "es2023",
    strict: true,
    exactOptionalPropertyTypes: true,
    types: ["node"],
  };
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["server.ts"] }));
  await run("npx", ["tsc"]);
  assert.equal(await run("node", ["server.js"]), '7: hello {"home":"/echo/1"}\n');
});

const plainProgram = `
class Hello extends RequestHandler { get() { return "hello"; } }
const app = new Application([["/", Hello]], { logger: { debug() {}, info() {}, warn() {}, error() {} } });
app.listen(0).then(async (server) => {
  console.log(await (await fetch(server.url)).text());
  await server.close();
});
`;

test("a plain JavaScript module runs with it", async () => {
  writeFileSync(
    join(project, "plain.mjs"),
    `import { Application, RequestHandler } from "waterspout";${plainProgram}`,
  );
  assert.equal(await run("node", ["plain.mjs"]), "hello\n");
});

test("a CommonJS program requires it", async () => {
  writeFileSync(
    join(project, "plain.cjs"),
    `const { Application, RequestHandler } = require("waterspout");${plainProgram}`,
  );
  assert.equal(await run("node", ["plain.cjs"]), "hello\n");
});

test("the command waterspout is there, with what it needs", async () => {
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  assert.equal(await run("npx", ["waterspout", "--version"]), `${version}\n`);
  writeFileSync(
    join(project, "served.mjs"),
    `import { Application } from "waterspout";
const app = new Application([]);
export default { listen: async (...given) => {
  const server = await app.listen(...given);
  process.emit("SIGTERM", "SIGTERM");
  return server;
} };
`,
  );
  await run("npx", ["waterspout", "serve", "--port", "0", "served.mjs"]);
  // Without it `dev` could not even be loaded.
  assert.match(await run("npm", ["ls", "chokidar"]), /waterspout@.*\n.*chokidar@5/);
});
