import { mkdtempSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { RunningProcess } from "./process.ts";

/** A folder with an application, as a user of the package has it, and the command that runs it. */
export class CliProject {
  readonly folder: string = mkdtempSync(join(tmpdir(), "waterspout-cli-"));
  readonly #context: TestContext;

  constructor(context: TestContext, packages: readonly string[] = []) {
    this.#context = context;
    context.after(() => rmSync(this.folder, { recursive: true, force: true }));
    this.write("package.json", '{ "type": "module" }');
    mkdirSync(join(this.folder, "node_modules"));
    this.#link("waterspout", process.cwd());
    for (const name of packages) this.#link(name, join(process.cwd(), "node_modules", name));
  }

  /** Writes a file, and gives its path. */
  write(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, text);
    return path;
  }

  /** Runs `waterspout` until the test is over. */
  run(args: readonly string[], env: NodeJS.ProcessEnv = {}): RunningProcess {
    const program = new RunningProcess(process.execPath, ["dist/cli/main.js", ...args], { PORT: "", ...env });
    this.#context.after(async () => {
      program.kill("SIGKILL");
      await program.end();
    });
    return program;
  }

  #link(name: string, target: string): void {
    symlinkSync(target, join(this.folder, "node_modules", name), "junction");
  }
}

/** An application that says `word` at /, echoes at /ws, and does what `more` says besides. */
export function applicationText(word: string, more = ""): string {
  return `import { Application, RequestHandler, WebSocketHandler } from "waterspout";
class Word extends RequestHandler { get() { return ${JSON.stringify(word)}; } }
class Echo extends WebSocketHandler { onMessage(message) { this.writeMessage(message); } }
${more}
export default new Application([["/", Word], ["/ws", Echo]]);
`;
}
