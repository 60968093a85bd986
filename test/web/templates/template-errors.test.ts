import assert from "node:assert/strict";
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Application, HttpError, RequestHandler } from "../../../src/index.ts";
import type { Settings } from "../../../src/index.ts";
import { startApplication } from "../../../src/testing/index.ts";
import { temporaryFiles } from "../../support/files.ts";
import { page } from "../../support/handlers.ts";
import { expectedLog } from "../../support/log.ts";
import { get } from "../../support/raw-http.ts";
import { serveRoutes } from "../../support/serve-routes.ts";

const log = expectedLog();

/** A handler that renders the template that the query names. */
class Named extends RequestHandler {
  get() {
    const list = [{ title: "A" }, null];
    return this.render(this.getQueryArgument("name"), { list, fail: failDeeply, refuse, handler: this });
  }
}

function failDeeply(depth = 20): never {
  if (depth > 0) failDeeply(depth - 1);
  throw new Error("from deep below");
}

function refuse(): never {
  throw new HttpError(402);
}

test("what fails in a template is 500, and the log says in which line of which template", async (context) => {
  const files: Readonly<Record<string, readonly [text: string, line: number, reason: RegExp]>> = {
    "value.eta": ["\n<p>\n  <%= it.list[1].title %>\n</p>", 3, /reading 'title'/],
    "tags.eta": [
      "<% for (const each of it.list) { %>\n<% if (1) { %><%= each.title %><% } %>\n<% } %>",
      2,
      /'title'/,
    ],
    "statement.eta": ["a\n\n<%\n\n  const x = 1;\n  it.missing();\n%>\n", 6, /missing is not a function/],
    "brackets.eta": [
      "<p>\n<% [1, 2].forEach((n) => { %>\n<%= n %>\n<% }); (it.missing)() %>",
      4,
      /is not a function/,
    ],
    "comment.eta": ["<%\n/* <%= %> */ %>\n<%= '<%' + it.a.b %>", 3, /reading 'b'/],
    "deep.eta": ["<%= 1 %>\n\n<%= it.fail() %>", 3, /from deep below/],
    "thrown.eta": ["\n<% throw 'a text' %>", 1, /"a text"/],
    "frozen.eta": ["<% throw Object.freeze(new Error('frozen')) %>", 1, /frozen/],
    "crlf.eta": ["a\r\nb\r\n<%= it.a.b %>", 3, /reading 'b'/],
    "absent.eta": [
      "\n<%~ include('nowhere') %>",
      2,
      /no template "nowhere": looked for nowhere and nowhere\.eta in /,
    ],
  };
  const templatePath = temporaryFiles(
    Object.fromEntries(Object.entries(files).map(([name, [text]]) => [name, text])),
  );
  const server = await serveRoutes(context, log, [["/", Named]], { templatePath });
  for (const [name, [, line, reason]] of Object.entries(files)) {
    const { status, text } = await get(server, `/?name=${name}`);
    assert.equal(status, 500, name);
    assert.equal(text, "500: Internal Server Error\nHANDLER_FAILED: Something went wrong on the server.\n");
    const logged = (await log.expect(/^Uncaught exception/)).text;
    const [, first = "", second] = logged.split("\n");
    assert.ok(first.startsWith(`WaterspoutError: template ${name}, line ${line}: `), logged);
    assert.match(first, reason);
    assert.equal(second, `    at ${name} (${join(templatePath, name)}:${line})`);
    // Of an error that is frozen the stack is what it was.
    if (name !== "frozen.eta") assert.doesNotMatch(logged, /compiled template/);
    await log.expect(/^500 GET/);
  }
});

