import assert from "node:assert/strict";
import fs from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { mock, test } from "node:test";
import { StaticFileHandler } from "../../src/index.ts";
import { temporaryFiles } from "../support/files.ts";
import { expectedLog } from "../support/log.ts";
import { RawConnection, get, requestText } from "../support/raw-http.ts";
import { watchRejections } from "../support/rejections.ts";
import { serveRoutes } from "../support/serve-routes.ts";

const log = expectedLog();

const parent = temporaryFiles({
  "secret.txt": "SECRET",
  ".secret": "SECRET",
  "root-and-more/secret.txt": "SECRET",
  "root/index.html": "home",
  "root/.env": "SECRET",
  "root/.git/config": "SECRET",
  "root/sub/.hidden/x.txt": "SECRET",
  "root/sub/..x": "SECRET",
  "root/sub/x.txt": "x",
  "root/evil.example/index.html": "evil",
});
const root = join(parent, "root");
const routes = [["/*", StaticFileHandler, { root }]] as const;

/** Ways to write a path, each of which a parser somewhere has taken for another path. */
const escapes = [
  "/../secret.txt",
  "/../../../../../../etc/passwd",
  "/sub/../../secret.txt",
  "/./../secret.txt",
  "/%2e%2e/secret.txt",
  "/%2e%2e%2fsecret.txt",
  "/..%2fsecret.txt",
  "/.%2e/secret.txt",
  "/%252e%252e%252fsecret.txt",
  String.raw`/..\secret.txt`,
  String.raw`/sub\..\..\secret.txt`,
  "/..%5csecret.txt",
  "/%2e%2e%5csecret.txt",
  "/sub%5c..%5c..%5csecret.txt",
  "/..%255csecret.txt",
  "/....//secret.txt",
  "/..;/secret.txt",
  "/../root-and-more/secret.txt",
  "//../secret.txt",
  "/%2fetc/passwd",
  "//etc/passwd",
  "/C:%5cWindows%5cwin.ini",
  "/C:/Windows/win.ini",
  "/file:///etc/passwd",
  "/secret.txt%00.html",
  "/..%00/secret.txt",
  "/%00",
  "/..%c0%afsecret.txt",
  "/%uff0e%uff0e/secret.txt",
];

test("no path leads out of the root, in either kind of slash", async (context) => {
  const server = await serveRoutes(context, log, routes);
  for (const path of escapes) {
    const { status, text } = await get(server, path);
    assert.ok([400, 403, 404].includes(status), `${path}: ${status}`);
    assert.ok(!text.includes("SECRET") && !text.includes("root:"), path);
    await log.expect(/^40[034] GET/);
  }
  // The only refusals that are explained; the others are statuses.
  await log.expect(/^PATH_ENCODING_INVALID/);
});

test("a path that climbs and comes back is the file that it leads to", async (context) => {
  const server = await serveRoutes(context, log, routes);
  assert.equal((await get(server, "/sub/../sub/x.txt")).text, "x");
});

test("names that begin with a dot are as good as absent", async (context) => {
  const server = await serveRoutes(context, log, routes);
  for (const path of [
    "/.env",
    "/%2eenv",
    "/.git/config",
    "/.git/",
    "/.git",
    "/sub/.hidden/x.txt",
    "/sub/..x",
  ]) {
    const { status, text } = await get(server, path);
    assert.equal(status, 404, path);
    assert.ok(!text.includes("SECRET"));
    await log.expect(/^404 GET/);
  }
});

test("a name that no file system takes is 404", async (context) => {
  const server = await serveRoutes(context, log, routes);
  assert.equal((await get(server, `/${"x".repeat(5000)}`)).status, 404);
  assert.equal((await get(server, `/${"x/".repeat(2000)}y`)).status, 404);
  for (let time = 0; time < 2; time++) await log.expect(/^404 GET/);
});

