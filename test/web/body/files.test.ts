import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import type { RouteEntry } from "../../../src/index.ts";
import { RequestHandler } from "../../../src/index.ts";
import type { WrittenPart } from "../../support/bodies.ts";
import { boundary, multipart, multipartType, post, requestWithBody } from "../../support/bodies.ts";
import { deferred } from "../../support/deferred.ts";
import { expectedLog } from "../../support/log.ts";
import { RawConnection } from "../../support/raw-http.ts";
import { serveRoutes } from "../../support/serve-routes.ts";

const log = expectedLog();

// Every upload of this file goes to a directory of its own, so that what stays can be seen.
const directory = mkdtempSync(join(tmpdir(), "uploads-"));
process.env["TMPDIR"] = directory;
after(async () => {
  await emptied();
  rmdirSync(directory);
});

/** Resolves when no upload is there. They go when the handler is done, which a client cannot see. */
async function emptied(): Promise<void> {
  while (readdirSync(directory).length > 0) await new Promise((resolve) => setImmediate(resolve));
}

/** Shows what came, and where it lay. */
function receiver(): { readonly route: RouteEntry; readonly paths: string[] } {
  const paths: string[] = [];
  class Receiver extends RequestHandler {
    async post() {
      const files = [];
      for (const file of this.files) {
        paths.push(file.path);
        const chunks: Uint8Array[] = [];
        for await (const chunk of file.stream()) chunks.push(chunk);
        const { name, filename, contentType, size } = file;
        assert.deepEqual(new Uint8Array(Buffer.concat(chunks)), new Uint8Array(await file.bytes()));
        assert.equal(statSync(file.path).mode & 0o777, 0o600);
        assert.equal(statSync(dirname(file.path)).mode & 0o777, 0o700);
        files.push({
          name,
          filename,
          contentType,
          size,
          content: String(readFileSync(file.path)).slice(0, 20),
        });
      }
      return { files, a: this.getArguments("a") };
    }
  }
  return { route: ["/", Receiver], paths };
}

test("files of a form lie on disk under names of ours until the answer has been sent", async (context) => {
  const { route, paths } = receiver();
  const server = await serveRoutes(context, log, [route]);
  const big = Buffer.alloc(3 << 20, "x");
  const body = multipart([
    { name: "a", content: "1" },
    { name: "f", filename: "../../é.txt", content: "\r\n--not the boundary\r\n", type: "text/plain" },
    { name: "f", filename: "big", content: big },
    { name: "none", filename: "", content: "", type: "application/octet-stream" },
    { name: "empty", filename: "empty.txt", content: "" },
    { name: "nameless", filename: "", content: "x" },
    { name: "a", content: "2" },
  ]);
  const { status, text } = await post(server, "/", multipartType, body);
  assert.equal(status, 200);
  assert.deepEqual(JSON.parse(text), {
    files: [
      {
        name: "f",
        filename: "é.txt",
        contentType: "text/plain",
        size: 22,
        content: "\r\n--not the boundary\r\n".slice(0, 20),
      },
      { name: "f", filename: "big", contentType: "text/plain", size: big.length, content: "x".repeat(20) },
      { name: "empty", filename: "empty.txt", contentType: "text/plain", size: 0, content: "" },
      { name: "nameless", filename: "", contentType: "text/plain", size: 1, content: "x" },
    ],
    a: ["1", "2"],
  });
  assert.deepEqual(new Set(paths.map(dirname)).size, 1);
  await gone(paths);
});

/** Resolves when none of the files is there. */
async function gone(paths: readonly string[]): Promise<void> {
  assert.ok(paths.length > 0 && paths.every((path) => path.startsWith(directory)));
  await emptied();
  assert.ok(!paths.some((path) => existsSync(path)));
}