test("an error in what is included names both places", async (context) => {
  const templatePath = temporaryFiles({
    "page.eta": "one\n<%~ include('part/row') %>",
    "part/row.eta": "\n\n<%= it.a.b %>",
    "ring.eta": "<%~ include('ring') %>",
  });
  const server = await serveRoutes(context, log, [["/", Named]], { templatePath });
  assert.equal((await get(server, "/?name=page")).status, 500);
  const { text } = await log.expect(/^Uncaught exception/);
  const places = [...text.split("Caused by")[0]!.matchAll(/^ {4}at (\S+) .*:(\d+)\)$/gm)].map(
    ([, ...place]) => place,
  );
  assert.deepEqual(places, [
    ["part/row.eta", "3"],
    ["page.eta", "2"],
  ]);
  await log.expect(/^500 GET/);
  assert.equal((await get(server, "/?name=ring")).status, 500);
  await log.expect(/^Uncaught exception .*\n.*template ring\.eta, line 1: Maximum call stack/);
  await log.expect(/^500 GET/);
});

test("a template may refuse the request", async (context) => {
  const templatePath = temporaryFiles({
    "refuse.eta": "<% it.refuse() %>",
    "argument.eta": "<%= it.handler.getQueryArgument('q') %>",
  });
  const server = await serveRoutes(context, log, [["/", Named]], { templatePath });
  assert.equal((await get(server, "/?name=refuse")).status, 402);
  assert.equal((await get(server, "/?name=argument")).status, 400);
  await log.expect(/^402 GET/);
  await log.expect(/^400 GET/);
  await log.expect(/^ARGUMENT_MISSING/);
});

test("no name leads out of the directory", async (context) => {
  const root = temporaryFiles({
    "secret.eta": "hunter2",
    "templates/page.eta": "<%~ include(it.handler.getQueryArgument('part')) %>",
    "templates/node_modules/x.eta": "hunter2",
    "templates/.hidden/x.eta": "hunter2",
    "templates/notes.txt": "hunter2",
  });
  const names = [
    "../secret",
    "../secret.eta",
    "/../secret",
    join(root, "secret.eta"),
    String.raw`..\secret`,
    "x/../../secret",
  ];
  names.push("node_modules/x", ".hidden/x", "notes.txt", "secret\0.eta", "constructor", "__proto__");
  const server = await serveRoutes(context, log, [["/", Named]], { templatePath: join(root, "templates") });
  for (const name of names) {
    for (const query of [`name=${encodeURIComponent(name)}`, `name=page&part=${encodeURIComponent(name)}`]) {
      const { status, text } = await get(server, `/?${query}`);
      assert.deepEqual([status, text.includes("hunter2")], [500, false], query);
      await log.expect(/^Uncaught exception .*\n.*there is no template/);
      await log.expect(/^500 GET/);
    }
  }
});

/** What makes an application fail to listen. */
async function refusal(settings: Settings): Promise<string> {
  const app = new Application([], { logger: log, ...settings });
  const error = await startApplication(app).then(
    async (server) => {
      await server.close();
      return { message: "it listens" };
    },
    (reason: unknown) => reason as Error,
  );
  return error.message;
}

test("a template that is not valid is found before the application listens, with its line", async () => {
  const table: readonly [text: string, line: number, reason: string][] = [
    ["<p>\n<%= it.a b %>", 2, "b"],
    ["<p>\n\n<% if (true) { %>\n", 3, "Unexpected end of input"],
    ["a\n<% const x = ; %>", 2, "Unexpected token ';'"],
    ["a\n<%\n\n  let ok = 1;\n  let 5;\n%>", 5, "Unexpected number"],
    ["a\nb <%= it.x", 2, "unclosed tag"],
    ["a\n\n<%= 'x %>", 3, "unclosed string"],
  ];
  for (const [text, line, reason] of table) {
    const templatePath = temporaryFiles({ "fine.eta": "fine", "deep/bad.eta": text });
    const message = await refusal({ templatePath });
    assert.ok(
      message.startsWith(`template deep/bad.eta, line ${line}, is not valid: `),
      `${text}: ${message}`,
    );
    assert.ok(message.includes(reason), message);
  }
});

test("a directory that is not there is found before the application listens, also in debug mode", async () => {
  const templatePath = join(temporaryFiles({}), "nowhere");
  for (const debug of [false, true]) {
    assert.match(
      await refusal({ templatePath, debug }),
      /^the templates in .*nowhere cannot be read: ENOENT.* The setting templatePath says where they are\.$/,
    );
  }
  assert.match(
    await refusal({
      templateEngine: { render: () => "", load: () => Promise.reject(new Error("not ready")) },
    }),
    /^not ready$/,
  );
});

