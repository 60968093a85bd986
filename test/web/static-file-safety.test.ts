import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import type { EventEmitter } from "node:events";
import { once } from "node:events";
import {
  appendFileSync,
  promises,
  renameSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { mock, test } from "node:test";
import { StaticFileHandler } from "../../src/index.ts";
import { temporaryFiles } from "../support/files.ts";
import { expectedLog } from "../support/log.ts";
import { RawConnection, get, request, requestText } from "../support/raw-http.ts";
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

test("a path is not repaired: a file has one", async (context) => {
  const server = await serveRoutes(context, log, routes);
  assert.equal((await get(server, "/sub/x.txt")).text, "x");
  for (const path of [
    "/sub/../sub/x.txt",
    "/./sub/x.txt",
    "/sub//x.txt",
    "//sub/x.txt",
    "/sub/x.txt/",
    "/sub/x.txt/.",
  ]) {
    assert.equal((await get(server, path)).status, 404, path);
    await log.expect(/^404 GET/);
  }
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
  const server = await serveRoutes(context, log, [
    [/.*\/(evil\.example)/, StaticFileHandler, { root }],
    ["/*", StaticFileHandler, { root }],
  ]);
  const redirected = [
    "//evil.example",
    "///evil.example",
    String.raw`/\/evil.example`,
    "/.//evil.example",
    "/%2F/evil.example",
  ];
  for (const path of redirected) {
    const { status, header } = await get(server, path);
    assert.equal(status, 301, path);
    // Seen as a browser sees it, for which "/\" begins a host as "//" does.
    const location = header("Location") ?? "";
    assert.equal(new URL(location, "http://localhost/").host, "localhost", `${path} leads to ${location}`);
  }
  for (const path of [
    "//evil.example/..",
    String.raw`/\evil.example/..`,
    "/%5Cevil.example/..",
    "/%5C%5Cevil.example",
  ]) {
    assert.equal((await get(server, path)).status, 404, path);
    await log.expect(/^404 GET/);
  }
});

/** Its types do not say that it is an emitter; its documentation does. */
function whenClosed(handle: FileHandle): Promise<unknown> {
  return once(handle as unknown as EventEmitter, "close");
}

/** Has what is opened from now on noted, and what happens between opening and judging. */
function watchOpening(context: TestContext, meanwhile: () => void = () => {}): FileHandle[] {
  const handles: FileHandle[] = [];
  const open = promises.open.bind(promises);
  const watched = mock.method(promises, "open", async (...args: Parameters<typeof open>) => {
    const handle = await open(...args);
    handles.push(handle);
    meanwhile();
    return handle;
  });
  context.after(() => watched.mock.restore());
  return handles;
}

test("links inside of the root are followed, those that lead out of it are not, and the log says why", async (context) => {
  const files = temporaryFiles({
    "secret/secret.txt": "SECRET",
    "root/real/x.txt": "inside",
    "root/real/index.html": "index",
    "root-2/x.txt": "SECRET",
  });
  const inside = join(files, "root");
  symlinkSync("real", join(inside, "folder"));
  symlinkSync("real/x.txt", join(inside, "file.txt"));
  symlinkSync("../secret", join(inside, "out"));
  symlinkSync("../secret/secret.txt", join(inside, "out.txt"));
  symlinkSync("../root-2", join(inside, "sibling"));
  symlinkSync("nowhere", join(inside, "dangling"));
  symlinkSync("circle", join(inside, "circle"));
  const server = await serveRoutes(context, log, [["/*", StaticFileHandler, { root: inside }]]);
  assert.equal((await get(server, "/folder/x.txt")).text, "inside");
  assert.equal((await get(server, "/folder/")).text, "index");
  assert.equal((await get(server, "/folder")).status, 301);
  assert.equal((await get(server, "/file.txt")).text, "inside");
  const handles = watchOpening(context);
  for (const path of ["/out.txt", "/out/secret.txt", "/out", "/sibling/x.txt"]) {
    const { status, text } = await get(server, path);
    assert.equal(status, 404, path);
    assert.ok(!text.includes("SECRET") && !text.includes("link"), text);
    await log.expect(/^404 GET/);
  }
  // Explained once for each address.
  const { text } = await log.expect(/^FILE_REFUSED/);
  assert.ok(
    text.includes('the file at "out.txt" is not served: a symbolic link leads out of the root'),
    text,
  );
  for (const path of ["/dangling", "/circle"]) {
    assert.equal((await get(server, path)).status, 404, path);
    await log.expect(/^404 GET/);
  }
  assert.deepEqual(
    handles.map(({ fd }) => fd),
    [-1, -1, -1],
    "what was opened is closed",
  );
});

test("a link that is turned while its file is being opened gives nothing away", async (context) => {
  const files = temporaryFiles({ "secret.txt": "SECRET", "root/good.txt": "good" });
  const link = join(files, "root", "link.txt");
  const turn = (target: string): void => {
    symlinkSync(target, `${link}.next`);
    renameSync(`${link}.next`, link);
  };
  turn("../secret.txt");
  const server = await serveRoutes(context, log, [["/*", StaticFileHandler, { root: join(files, "root") }]]);
  let turns = 0;
  const handles = watchOpening(context, () => {
    turns++;
    turn("good.txt");
  });
  // Opened outside, judged inside: it is another file, and is opened again.
  assert.equal((await get(server, "/link.txt")).text, "good");
  assert.equal(turns, 2);
  assert.ok(handles.every(({ fd }) => fd === -1));
});

test("a file that is replaced all the time is not there rather than another one", async (context) => {
  const files = temporaryFiles({ "x.txt": "x" });
  const server = await serveRoutes(context, log, [["/*", StaticFileHandler, { root: files }]]);
  const handles = watchOpening(context, () => {
    writeFileSync(join(files, "next"), "y");
    renameSync(join(files, "next"), join(files, "x.txt"));
  });
  assert.equal((await get(server, "/x.txt")).status, 404);
  assert.equal(handles.length, 3);
  await log.expect(/^404 GET/);
});

test(
  "pipes and sockets are not opened",
  { skip: process.platform === "win32", timeout: 5000 },
  async (context) => {
    const files = temporaryFiles({ "x.txt": "x" });
    execFileSync("mkfifo", [join(files, "pipe")]);
    const socket = createServer().listen(join(files, "socket"));
    await once(socket, "listening");
    context.after(() => socket.close());
    symlinkSync("/dev/zero", join(files, "device"));
    const server = await serveRoutes(context, log, [["/*", StaticFileHandler, { root: files }]]);
    const handles = watchOpening(context);
    for (const path of ["/pipe", "/socket", "/device"]) {
      assert.equal((await get(server, path)).status, 404, path);
      await log.expect(/^404 GET/);
    }
    assert.equal(handles.length, 0);
    assert.match((await log.expect(/^FILE_REFUSED/)).text, /it is no regular file/);
  },
);

test(
  "what becomes a pipe before it is opened holds nobody up",
  { skip: process.platform === "win32", timeout: 5000 },
  async (context) => {
    const files = temporaryFiles({ "x.txt": "x" });
    const server = await serveRoutes(context, log, [["/*", StaticFileHandler, { root: files }]]);
    const stat = promises.stat.bind(promises);
    const watched = mock.method(promises, "stat", async (path: string) => {
      const stats = await stat(path);
      if (stats.isFile()) {
        unlinkSync(path);
        execFileSync("mkfifo", [path]);
      }
      return stats;
    });
    context.after(() => watched.mock.restore());
    assert.equal((await get(server, "/x.txt")).status, 404);
    await log.expect(/^404 GET/);
    await log.expect(/^FILE_REFUSED/);
  },
);

test("dotfiles that are named are served, and no others", async (context) => {
  const files = temporaryFiles({
    ".well-known/acme/x": "token",
    ".well-known/.env": "SECRET",
    ".env": "SECRET",
  });
  const options = { root: files, dotfiles: [".well-known"] };
  const server = await serveRoutes(context, log, [["/*", StaticFileHandler, options]]);
  assert.equal((await get(server, "/.well-known/acme/x")).text, "token");
  for (const path of ["/.well-known/.env", "/.env", "/.WELL-KNOWN/acme/x"]) {
    assert.equal((await get(server, path)).status, 404, path);
    await log.expect(/^404 GET/);
  }
});

/** Has every read of a file fail. */
function breakReading(context: TestContext, error: Error, fromByte: number): void {
  const open = promises.open.bind(promises);
  const broken = mock.method(promises, "open", async (...args: Parameters<typeof open>) => {
    const handle = await open(...args);
    const read = handle.read.bind(handle) as (...args: unknown[]) => Promise<unknown>;
    mock.method(handle, "read", async (...readArgs: unknown[]) => {
      if ((readArgs[3] as number) >= fromByte) throw error;
      return read(...readArgs);
    });
    return handle;
  });
  context.after(() => broken.mock.restore());
}

test("a file that cannot be read is 500, without anything that belongs to the file", async (context) => {
  const server = await serveRoutes(context, log, routes);
  breakReading(context, Object.assign(new Error("EACCES: secret path"), { code: "EACCES" }), 0);
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
    const big = temporaryFiles({ "big.bin": Buffer.alloc(1 << 20) });
    const server = await serveRoutes(context, log, [["/*", StaticFileHandler, { root: big }]]);
    breakReading(context, Object.assign(new Error("the disk broke"), { code: "EIO" }), 1 << 18);
    const connection = await RawConnection.open(server.port);
    connection.send(requestText("GET", "/big.bin"));
    await assert.rejects(connection.nextResponse(), /the connection ended inside a response/);
    await connection.ended();
    assert.deepEqual(unhandled, []);
    await log.expect(/^Uncaught exception GET \/big\.bin [^]*the disk broke/);
    await log.expect(/^200 GET \/big\.bin .* cut off$/);
  },
);

test(
  "a file that becomes shorter while it is sent does not look complete",
  { timeout: 5000 },
  async (context) => {
    const big = temporaryFiles({ "big.bin": Buffer.alloc(16 << 20) });
    const server = await serveRoutes(context, log, [["/*", StaticFileHandler, { root: big }]]);
    const connection = await RawConnection.open(server.port);
    connection.send(requestText("GET", "/big.bin"));
    await connection.received();
    truncateSync(join(big, "big.bin"), 1 << 20);
    await assert.rejects(connection.nextResponse(), /the connection ended inside a response/);
    await log.expect(
      /^Uncaught exception GET \/big\.bin [^]*the file big\.bin became shorter while it was read/,
    );
    await log.expect(/^200 GET \/big\.bin .* cut off$/);
  },
);

test("a file that grows while it is sent is sent as it was", { timeout: 5000 }, async (context) => {
  const files = temporaryFiles({ "grows.log": Buffer.alloc(4 << 20, "x") });
  const server = await serveRoutes(context, log, [["/*", StaticFileHandler, { root: files }]]);
  watchOpening(context, () => appendFileSync(join(files, "grows.log"), "y"));
  const connection = await RawConnection.open(server.port);
  connection.send(requestText("GET", "/grows.log"));
  await connection.received();
  appendFileSync(join(files, "grows.log"), "z");
  const { text } = await connection.nextResponse();
  assert.deepEqual([text.length, text.at(-1)], [(4 << 20) + 1, "y"]);
  connection.destroy();
});

test(
  "a peer that leaves in the middle of a file is nobody's fault, and leaves no file open",
  { timeout: 5000 },
  async (context) => {
    const big = temporaryFiles({ "big.bin": Buffer.alloc(16 << 20) });
    const server = await serveRoutes(context, log, [["/*", StaticFileHandler, { root: big }]]);
    const handles = watchOpening(context);
    const connection = await RawConnection.open(server.port);
    connection.send(requestText("GET", "/big.bin"));
    await connection.received();
    const [handle] = handles;
    assert.ok(handle !== undefined && handle.fd > 0);
    const closed = whenClosed(handle);
    connection.destroy();
    await closed;
    assert.equal((await log.expect(/^200 GET \/big\.bin/)).level, "info");
  },
);

test("no file stays open, whatever is answered", async (context) => {
  const files = temporaryFiles({ "x.txt": "x", "big.bin": Buffer.alloc(1 << 20) });
  const server = await serveRoutes(context, log, [["/*", StaticFileHandler, { root: files }]]);
  const handles = watchOpening(context);
  const table: readonly [method: string, path: string, lines: readonly string[], status: number][] = [
    ["GET", "/x.txt", [], 200],
    ["GET", "/big.bin", [], 200],
    ["HEAD", "/big.bin", [], 200],
    ["GET", "/big.bin", ["Range: bytes=5-99999"], 206],
    ["GET", "/x.txt", ["If-None-Match: *"], 304],
    ["GET", "/x.txt", ['If-Match: "no"'], 412],
    ["GET", "/x.txt", ["Range: bytes=9-"], 416],
  ];
  for (const [method, path, lines, status] of table) {
    const opened = handles.length;
    assert.equal((await request(server, method, path, lines)).status, status);
    const handle = handles[opened]!;
    if (handle.fd !== -1) await whenClosed(handle);
    if (status >= 400) await log.expect(new RegExp(`^${status}`));
  }
});
