import assert from "node:assert/strict";
import { once } from "node:events";
import { watch } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { TestClient } from "../../src/testing/index.ts";
import { applicationText, CliProject } from "../support/cli-project.ts";
import type { RunningProcess } from "../support/process.ts";
import { RawConnection, requestText } from "../support/raw-http.ts";

const skip = process.platform === "win32" && "Windows has no signals that a program could take";

/** Where it serves, once it has said so for the nth time. */
async function urlOf(program: RunningProcess, times = 1): Promise<string> {
  const line = String.raw`serving \S+ on (http:\S+)\n`;
  const [, url = ""] = await program.waitFor(new RegExp(`(?:${line}[^]*?){${times}}`));
  return url;
}

async function textAt(url: string): Promise<string> {
  return (await fetch(url)).text();
}

test("a change starts it again, and who comes meanwhile waits", async (context) => {
  const project = new CliProject(context);
  const file = project.write("app.js", applicationText("one"));
  const program = project.run(["dev", "--port", "0", "--host", "127.0.0.1", file]);
  const url = await urlOf(program);
  assert.equal(await textAt(url), "one");
  const client = await TestClient.connect(`${url.replace("http", "ws")}/ws`);
  client.send("hello");
  assert.equal(await client.nextMessage(), "hello");

  // The new one takes its time, so that there is a meanwhile.
  const slow = "console.log('loading'); await new Promise((resolve) => setTimeout(resolve, 200));";
  project.write("app.js", applicationText("two", slow));
  assert.equal((await client.closed()).code, 1001);
  await program.waitFor(/app\.js changed, starting again/);
  await program.waitFor(/loading/);
  const words = await Promise.all(Array.from({ length: 20 }, () => textAt(url)));
  assert.deepEqual(new Set(words), new Set(["two"]));
  assert.equal(await urlOf(program, 2), url);
});

test("an imported module counts, and what is not written by hand does not", async (context) => {
  const project = new CliProject(context);
  project.write("word.js", 'export const word = "one";');
  const text = applicationText("").replace('return "";', "return word;");
  const file = project.write("app.js", `import { word } from "./word.js";\n${text}`);
  const program = project.run(["dev", "--port=0", "--host=127.0.0.1", file]);
  const url = await urlOf(program);
  project.write("data.json", "{}");
  project.write(".hidden.js", "");
  project.write("node_modules/module.js", "");
  project.write("word.js", 'export const word = "two";');
  await urlOf(program, 2);
  assert.equal(await textAt(url), "two");
  assert.deepEqual(
    [...program.output.matchAll(/(\S+) changed/g)].map(([, path = ""]) => path.replace(/^.*[\\/]/, "")),
    ["word.js"],
  );
});

test("what else is to be watched can be named", async (context) => {
  const project = new CliProject(context);
  const data = project.write("data.txt", "one");
  const file = project.write("app.js", applicationText("here"));
  const program = project.run(["dev", "--port=0", "--host=127.0.0.1", "--watch", data, file]);
  await urlOf(program);
  project.write("data.txt", "two");
  await program.waitFor(/data\.txt changed/);
  await urlOf(program, 2);
});

test("a syntax error is shown, and the next change tried", async (context) => {
  const project = new CliProject(context);
  const file = project.write("app.js", "const x = = 1;");
  const program = project.run(["dev", "-p", "0", "-H", "127.0.0.1", file]);
  await program.waitFor(
    /app\.js:1\nconst x = = 1;\n(?:.*\n)*.*app\.js ended with code 1, waiting for a change/,
  );
  project.write("app.js", applicationText("one"));
  const url = await urlOf(program);
  assert.equal(await textAt(url), "one");

  project.write("app.js", "const y = = 1;");
  await program.waitFor(/const y = = 1;\n(?:.*\n)*.*waiting for a change/);
  const response = await fetch(url);
  assert.equal(response.status, 503);
  assert.match(
    await response.text(),
    /app\.js does not run\. The terminal says why; it is started again when a file changes\./,
  );

  project.write("app.js", applicationText("two"));
  await urlOf(program, 2);
  assert.equal(await textAt(url), "two");
});

test("a program that dies while it serves is started again by a change", async (context) => {
  const project = new CliProject(context);
  const dying = applicationText("").replace('return "";', "process.exit(7);");
  const file = project.write("app.js", dying);
  const program = project.run(["dev", "--port=0", "--host=127.0.0.1", file]);
  const url = await urlOf(program);
  await assert.rejects(fetch(url));
  await program.waitFor(/app\.js ended with code 7, waiting for a change/);
  project.write("app.js", applicationText("alive"));
  await urlOf(program, 2);
  assert.equal(await textAt(url), "alive");
});