test("a directory without its slash is a redirect, which keeps the query", async (context) => {
  const server = await serveRoutes(context, log, [
    ["/static/*", StaticFileHandler, { root }],
    ["/é/*", StaticFileHandler, { root }],
  ]);
  const table: readonly [path: string, location: string][] = [
    ["/static/sub", "/static/sub/"],
    ["/%C3%A9/sub", "/%C3%A9/sub/"],
    ["/static/sub?v=1&w=%20", "/static/sub/?v=1&w=%20"],
  ];
  for (const [path, location] of table) {
    const { status, header, text } = await get(server, path);
    assert.deepEqual([status, header("Location"), text], [301, location, ""], path);
  }
});

test("no redirect leads to another host", async (context) => {
  const server = await serveRoutes(context, log, routes);
  const paths = [
    "//evil.example",
    "///evil.example",
    "//evil.example/..",
    String.raw`/\evil.example/..`,
    String.raw`/\\evil.example/..`,
    String.raw`/\/evil.example/..`,
    "/%5Cevil.example/..",
    "/%2Fevil.example",
    "/%2F/evil.example/..",
    "/.//evil.example",
  ];
  let redirects = 0;
  for (const path of paths) {
    const { status, header } = await get(server, path);
    const location = header("Location");
    assert.ok(status === 301 || status === 404, `${path}: ${status}`);
    if (status === 404) {
      await log.expect(/^404 GET/);
      continue;
    }
    redirects++;
    // Seen as a browser sees it, for which "/\" begins a host as "//" does.
    const target = new URL(location ?? "", "http://localhost/").host;
    assert.equal(target, "localhost", `${path} leads to ${location}`);
  }
  assert.ok(redirects > 4, "most of these paths are directories, and are redirected");
});

test("a file that cannot be opened is 500, without anything that belongs to the file", async (context) => {
  const server = await serveRoutes(context, log, routes);
  const broken = mock.method(fs, "createReadStream", () => {
    return new Readable({
      read() {
        this.destroy(Object.assign(new Error("EACCES: secret path"), { code: "EACCES" }));
      },
    });
  });
  context.after(() => broken.mock.restore());
  const { status, text, header } = await get(server, "/index.html", ["Range: bytes=0-1"]);
  assert.equal(status, 500);
  assert.ok(!text.includes("EACCES"), text);
  assert.equal(header("Content-Length"), String(text.length));
  for (const name of ["ETag", "Last-Modified", "Content-Range", "Cache-Control", "Accept-Ranges"]) {
    assert.equal(header(name), undefined, name);
  }
  await log.expect(/^Uncaught exception GET \/index\.html .*\nError: EACCES: secret path/);
  await log.expect(/^500 GET \/index\.html/);
});

test(
  "a file that breaks in the middle cuts the connection, and never the process",
  { timeout: 5000 },
  async (context) => {
    const unhandled = watchRejections(context);
    const server = await serveRoutes(context, log, routes);
    const broken = mock.method(fs, "createReadStream", () => {
      return Readable.from(
        (async function* () {
          yield Buffer.from("ho");
          await Promise.resolve();
          throw Object.assign(new Error("the disk broke"), { code: "EIO" });
        })(),
      );
    });
    context.after(() => broken.mock.restore());
    const connection = await RawConnection.open(server.port);
    connection.send(requestText("GET", "/index.html"));
    await assert.rejects(connection.nextResponse(), /the connection ended inside a response/);
    await connection.ended();
    assert.deepEqual(unhandled, []);
    await log.expect(/^Uncaught exception GET \/index\.html [^]*the disk broke/);
  },
);

test("a peer that leaves in the middle of a file is nobody's fault", async (context) => {
  const big = temporaryFiles({ "big.bin": Buffer.alloc(16 << 20) });
  const server = await serveRoutes(context, log, [["/*", StaticFileHandler, { root: big }]]);
  const connection = await RawConnection.open(server.port);
  connection.send(requestText("GET", "/big.bin"));
  await connection.received();
  connection.destroy();
  assert.equal((await log.expect(/^200 GET \/big\.bin/)).level, "info");
});
