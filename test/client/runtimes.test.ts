/** The built client in Node, Bun and Deno, which are installed here, apart from our own packages. */
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { promisify } from "node:util";
import { Application, WebSocketHandler } from "../../src/index.ts";
import { startApplication } from "../../src/testing/index.ts";
import { expectedLog } from "../support/log.ts";

const directory = join("test", "runtimes");
const packages = join(directory, "node_modules");
const program = join(directory, "echo.js");
const run = promisify(execFile);

class Echo extends WebSocketHandler {
  override onMessage(message: string | Uint8Array) {
    this.writeMessage(message);
  }
}

/** Why Bun and Deno are not here; false when they are. In CI they have to be. */
function installRuntimes(): string | false {
  const installed = join(packages, ".package-lock.json");
  const lock = join(directory, "package-lock.json");
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return false;
  const args = ["ci", "--prefix", directory, "--ignore-scripts", "--no-audit", "--no-fund", "--silent"];
  const { status, stderr } = spawnSync("npm", args, {
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  if (status === 0) return false;
  if (process.env["CI"] === "true") throw new Error(`npm ci in ${directory} failed: ${stderr.trim()}`);
  return `npm ci in ${directory} failed: ${stderr.trim()}`;
}

/** A runtime's program itself: what npm puts beside it is a script that would fetch or copy it at installation. */
function programOf(scope: string, ...path: string[]): string {
  const [platform = "none"] = existsSync(join(packages, scope)) ? readdirSync(join(packages, scope)) : [];
  return join(packages, scope, platform, ...path);
}

const skip = installRuntimes();
const runtimes = {
  Node: { skip: false, command: [process.execPath], hasWebSocket: "WebSocket" in globalThis },
  Bun: { skip, command: [programOf("@oven", "bin", "bun"), "run"], hasWebSocket: true },
  Deno: { skip, command: [programOf("@deno", "deno"), "run", "--quiet", "--allow-all"], hasWebSocket: true },
} as const;

for (const [name, { skip: reason, command, hasWebSocket }] of Object.entries(runtimes)) {
  suite(`the client in ${name}`, { skip: reason }, () => {
    const log = expectedLog();
    for (const transport of ["all", "websocket", "sse", "long-polling", "polling"]) {
      if (transport === "websocket" && !hasWebSocket) continue;
      test(`speaks over ${transport === "all" ? "what it chooses" : transport}`, async () => {
        const app = new Application(
          [["/echo", Echo, { transports: ["websocket", "sse", "long-polling", "polling"] }]],
          { logger: log },
        );
        await using server = await startApplication(app);
        const [file, ...args] = command;
        const { stdout, stderr } = await run(file, [...args, program, `${server.url}/echo`, transport], {
          timeout: 30_000,
          env: { ...process.env, NO_COLOR: "1" },
        });
        const used = transport !== "all" ? transport : hasWebSocket ? "websocket" : "sse";
        assert.deepEqual(
          JSON.parse(stdout),
          [`open by ${used}`, "文字 \u{1F30A}", "0 128 255", "close 1000  true"],
          stderr,
        );
        await log.expect(/(101|200) (GET|POST) /);
        await log.expect(/^1000 .* closed/);
      });
    }
  });
}