test("a body cut anywhere into segments is the same body", async (context) => {
  const { route } = receiver();
  const server = await serveRoutes(context, log, [route]);
  const body = multipart([
    { name: "a", content: "1\r\n" },
    { name: "f", filename: "x", content: `\r\n-${boundary}x\r\n--${boundary.slice(0, -1)}\r\n\r` },
  ]);
  const whole = (await post(server, "/", multipartType, body)).text;
  assert.match(whole, /"size":36/);
  const head = requestWithBody("POST", "/", multipartType, "")
    .toString()
    .replace("Content-Length: 0", "Transfer-Encoding: chunked");
  for (const size of [1, 2, 7, 50]) {
    const connection = await RawConnection.open(server.port);
    connection.send(head);
    for (let at = 0; at < body.length; at += size) {
      const piece = body.subarray(at, at + size);
      connection.send(`${piece.length.toString(16)}\r\n${piece.toString("latin1")}\r\n`);
    }
    connection.send("0\r\n\r\n");
    assert.equal((await connection.nextResponse()).text, whole, `${size}`);
    connection.destroy();
  }
});

test("what is no multipart form is 400, with the reason in the log", async (context) => {
  const { route } = receiver();
  const server = await serveRoutes(context, log, [route], { debug: true });
  const form = multipart([{ name: "a", content: "1" }]).toString();
  const part = (headers: string): string => `--${boundary}\r\n${headers}\r\n\r\nx\r\n--${boundary}--`;
  const table: readonly [what: string, body: string | Uint8Array, reason: RegExp, type?: string][] = [
    ["no boundary", form, /names no boundary/, "multipart/form-data"],
    ["a long boundary", form, /names no boundary/, `multipart/form-data; boundary=${"x".repeat(71)}`],
    ["an empty body", "", /has no end/],
    ["another boundary", form, /has no end/, "multipart/form-data; boundary=other"],
    ["no final boundary", form.slice(0, -(boundary.length + 6)), /has no end/],
    ["half a final boundary", form.slice(0, -6), /has no end/],
    ["cut in the header", form.slice(0, 40), /has no end/],
    ["a header without an end", `--${boundary}\r\nContent-Disposition: x\r\n--${boundary}--`, /have no end/],
    ["bare line feeds", form.replaceAll("\r\n", "\n"), /has no end/],
    ["no header", `--${boundary}\r\n\r\nx\r\n--${boundary}--`, /has not one Content-Disposition/],
    ["no disposition", part("Content-Type: text/plain"), /has not one Content-Disposition/],
    ["no name", part("Content-Disposition: form-data"), /has not one Content-Disposition/],
    ["two names", part('Content-Disposition: form-data; name="a"; name="b"'), /has not one/],
    [
      "two dispositions",
      part("Content-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=b"),
      /has not one/,
    ],
    [
      "a name that is no UTF-8",
      Buffer.from(part('Content-Disposition: form-data; name="\xff"'), "latin1"),
      /in UTF-8/,
    ],
    ["a field that is no UTF-8", Buffer.from(form.replace("1", "\xff"), "latin1"), /a field is not UTF-8/],
    [
      "a field in latin1",
      part("Content-Disposition: form-data; name=a\r\nContent-Type: text/plain; charset=latin1"),
      /another charset/,
    ],
    ["a boundary with more behind it", form.replace("\r\n", "x\r\n"), /has not one/],
  ];
  const reasons = new Set<string>();
  for (const [what, body, reason, type = multipartType] of table) {
    const { status, text } = await post(server, "/", type, body);
    assert.equal(status, 400, what);
    assert.match(text, /FORM_INVALID/, what);
    assert.match(text, reason, what);
    await log.expect(/^400 POST/);
    reasons.add(/FORM_INVALID: .*/.exec(text)?.[0] ?? what);
  }
  // Each reason once, however often it was met.
  for (const reason of reasons)
    await log.expect(new RegExp(`^${reason.replace(": ", " {2}").replace(/[.]?$/, "")}`));
  // What stands before the first boundary and behind the last means nothing.
  const around = `preamble\r\n--${boundary.slice(1)}\r\n${form}epilogue\r\n--${boundary}\r\n`;
  assert.equal((await post(server, "/", multipartType, around)).text, '{"files":[],"a":["1"]}');
  const connection = await RawConnection.open(server.port);
  connection.send(
    requestWithBody("POST", "/", multipartType, form, [])
      .toString()
      .replace(/Content-Length: \d+/, `Content-Length: ${form.length + 100}`),
  );
  connection.send("x".repeat(50));
  await new Promise((resolve) => setImmediate(resolve));
  connection.send("x".repeat(50));
  assert.equal((await connection.nextResponse()).text, '{"files":[],"a":["1"]}');
  connection.destroy();
});

