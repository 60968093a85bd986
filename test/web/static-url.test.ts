import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { promises, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mock, test } from "node:test";
import { pathToFileURL } from "node:url";
import { brotliCompressSync } from "node:zlib";
import type { Server, StaticUrlOptions } from "../../src/index.ts";
import { Application, RequestHandler, StaticFileHandler, WebSocketHandler } from "../../src/index.ts";
import { TestClient } from "../../src/testing/index.ts";
import { temporaryFiles } from "../support/files.ts";
import { page } from "../support/handlers.ts";
import { expectedLog } from "../support/log.ts";
import { get } from "../support/raw-http.ts";
import { runApplication } from "../support/run-application.ts";
import { serveRoutes } from "../support/serve-routes.ts";
import { settingRefusal } from "../support/settings.ts";

const log = expectedLog();

const hash = (content: string | Uint8Array): string =>
  createHash("sha256").update(content).digest("base64url").slice(0, 22);
const immutable = "public, max-age=31536000, immutable";

/** Says the URL of a static file. */
class Url extends RequestHandler {
  get() {
    const options: StaticUrlOptions = {
      includeHost: this.getQueryArgument("host", "") !== "",
      includeVersion: this.getQueryArgument("plain", "") === "",
    };
    return this.staticUrl(this.getQueryArgument("of"), options);
  }
}

const routes = [["/url", Url]] as const;

/** The URL of a file once it has a version, and one other than `unlike`. */
async function versionedUrl(server: Server, file: string, unlike = ""): Promise<string> {
  for (;;) {
    const { text } = await get(server, `/url?of=${encodeURIComponent(file)}`);
    if (text.includes("?v=") && text !== unlike) return text;
  }
}

function replace(path: string, content: string | Uint8Array): void {
  writeFileSync(`${path}.next`, content);
  renameSync(`${path}.next`, path);
}

test("a URL has the hash of the file, which may then be kept for good", async (context) => {
  const staticPath = temporaryFiles({
    "css/ä b.css": "body {}",
    "empty.txt": "",
    "big.bin": Buffer.alloc(100_000),
  });
  const server = await serveRoutes(context, log, routes, { staticPath });
  const url = await versionedUrl(server, "css/ä b.css");
  assert.equal(url, `/static/css/%C3%A4%20b.css?v=${hash("body {}")}`);
  const response = await get(server, url);
  assert.deepEqual([response.status, response.text], [200, "body {}"]);
  assert.equal(response.header("Cache-Control"), immutable);
  assert.equal(response.header("ETag"), `"${hash("body {}")}"`);
  const known = await get(server, url, [`If-None-Match: ${response.header("ETag")}`]);
  assert.deepEqual([known.status, known.header("Cache-Control")], [304, immutable]);
  const part = await get(server, url, ["Range: bytes=0-3"]);
  assert.deepEqual([part.status, part.text, part.header("Cache-Control")], [206, "body", immutable]);
  const big = await get(server, await versionedUrl(server, "big.bin"));
  assert.deepEqual([big.body.length, big.header("Cache-Control")], [100_000, immutable]);
  assert.match(await versionedUrl(server, "/empty.txt"), /^\/static\/empty\.txt\?v=/);
});

test("what is not the version of the file is asked about again each time", async (context) => {
  const staticPath = temporaryFiles({ "a.js": "a", "b.js": "b" });
  const server = await serveRoutes(context, log, routes, { staticPath });
  const url = await versionedUrl(server, "a.js");
  const other = await versionedUrl(server, "b.js");
  const version = hash("a");
  const queries = [
    "",
    "?",
    "?v=",
    "?v=x",
    `?v=${version}x`,
    `?v=${hash("b")}`,
    `?v=${version}&v=x`,
    `?w=${version}`,
    "?v=%FF",
  ];
  for (const query of queries) {
    const { status, header } = await get(server, `/static/a.js${query}`);
    assert.deepEqual([status, header("Cache-Control")], [200, "no-cache"], query);
  }
  assert.equal((await get(server, `${url}&w=1`)).header("Cache-Control"), immutable);
  assert.equal((await get(server, other)).header("Cache-Control"), immutable);
  assert.equal((await get(server, `/static/absent.js?v=${version}`)).header("Cache-Control"), undefined);
  await log.expect(/^404 GET/);
});

