/** What is in Python in the documents runs with Debian's Tornado, and the programs that are there in both languages do the same. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { suite, test } from "node:test";
import { promisify } from "node:util";
import { skipReason } from "../../scripts/system-packages.ts";
import { connect, HandshakeError } from "../../src/index.ts";
import { CookieJar } from "../support/cookie-jar.ts";
import { blocksOf, documents } from "../support/documents.ts";
import { temporaryFiles } from "../support/files.ts";
import { RunningProcess } from "../support/process.ts";
import { startNginx, startRealProxy } from "../support/real-proxies.ts";

const python = "/usr/bin/python3";
const page = "docs/coming-from-tornado.md";
const [tornadoSite = "", tornadoHalf = ""] = blocksOf(page, "python");
const [ourSite = "", ourHalf = ""] = blocksOf(page, "ts");

/** Replaces what a program has for what a test has. */
function replaced(text: string, documented: string | RegExp, replacement: string): string {
  const result = text.replace(documented, replacement);
  assert.notEqual(result, text, `there is no ${documented}`);
  return result;
}

async function start(
  context: TestContext,
  command: string,
  args: readonly string[],
  says: RegExp,
): Promise<string> {
  const program = new RunningProcess(command, args, { COOKIE_SECRET: "a secret of both" });
  context.after(async () => {
    program.kill("SIGKILL");
    await program.end();
  });
  const [, said = ""] = await program.waitFor(says);
  return said;
}

/** Runs a program in Python on a free port, and resolves with its URL. */
async function startTornado(context: TestContext, text: string): Promise<string> {
  const listening =
    'print("port %d" % list(app.listen(0$1)._sockets.values())[0].getsockname()[1], flush=True)';
  const root = temporaryFiles({ "site.py": replaced(text, /app\.listen\(8888(.*)\)/, listening) });
  const port = await start(context, python, [join(root, "site.py")], /port (\d+)\n/);
  return `http://127.0.0.1:${port}`;
}

/** Runs one in TypeScript. */
async function startOurs(context: TestContext, text: string): Promise<string> {
  const program = replaced(text, "listen(10000)", 'listen(0, { host: "127.0.0.1" })');
  const root = temporaryFiles({ "package.json": '{ "type": "module" }', "site.ts": program });
  mkdirSync(join(root, "node_modules"));
  for (const [name, path] of [
    ["waterspout", process.cwd()],
    ["zod", join(process.cwd(), "node_modules", "zod")],
  ] as const)
    symlinkSync(path, join(root, "node_modules", name), "junction");
  return start(context, process.execPath, ["--import", "tsx", join(root, "site.ts")], /(http:\S+)\n/);
}

/** What of an answer must be the same in both languages. */
async function tell(response: Response): Promise<readonly unknown[]> {
  const type = response.headers.get("content-type") ?? "";
  const body = await response.text();
  const said = type.startsWith("application/json") ? (JSON.parse(body) as unknown) : body;
  return [response.status, response.headers.get("location"), response.ok ? said : ""];
}

/** Runs the programs that are named; servers, which would not end, are compiled only, and asked below. */
const runner = `
import pathlib, runpy, sys
for name in sys.argv[1:]:
    print(name, flush=True)
    text = pathlib.Path(name).read_text()
    if "asyncio.run(main())" in text:
        compile(text, name, "exec")
    else:
        runpy.run_path(name)
`;

suite("what is in Python", { skip: skipReason("tornado") }, () => {
  for (const document of documents) {
    const blocks = blocksOf(document, "python");
    if (blocks.length === 0) continue;
    test(`in ${document} runs`, async () => {
      const programs = blocks.map((text, index) => [`program${index + 1}.py`, text] as const);
      const cwd = temporaryFiles({ ...Object.fromEntries(programs), "runner.py": runner });
      const run = promisify(execFile);
      await run(python, ["runner.py", ...programs.map(([name]) => name)], { cwd });
      for (const [name, text] of programs)
        if (text.includes("TestCase")) await run(python, ["-m", "unittest", name], { cwd });
    });
  }
});

/** Asks the first application all that it can do. */
async function visitSite(url: string): Promise<unknown> {
  const jar = new CookieJar();
  const ask = async (path: string, init: RequestInit = {}): Promise<readonly unknown[]> =>
    tell(await jar.fetch(url + path, { redirect: "manual", ...init }));
  const answers = [
    await ask("/story/1?tag=new"),
    await ask("/story/2"),
    await ask("/"),
    await ask("/login", { method: "POST", body: new URLSearchParams({ user: "Ada" }) }),
    // The form has a token, and so has the cookie that comes with it.
    [(await jar.fetch(`${url}/login`)).status],
  ];
  const token = { "X-Xsrftoken": jar.get("_xsrf") };
  const login = { method: "POST", headers: token, body: new URLSearchParams({ user: "<Ada>" }) };
  const json = { ...token, "Content-Type": "application/json" };
  const put = { method: "PUT", headers: json, body: JSON.stringify({ text: "The end" }) };
  answers.push(await ask("/login", login), await ask("/"));
  const socket = await connect(`${url}/readers?name=Ada`);
  const messages = socket[Symbol.asyncIterator]();
  const next = async (): Promise<unknown> => JSON.parse(String((await messages.next()).value));
  const heard = [await next()];
  answers.push(await ask("/story/1", put), await ask("/story/1"));
  heard.push(await next());
  socket.send('"echo"');
  heard.push(await next());
  socket.close();
  return { answers, heard };
}