test("parts, header fields, fields, files and the whole have limits of their own: past each it is 413", async (context) => {
  const { route } = receiver();
  const http = {
    maxBodyBytes: 5000,
    maxFormParts: 3,
    maxPartHeaderBytes: 200,
    maxFieldBytes: 100,
    maxFileBytes: 1000,
  };
  const server = await serveRoutes(context, log, [route], { debug: true, http });
  const field = (length: number): WrittenPart => ({ name: "b", content: "x".repeat(length) });
  const file = (length: number): WrittenPart => ({ ...field(length), filename: "f" });
  assert.equal(
    (await post(server, "/", multipartType, multipart([field(100), file(1000), field(0)]))).status,
    200,
  );
  const table: readonly [parts: readonly WrittenPart[], words: RegExp][] = [
    [[field(1), field(1), file(1), field(1)], /the form has more than 3 parts\n.*maxFormParts/],
    [[field(101)], /the form has more than 100 bytes in a field\n.*maxFieldBytes/],
    [[file(1001)], /the form has more than 1000 bytes in a file\n.*maxFileBytes/],
    [
      [{ name: "n".repeat(200), content: "" }],
      /more than 200 bytes of header fields in a part\n.*maxPartHeaderBytes/,
    ],
    [[{ name: "n", type: "t".repeat(1000), content: "" }], /more than 200 bytes of header fields in a part/],
    [[{ name: "n", content: "x".repeat(5000) }], /longer than 5000 bytes\n.*maxBodyBytes/],
  ];
  for (const [parts, words] of table) {
    const { status, text } = await post(server, "/", multipartType, multipart(parts));
    assert.equal(status, 413);
    assert.match(text, words);
    await log.expect(/^413 POST/);
  }
  for (const what of ["parts", "bytes in a field", "bytes in a file", "bytes of header fields in a part"])
    await log.expect(new RegExp(`^FORM_TOO_LARGE {2}the form has more than \\d+ ${what}\\.`));
  await log.expect(/^BODY_TOO_LARGE/);
});

test("the files go also when the handler fails, refuses, or is not even reached", async (context) => {
  const paths: string[] = [];
  class Fails extends RequestHandler {
    post(): never {
      paths.push(...this.files.map(({ path }) => path));
      throw new Error("of no interest");
    }
  }
  const server = await serveRoutes(context, log, [["/", Fails]], { http: { maxFieldBytes: 10 } });
  const file = { name: "f", filename: "f", content: "x" };
  assert.equal((await post(server, "/", multipartType, multipart([file]))).status, 500);
  await log.expect(/^Uncaught exception/);
  await log.expect(/^500 POST/);
  await gone(paths);
  assert.equal(
    (await post(server, "/", multipartType, multipart([file, { name: "a", content: "x".repeat(11) }])))
      .status,
    413,
  );
  await log.expect(/^413 POST/);
  await log.expect(/^FORM_TOO_LARGE/);
});

test("an upload that the client gives up is its own fault: no exception in the log, and no file stays", async (context) => {
  const { route } = receiver();
  const server = await serveRoutes(context, log, [route]);
  const body = multipart([{ name: "f", filename: "f", content: Buffer.alloc(1 << 20) }]);
  const connection = await RawConnection.open(server.port);
  connection.send(requestWithBody("POST", "/", multipartType, body).subarray(0, 1 << 19));
  connection.destroy();
  await log.expect(/^400 POST \//);
  const { level } = await log.expect(
    /^BODY_ABORTED {2}the body of the request ended before it was complete, after \d+ bytes\.$/,
  );
  assert.equal(level, "warn");
  await emptied();
});

test("a file that is answered with stays until it has been sent", async (context) => {
  const sent = deferred<string>();
  class Back extends RequestHandler {
    post() {
      const [file] = this.files;
      sent.resolve(file?.path ?? "");
      return new Response(file?.stream() as ReadableStream<Uint8Array>);
    }
  }
  const server = await serveRoutes(context, log, [["/", Back]]);
  const content = Buffer.alloc(2 << 20, "abc");
  const { body } = await post(server, "/", multipartType, multipart([{ name: "f", filename: "f", content }]));
  assert.ok(body.equals(content));
  await gone([await sent.promise]);
});