test("a file that is replaced while the server runs is never kept under the hash of another", async (context) => {
  const staticPath = temporaryFiles({ "a.js": "old" });
  const server = await serveRoutes(context, log, routes, { staticPath });
  const oldUrl = await versionedUrl(server, "a.js");
  replace(join(staticPath, "a.js"), "new");
  // A page of before the change.
  const stale = await get(server, oldUrl);
  assert.deepEqual([stale.text, stale.header("Cache-Control")], ["new", "no-cache"]);
  assert.notEqual(stale.header("ETag"), `"${hash("old")}"`);
  // A page of a server that has changed already, when this one does not know it yet.
  const early = await get(server, `/static/a.js?v=${hash("new")}`);
  assert.equal(early.text, "new");
  const newUrl = await versionedUrl(server, "a.js", oldUrl);
  assert.equal(newUrl, `/static/a.js?v=${hash("new")}`);
  assert.equal((await get(server, newUrl)).header("Cache-Control"), immutable);
  assert.equal((await get(server, oldUrl)).header("Cache-Control"), "no-cache");
});

test("a file that changes while it is read is not sent as its version", async (context) => {
  const big = Buffer.alloc(1 << 20, "a");
  const staticPath = temporaryFiles({ "small.js": "a", "big.js": big });
  const server = await serveRoutes(context, log, routes, { staticPath });
  const urls = [await versionedUrl(server, "small.js"), await versionedUrl(server, "big.js")] as const;
  const open = promises.open.bind(promises);
  const watched = mock.method(promises, "open", async (...args: Parameters<typeof open>) => {
    const handle = await open(...args);
    const read = handle.read.bind(handle) as (...args: unknown[]) => Promise<unknown>;
    mock.method(handle, "read", async (...readArgs: unknown[]) => {
      const result = await read(...readArgs);
      writeFileSync(String(args[0]), "b", { flag: "r+" });
      return result;
    });
    return handle;
  });
  const small = await get(server, urls[0]);
  assert.deepEqual([small.status, small.header("Cache-Control")], [200, "no-cache"]);
  assert.notEqual(small.header("ETag"), `"${hash("a")}"`);
  await assert.rejects(get(server, urls[1]), /the connection ended inside a response/);
  watched.mock.restore();
  await log.expect(/^Uncaught exception GET \/static\/big\.js[^]*the file big\.js changed while it was read/);
  await log.expect(/^200 GET \/static\/big\.js\S* .* cut off$/);
});

test("a compressed form may be kept for good if it is one of that version", async (context) => {
  const staticPath = temporaryFiles({ "a.js": "content", "a.js.br": brotliCompressSync("content") });
  const settings = { staticPath, staticHandlerArgs: { precompressed: true } };
  const server = await serveRoutes(context, log, routes, settings);
  const url = await versionedUrl(server, "a.js");
  await versionedUrl(server, "a.js.br");
  const lines = ["Accept-Encoding: br"];
  const good = await get(server, url, lines);
  assert.deepEqual([good.header("Content-Encoding"), good.header("Cache-Control")], ["br", immutable]);
  assert.equal(good.header("ETag"), `"${hash(brotliCompressSync("content"))}"`);
  // The compressed form of the next version has come, its file has not.
  replace(join(staticPath, "a.js.br"), brotliCompressSync("next content"));
  const { header } = await get(server, url, lines);
  assert.notDeepEqual([header("Content-Encoding"), header("Cache-Control")], ["br", immutable]);
  assert.equal((await get(server, url)).header("Cache-Control"), immutable);
});

test("in debug mode nothing is kept, and a change is seen with the next URL but one", async (context) => {
  const staticPath = temporaryFiles({ "a.js": "old" });
  class Cached extends StaticFileHandler {
    override getCacheTime() {
      return 60;
    }
  }
  const settings = { staticPath, debug: true, staticHandlerClass: Cached };
  const server = await serveRoutes(context, log, routes, settings);
  const url = await versionedUrl(server, "a.js");
  assert.equal((await get(server, url)).header("Cache-Control"), "no-cache");
  replace(join(staticPath, "a.js"), "new");
  assert.equal(await versionedUrl(server, "a.js", url), `/static/a.js?v=${hash("new")}`);
});

test("staticUrl can have the host, and leave the version out", async (context) => {
  const staticPath = temporaryFiles({ "a.js": "a" });
  const server = await serveRoutes(context, log, routes, { staticPath, staticUrlPrefix: "/assets/v1/" });
  const url = await versionedUrl(server, "a.js");
  assert.equal(url, `/assets/v1/a.js?v=${hash("a")}`);
  assert.equal((await get(server, url)).text, "a");
  const lines = ["Host: localhost:81"];
  assert.equal((await get(server, "/url?of=a.js&plain=1")).text, "/assets/v1/a.js");
  assert.equal((await get(server, "/url?of=a.js&host=1", lines)).text, `http://localhost:81${url}`);
  for (const absent of ["absent.js", "..%2Fsecret", ".env", "sub%2F", "%EF%BF%BD"]) {
    for (let time = 0; time < 2; time++)
      assert.ok(!(await get(server, `/url?of=${absent}`)).text.includes("?v="), absent);
  }
});