test("the application is the same in both languages", { skip: skipReason("tornado") }, async (context) => {
  const [theirs, ours] = await Promise.all([
    startTornado(context, tornadoSite).then(visitSite),
    startOurs(context, ourSite).then(visitSite),
  ]);
  assert.deepEqual(ours, theirs);
  assert.deepEqual(ours, {
    answers: [
      [200, null, { text: "Once upon a time", tag: "new" }],
      [404, null, ""],
      [302, "/login?next=%2F", ""],
      [403, null, ""],
      [200],
      [302, "/", ""],
      [200, null, 'Hello &lt;Ada&gt;, <a href="/story/1">a story</a>'],
      [204, null, ""],
      [200, null, { text: "The end", tag: "all" }],
    ],
    heard: [{ welcome: "Ada" }, { changed: "1" }, "echo"],
  });
});

/** Logs in at the half that stays, and goes to the one that has moved. */
async function visitBothHalves(url: string): Promise<void> {
  const jar = new CookieJar();
  const ask = async (path: string, init: RequestInit = {}): Promise<readonly unknown[]> =>
    tell(await jar.fetch(url + path, { redirect: "manual", ...init }));
  assert.deepEqual(await ask("/profile"), [302, "/login?next=%2Fprofile", ""]);
  assert.deepEqual(await ask("/settings"), [302, "/login?next=%2Fsettings", ""]);
  const form = await (await jar.fetch(`${url}/login`)).text();
  const [, token = ""] = /name="_xsrf" value="([^"]+)"/.exec(form) ?? [];
  const login = new URLSearchParams({ user: "Ada", _xsrf: token });
  assert.deepEqual(await ask("/login", { method: "POST", body: login }), [302, "/profile", ""]);
  const profile = { user: "Ada", address: "127.0.0.1" };
  assert.deepEqual(await ask("/profile"), [200, null, profile]);
  // With the token of the other half's form.
  const saving = { method: "POST", body: new URLSearchParams({ _xsrf: token }) };
  assert.deepEqual(await ask("/settings", saving), [200, null, { saved: "Ada" }]);
  assert.deepEqual(await ask("/settings", { method: "POST" }), [403, null, ""]);
  const changing = { headers: { "X-Xsrftoken": jar.get("_xsrf") } };
  for (const method of ["PUT", "PATCH", "DELETE"])
    assert.deepEqual(await ask("/profile", { method, ...changing }), [405, null, ""], method);
  assert.equal((await jar.fetch(`${url}/profile`, { method: "HEAD" })).status, 405);
  const socket = await connect(`${url}/feed`, { headers: { Cookie: jar.header } });
  for await (const message of socket) {
    assert.deepEqual(JSON.parse(String(message)), { user: "Ada" });
    socket.close();
  }
  await assert.rejects(connect(`${url}/feed`), (error) => {
    assert.ok(error instanceof HandshakeError);
    assert.equal(error.status, 401);
    return true;
  });
}

suite("the two halves of a site are one", { skip: skipReason("tornado") }, () => {
  test("where the new one passes on what it does not have", async (context) => {
    const tornado = await startTornado(context, tornadoHalf);
    await visitBothHalves(await startOurs(context, replaced(ourHalf, "http://127.0.0.1:8888", tornado)));
  });

  test("behind nginx", { skip: skipReason("nginx") }, async (context) => {
    const settings = 'xsrfCookies: true, trustedProxies: ["loopback"], allowedHosts: ["app.example.com"]';
    const halves = await Promise.all([
      startTornado(context, tornadoHalf),
      startOurs(context, replaced(ourHalf, "xsrfCookies: true", settings)),
    ]);
    const [tornado, ours] = halves.map((url) => Number(new URL(url).port));
    const [site = ""] = blocksOf(page, "nginx");
    const proxy = {
      name: "nginx",
      requirement: "nginx",
      start: (port: number) => {
        const listening = replaced(site, "listen 80;", `listen 127.0.0.1:${port};`);
        return startNginx(listening.replaceAll(":8888", `:${tornado}`).replaceAll(":10000", `:${ours}`));
      },
    } as const;
    await visitBothHalves(await startRealProxy(context, proxy, []));
  });
});