test("who was on the way to a program that dies is told, and not left waiting", async (context) => {
  const project = new CliProject(context);
  // It takes no connection any more, and dies when the test has seen its file.
  const dying = `while (!existsSync(${JSON.stringify(join(project.folder, "die"))})); process.exit(7);`;
  const text = applicationText("", 'import { existsSync } from "node:fs";');
  const file = project.write("app.js", text.replace('return "";', `console.log("asked"); ${dying}`));
  const program = project.run(["dev", "--port=0", "--host=127.0.0.1", file]);
  const url = await urlOf(program);
  const first = assert.rejects(fetch(url));
  await program.waitFor(/asked/);
  const port = Number(new URL(url).port);
  const others = await Promise.all(Array.from({ length: 50 }, () => RawConnection.open(port)));
  for (const each of others) each.send(requestText("GET", "/"));
  project.write("die", "");
  await first;
  const statuses = await Promise.all(others.map(async (each) => (await each.nextResponse()).status));
  assert.deepEqual(new Set(statuses), new Set([503]));
  for (const each of others) each.destroy();
});

test("TypeScript runs where tsx is installed, and its stacks have its lines", async (context) => {
  const project = new CliProject(context, ["tsx"]);
  const typed = (word: string): string => applicationText(word, "interface Type { readonly a: string }");
  const failing = typed("").replace('return "";', 'throw new Error("thrown");');
  const file = project.write("app.ts", failing);
  const program = project.run(["dev", "--port=0", "--host=127.0.0.1", file]);
  const url = await urlOf(program);
  assert.equal((await fetch(url)).status, 500);
  await program.waitFor(/Error: thrown\n.*app\.ts:2:/);
  project.write("app.ts", typed("typed"));
  await urlOf(program, 2);
  assert.equal(await textAt(url), "typed");
});

test("who does not end by himself is ended, at once by a second signal", { skip }, async (context) => {
  const project = new CliProject(context);
  const hung = applicationText("").replace('return "";', 'console.log("hung"); for (;;);');
  const file = project.write("app.js", hung);
  const program = project.run(["dev", "--port=0", "--host=127.0.0.1", file]);
  const asked = assert.rejects(fetch(await urlOf(program)));
  await program.waitFor(/hung/);
  // A change does not wait for it for ever either.
  project.write("app.js", hung.replace("hung", "hung again"));
  const again = assert.rejects(fetch(await urlOf(program, 2)));
  await asked;
  await program.waitFor(/hung again/);
  // Two of one kind may come as one, and two kinds in any order.
  program.kill("SIGINT");
  program.kill("SIGTERM");
  const code = await program.end();
  assert.ok(code === 130 || code === 143, `${code}: ${program.output}`);
  await again;
});

test("a signal ends the program and what it started, with 0", { skip }, async (context) => {
  const project = new CliProject(context);
  const file = project.write("app.js", applicationText("here", "console.log(`child ${process.pid}`);"));
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    const program = project.run(["dev", "--port=0", "--host=127.0.0.1", file]);
    await urlOf(program);
    const [, pid] = await program.waitFor(/child (\d+)/);
    program.kill(signal);
    assert.equal(await program.end(), 0, program.output);
    assert.throws(() => process.kill(Number(pid), 0), { code: "ESRCH" });
  }
});

test("what it started ends also when the program itself is killed", { skip }, async (context) => {
  const project = new CliProject(context);
  const note = "process.on('exit', () => writeFileSync(new URL('ended', import.meta.url), ''));";
  const text = applicationText(
    "here",
    `import { writeFileSync } from "node:fs"; ${note} console.log(process.ppid);`,
  );
  const file = project.write("app.js", text);
  const program = project.run(["dev", "--port=0", "--host=127.0.0.1", file]);
  await urlOf(program);
  const [, parent] = await program.waitFor(/^(\d+)$/m);
  const ended = new Promise<void>((resolve) => {
    const watcher = watch(project.folder, (_event, name) => {
      if (name !== "ended") return;
      watcher.close();
      resolve();
    });
  });
  process.kill(Number(parent), "SIGKILL");
  await ended;
});

test("a port that is taken, and a file that is not there, are exit code 1", async (context) => {
  const taken = createServer().listen(0, "127.0.0.1");
  context.after(() => taken.close());
  await once(taken, "listening");
  const { port } = taken.address() as AddressInfo;
  const project = new CliProject(context);
  const file = project.write("app.js", applicationText("never"));
  const refused = project.run(["dev", "--host=127.0.0.1", `--port=${port}`, file]);
  assert.equal(await refused.end(), 1);
  assert.match(refused.output, /^waterspout: cannot listen: .*EADDRINUSE/);
  const missing = project.run(["dev", join(project.folder, "none.js")]);
  assert.equal(await missing.end(), 1);
  assert.match(missing.output, /^waterspout: there is no file .*none\.js\n$/);
  const folder = project.run(["dev", project.folder]);
  assert.equal(await folder.end(), 1);
  assert.match(folder.output, /^waterspout: \S+ is a folder, and not the file in it that exports/);
});
