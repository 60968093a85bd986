import assert from "node:assert/strict";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import type { HandlerResult, RequestHandler as Handler } from "../../../src/index.ts";
import { HttpError, rawHtml, RequestHandler, route, WebSocketHandler } from "../../../src/index.ts";
import { TestClient } from "../../../src/testing/index.ts";
import { temporaryFiles } from "../../support/files.ts";
import { page } from "../../support/handlers.ts";
import { expectedLog } from "../../support/log.ts";
import { get } from "../../support/raw-http.ts";
import { serveRoutes } from "../../support/serve-routes.ts";

const log = expectedLog();

const evil = `<script>alert("1" + '2')</script>&`;
const escaped = "&lt;script&gt;alert(&quot;1&quot; + &#x27;2&#x27;)&lt;/script&gt;&amp;";

test("a template is rendered as the response, with the type of a page", async (context) => {
  const templatePath = temporaryFiles({
    "hello.eta": "<h1>Hello, <%= it.name %>!</h1>\n",
    "page.html": "<p><%= it.name %></p>",
    "mail.txt.eta": "Dear <%= it.name %>",
    "deep/er.eta": "deeper",
  });
  const rendering = (name: string) => page((handler) => handler.render(name, { name: "Ada" }));
  const server = await serveRoutes(
    context,
    log,
    [
      ["/hello", rendering("hello")],
      ["/hello.eta", rendering("hello.eta")],
      ["/page.html", rendering("page.html")],
      ["/mail.txt", rendering("mail.txt")],
      ["/slash", rendering("/deep/er")],
    ],
    { templatePath: pathToFileURL(`${templatePath}/`) },
  );
  const expected = {
    "/hello": "<h1>Hello, Ada!</h1>\n",
    "/hello.eta": "<h1>Hello, Ada!</h1>\n",
    "/page.html": "<p>Ada</p>",
    "/mail.txt": "Dear Ada",
    "/slash": "deeper",
  };
  for (const [path, text] of Object.entries(expected)) {
    const response = await get(server, path);
    assert.equal(response.text, text, path);
    assert.equal(response.header("Content-Type"), "text/html; charset=utf-8");
    await log.expect(/^200 GET/);
  }
});

test("what is put out is escaped, in text and in attributes; raw HTML is asked for", async (context) => {
  const templatePath = temporaryFiles({
    "page.eta":
      '<a title="<%= it.evil %>"><%= it.evil %></a><%~ it.trusted %>|<%= it.marked %>|' +
      '<script>let x = <%~ it.jsonEncode(it.evil) %></script><b data-x="<%= it.jsonEncode([it.evil]) %>">' +
      "<%= it.missing %><%= null %><%= 0 %><%= false %>",
  });
  const handler = page((each) => each.render("page", { evil, trusted: "<i>", marked: rawHtml("<u>") }));
  const server = await serveRoutes(context, log, [["/", handler]], { templatePath });
  const { text } = await get(server, "/");
  const inScript = String.raw`"\u003cscript\u003ealert(\"1\" + \u00272\u0027)\u003c/script\u003e\u0026"`;
  assert.equal(
    text,
    `<a title="${escaped}">${escaped}</a><i>|<u>|<script>let x = ${inScript}</script>` +
      `<b data-x="[${inScript.replaceAll('"', "&quot;")}]">0false`,
  );
  await log.expect(/^200 GET/);
});

test("a template has the usual names, and those of the handler", async (context) => {
  const templatePath = temporaryFiles({
    "names.eta":
      "<%= it.request.path %> <%= it.currentUser.name %> <%= it.reverseUrl('story', { id: 'a b' }) %> " +
      "<%= it.settings.loginUrl %> <%= it.settings.debug %> <%= it.handler.constructor.name %> <%= it.site %>\n" +
      "<%= it.xsrfFormHtml() %>\n<%~ it.xsrfFormHtml() %>\n<%= Object.keys(it.settings) %>\n<%= it.title %>",
  });
  class Names extends RequestHandler {
    override getCurrentUser() {
      return { name: "<Ada>" };
    }
    override getTemplateNamespace() {
      return { ...super.getTemplateNamespace(), site: "Site", title: "of the handler" };
    }
    get() {
      return this.render("names", { title: "of the call" });
    }
  }
  const server = await serveRoutes(
    context,
    log,
    [["/names", Names], route("/:id", Names, { name: "story" })],
    {
      templatePath,
      cookieSecret: "hidden",
      loginUrl: "/login",
    },
  );
  const { text, header } = await get(server, "/names");
  const [names, escapedField, rawField, settings, title] = text.split("\n");
  assert.equal(names, "/names &lt;Ada&gt; /a%20b /login false Names Site");
  assert.match(escapedField ?? "", /^<input type="hidden" name="_xsrf" value="2\|[^"]+"\/>$/);
  assert.equal(rawField, escapedField);
  assert.match(header("Set-Cookie") ?? "", /^_xsrf=/);
  assert.equal(settings, "debug,loginUrl");
  assert.equal(title, "of the call");
  await log.expect(/^200 GET/);
});

test("templates have layouts, blocks and includes, by names relative to themselves", async (context) => {
  const templatePath = temporaryFiles({
    "layout.eta": "<title><%~ block('title', () => { %>none<% }) %></title><main><%~ it.body %></main>",
    "stories/list.eta":
      "<% layout('../layout') %>\n<% block('title', () => { %><%= it.title %><% }) %>\n" +
      "<% for (const story of it.stories) { -%>\n<%~ include('row', { story }) %>\n<% } %>\n",
    "stories/row.eta": "<li><%= it.story %> of <%= it.title %></li>\n",
    "plain.eta": "<% layout('/layout') -%>\nplain",
  });
  const server = await serveRoutes(
    context,
    log,
    [
      ["/list", page((each) => each.render("stories/list", { title: "A & B", stories: ["<1>", "2"] }))],
      ["/plain", page((each) => each.render("plain"))],
    ],
    { templatePath },
  );
  const { text } = await get(server, "/list");
  assert.match(text, /^<title>A &amp; B<\/title><main>/);
  assert.match(text, /<li>&lt;1&gt; of A &amp; B<\/li>\s+<li>2 of A &amp; B<\/li>\s+<\/main>$/);
  await log.expect(/^200 GET/);
  assert.equal((await get(server, "/plain")).text, "<title>none</title><main>plain</main>");
  await log.expect(/^200 GET/);
});