test("a WebSocket handler has static URLs, too", async (context) => {
  const staticPath = temporaryFiles({ "a.js": "a" });
  class Socket extends WebSocketHandler {
    override open() {
      this.writeMessage(this.staticUrl("a.js", { includeVersion: false }));
    }
    override onMessage() {}
  }
  const { at } = await runApplication(context, [["/ws", Socket]], { staticPath });
  const client = await TestClient.connect(at("/ws"));
  assert.equal(await client.nextMessage(), "/static/a.js");
  await client.close();
});

test("favicon.ico and robots.txt are those of the directory, unless the application has its own", async (context) => {
  const staticPath = temporaryFiles({ "favicon.ico": "icon", "robots.txt": "robots", "other.txt": "x" });
  const own = await serveRoutes(context, log, [["/robots.txt", page(() => "own")]], {
    staticPath: pathToFileURL(staticPath),
  });
  assert.equal((await get(own, "/favicon.ico")).text, "icon");
  assert.equal((await get(own, "/robots.txt")).text, "own");
  assert.equal((await get(own, "/static/robots.txt")).text, "robots");
  for (const path of ["/other.txt", "/faviconxico"]) {
    assert.equal((await get(own, path)).status, 404, path);
    await log.expect(/^404 GET/);
  }
  const server = await serveRoutes(context, log, [["/*", page(() => "page")]], { staticPath });
  const texts = ["/robots.txt", "/static/other.txt", "/other.txt"].map(
    async (path) => (await get(server, path)).text,
  );
  assert.deepEqual(await Promise.all(texts), ["robots", "x", "page"]);
});

test("staticUrl without staticPath, or of no path, is a mistake of the program", async (context) => {
  const without = await serveRoutes(context, log, routes);
  assert.equal((await get(without, "/url?of=a.js")).status, 500);
  await log.expect(/^Uncaught exception GET[^]*staticUrl\(\) needs the setting staticPath/);
  await log.expect(/^500 GET/);
  class Wrong extends RequestHandler {
    get() {
      return this.staticUrl(5 as unknown as string);
    }
  }
  const server = await serveRoutes(context, log, [["/", Wrong]], { staticPath: "test" });
  assert.equal((await get(server, "/")).status, 500);
  await log.expect(/^Uncaught exception GET[^]*path must be a string, got 5/);
  await log.expect(/^500 GET/);
});

test("settings that make no sense are refused", () => {
  const table: readonly [settings: object, refusal: RegExp][] = [
    [{ staticPath: 5 }, /setting staticPath must be a path or a file URL, got 5/],
    [{ staticPath: "" }, /setting staticPath/],
    [
      { staticPath: ".", staticUrlPrefix: "static/" },
      /setting staticUrlPrefix must be a path that begins and ends with a slash, .* got "static\/"/,
    ],
    [{ staticPath: ".", staticUrlPrefix: "/static" }, /setting staticUrlPrefix/],
    [{ staticPath: ".", staticUrlPrefix: "//cdn.example/" }, /setting staticUrlPrefix/],
    [{ staticPath: ".", staticUrlPrefix: "/:x/" }, /setting staticUrlPrefix/],
    [{ staticPath: ".", staticUrlPrefix: 5 }, /setting staticUrlPrefix/],
    [{ staticPath: ".", staticHandlerArgs: 5 }, /setting staticHandlerArgs must be an object, got 5/],
    [{ staticPath: ".", staticHandlerArgs: { index: 5 } }, /setting index/],
    [
      { staticPath: ".", staticHandlerClass: RequestHandler },
      /setting staticHandlerClass must be a class that extends StaticFileHandler, got a function \(RequestHandler\)/,
    ],
    [{ staticUrlPrefix: "/x/" }, /setting staticUrlPrefix must be left out without staticPath, got "\/x\/"/],
    [{ staticHandlerArgs: {} }, /setting staticHandlerArgs must be left out without staticPath/],
  ];
  for (const [settings, refusal] of table) assert.match(settingRefusal(settings), refusal);
  const unknown = settingRefusal({ staticPath: ".", staticHandlerArgs: { root: "x" } }, "SETTING_UNKNOWN");
  assert.match(unknown, /there is no setting staticHandlerArgs\.root/);
  assert.doesNotThrow(() => new Application([], { staticPath: ".", staticUrlPrefix: "/" }));
});