test("in debug mode a file that changes is read again, a layout too, and an error spoils its own pages only", async (context) => {
  const templatePath = temporaryFiles({
    "layout.eta": "old <%~ it.body %>",
    "page.eta": "<% layout('layout') %>page",
    "bad.eta": "<% if ( %>",
    "other.eta": "other",
  });
  const write = (name: string, text: string): void => {
    // As editors do: another file in the place of the old one.
    writeFileSync(join(templatePath, "new"), text);
    renameSync(join(templatePath, "new"), join(templatePath, name));
  };
  const server = await serveRoutes(context, log, [["/", Named]], { templatePath, debug: true });
  const textOf = async (name: string): Promise<string> => {
    const { text, status } = await get(server, `/?name=${name}`);
    if (status === 500) await log.expect(/^Uncaught exception/);
    await log.expect(/^(200|500) GET/);
    return text;
  };
  assert.equal(await textOf("page"), "old page");
  write("layout.eta", "new <%~ it.body %>");
  assert.equal(await textOf("page"), "new page");
  write("page.eta", "without a layout");
  assert.equal(await textOf("page"), "without a layout");
  assert.match(
    await textOf("bad"),
    /TEMPLATE_INVALID: template bad\.eta, line 1, is not valid: .*\n.*bad\.eta:1\)\n +> 1 \| <% if \( %>/,
  );
  write("bad.eta", "mended");
  assert.equal(await textOf("bad"), "mended");
  write("added.eta", "added");
  assert.equal(await textOf("added"), "added");
  rmSync(join(templatePath, "other.eta"));
  assert.match(
    await textOf("other"),
    /TEMPLATE_NOT_FOUND: there is no template "other": looked for other and other\.eta in /,
  );
});

test("without debug no file is read any more once the application listens", async (context) => {
  const templatePath = temporaryFiles({ "page.eta": "page", "row.eta": "row" });
  const server = await serveRoutes(context, log, [["/", Named]], { templatePath });
  rmSync(templatePath, { recursive: true });
  assert.equal((await get(server, "/?name=page")).text, "page");
  await log.expect(/^200 GET/);
});

test("a template cannot be rendered where there are none, or without a name", async (context) => {
  const without = await serveRoutes(context, log, [["/", page((each) => each.render("any"))]]);
  assert.equal((await get(without, "/")).status, 500);
  await log.expect(
    /^Uncaught exception .*\n.*a template \("any"\) was asked for, but there are no templates\. Say where/,
  );
  await log.expect(/^500 GET/);
  const templatePath = temporaryFiles({});
  const nameless = await serveRoutes(context, log, [["/", page((each) => each.render(""))]], {
    templatePath,
  });
  assert.equal((await get(nameless, "/")).status, 500);
  await log.expect(/^Uncaught exception .*\n.*name must be the name of a template, got ""/);
  await log.expect(/^500 GET/);
});

test("settings of templates that make no sense are refused", () => {
  const table: readonly [settings: object, message: RegExp][] = [
    [{ templatePath: "" }, /^setting templatePath must be a path or a file URL, got ""$/],
    [{ templatePath: 5 }, /^setting templatePath must be a path or a file URL, got 5$/],
    [
      { templatePath: new URL("https://a.example/") },
      /^setting templatePath must be a path or a file URL, got https:/,
    ],
    [{ templateEngine: {} }, /^setting templateEngine must be an object with the method render, got /],
    [{ templateEngine: null }, /^setting templateEngine must be an object with the method render, got null$/],
    [
      { templateEngine: { render: () => "" }, templatePath: "x" },
      /^setting templatePath must be left out where templateEngine is set/,
    ],
  ];
  for (const [settings, message] of table) {
    assert.throws(() => new Application([], settings), { code: "SETTING_INVALID", message });
  }
});