test("data cannot become code or markup, whatever its names", async (context) => {
  const templatePath = temporaryFiles({
    "layout.eta": "<%~ block('title', () => { %>none<% }) %>|<%~ it.body %>",
    "page.eta": "<% layout('layout') %><%= it.text %>",
    "title.eta": "<%~ block('title', () => { %>none<% }) %>",
  });
  const data = JSON.parse(
    JSON.stringify({
      text: `<%= process.exit() %>\${1}`,
      __blocks: { title: "<script>" },
      body: "<script>",
      settings: { "view options": { escape: "x", varName: "x=process.exit()" } },
      __proto__: { polluted: true },
      layout: "../../etc/passwd",
    }),
  ) as object;
  const server = await serveRoutes(
    context,
    log,
    [
      ["/page", page((each) => each.render("page", data))],
      ["/title", page((each) => each.render("title", data))],
    ],
    { templatePath },
  );
  assert.equal((await get(server, "/page")).text, "none|&lt;%= process.exit() %&gt;${1}");
  // A block that no template fills is not filled by data.
  assert.equal((await get(server, "/title")).text, "none");
  await log.expect(/^200 GET/);
  await log.expect(/^200 GET/);
});

test("a part of a page is rendered for a message", async (context) => {
  const templatePath = temporaryFiles({ "message.eta": "<li><%= it.text %> (<%= it.request.path %>)</li>" });
  class Chat extends WebSocketHandler {
    override async onMessage(text: string) {
      this.writeMessage({ html: await this.renderString("message", { text }) });
    }
  }
  const server = await serveRoutes(context, log, [["/chat", Chat]], { templatePath });
  const client = await TestClient.connect(`${server.url}/chat`);
  client.send("<b>");
  assert.deepEqual(JSON.parse(String(await client.nextMessage())), { html: "<li>&lt;b&gt; (/chat)</li>" });
  await client.close();
  await log.expect(/^101 GET/);
  await log.expect(/^1005 GET/);
});

test("an error page may be a template", async (context) => {
  const templatePath = temporaryFiles({ "error.eta": "<h1><%= it.status %></h1><%= it.message %>" });
  class Page extends RequestHandler {
    get(): never {
      throw new HttpError(410);
    }
    override writeError(status: number, { message }: { readonly message: string }): HandlerResult {
      return this.render("error", { status, message });
    }
  }
  const server = await serveRoutes(context, log, [["/", Page]], { templatePath });
  const { status, text } = await get(server, "/");
  assert.deepEqual([status, text], [410, "<h1>410</h1>The request was refused."]);
  await log.expect(/^410 GET/);
});

test("a template has the versioned URLs of static files", async (context) => {
  const templatePath = temporaryFiles({
    "page.eta": `<link rel="stylesheet" href="<%= it.staticUrl('style.css') %>">`,
    "style.css": "body { color: teal }",
  });
  const settings = { templatePath, staticPath: templatePath };
  const handler = page((each) => each.render("page"));
  const server = await serveRoutes(context, log, [["/", handler]], settings);
  const { text } = await get(server, "/");
  const [, url = ""] =
    /^<link rel="stylesheet" href="(\/static\/style\.css(?:\?v=[\w-]+)?)">$/.exec(text) ?? [];
  assert.equal((await get(server, url)).text, "body { color: teal }", text);
});

test("an engine of one's own is given names and data, and may be async", async (context) => {
  const calls: string[] = [];
  const templateEngine = {
    load: () => void calls.push("load"),
    render: async (name: string, names: Readonly<Record<string, unknown>>) => {
      await Promise.resolve();
      return `${name}: ${String(names["text"])} ${(names["handler"] as Handler).request.path}`;
    },
  };
  const server = await serveRoutes(context, log, [["/", page((each) => each.render("any", { text: 1 }))]], {
    templateEngine,
  });
  assert.deepEqual(calls, ["load"]);
  assert.equal((await get(server, "/")).text, "any: 1 /");
  await log.expect(/^200 GET/);
});

test("a page that is rendered and not returned is the answer all the same, and so is its failure", async (context) => {
  const templatePath = temporaryFiles({
    "good.eta": "<%= it.name %>",
    "bad.eta": "<% throw new Error('no page') %>",
  });
  class Forgetful extends RequestHandler<{ name: string }> {
    override prepare() {
      if (this.params.name === "missing") throw new HttpError(404);
    }
    get() {
      void this.render(this.params.name, { name: "Ada" });
    }
    override writeError(status: number) {
      void this.render("good", { name: `error ${status}` });
    }
  }
  const server = await serveRoutes(context, log, [["/:name", Forgetful]], { templatePath });
  assert.equal((await get(server, "/good")).text, "Ada");
  const bad = await get(server, "/bad");
  assert.deepEqual([bad.status, bad.text], [500, "error 500"]);
  await log.expect(/^Uncaught exception GET \/bad [^]*no page/);
  await log.expect(/^500 GET \/bad/);
  const missing = await get(server, "/missing");
  assert.deepEqual([missing.status, missing.text], [404, "error 404"]);
  await log.expect(/^404 GET/);
});
