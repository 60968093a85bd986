import assert from "node:assert/strict";
import { test } from "node:test";
import { HttpError, RequestHandler } from "../../src/index.ts";
import { throwing } from "../support/handlers.ts";
import { expectedLog } from "../support/log.ts";
import { get, request } from "../support/raw-http.ts";
import { serveRoutes } from "../support/serve-routes.ts";

const log = expectedLog();

const browser = ["Accept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"];

test("an error page is HTML for who asks for it, and plain text for everybody else", async (context) => {
  const server = await serveRoutes(context, log, []);
  for (const lines of [browser, ["Accept: text/html"]]) {
    const { status, text, header } = await get(server, "/missing", lines);
    assert.equal(status, 404);
    assert.equal(header("Content-Type"), "text/html; charset=utf-8");
    assert.match(text, /^<!doctype html>\n/);
    assert.ok(text.includes("<h1>404: Not Found</h1>") && text.includes("There is nothing here."), text);
    await log.expect(/^404 GET/);
  }
  for (const lines of [[], ["Accept: */*"], ["Accept: application/json"], ["Accept:"]]) {
    const { text, header } = await get(server, "/missing", lines);
    assert.equal(header("Content-Type"), "text/plain; charset=utf-8");
    assert.equal(text, "404: Not Found\nROUTE_NOT_FOUND: There is nothing here.\n");
    await log.expect(/^404 GET/);
  }
  assert.deepEqual(log.lines, [], "the line of the access log says it all");
});

test("in production 404 and 405 pages tell nothing about the server or the request", async (context) => {
  class SecretHandler extends RequestHandler {}
  const server = await serveRoutes(context, log, [["/x", SecretHandler]]);
  for (const path of ["/secret-path", "/x"]) {
    for (const accept of [[], browser]) {
      const { text, headers } = await get(server, path, accept);
      assert.doesNotMatch(text, /secret|SecretHandler|127\.0|localhost|waterspout/i);
      assert.equal(headers.has("server"), false);
      assert.equal(headers.has("x-powered-by"), false);
      await log.expect(/^40[45] GET/);
    }
  }
});

test("in debug mode the page has what the log has, in HTML only after escaping", async (context) => {
  const evil = `<script>alert("x")</script>&'`;
  const routes = [
    throwing("/refused", () => new HttpError(400, evil)),
    throwing("/failed", () => new Error(evil)),
  ];
  const server = await serveRoutes(context, log, routes, { debug: true });
  const escaped = "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;&#x27;";
  for (const path of ["/refused", "/failed"]) {
    const plain = await get(server, path);
    assert.ok(plain.text.includes(evil), plain.text);
    const page = await get(server, path, browser);
    assert.ok(page.text.includes(escaped) && !page.text.includes("<script"), page.text);
  }
  const { text } = await get(server, "/failed");
  assert.match(
    text,
    /HANDLER_FAILED: SecretHandler threw an exception\nError: <script>.*\n +at .*request-error-pages/,
  );
  for (let time = 0; time < 2; time++) await log.expect(/^400 GET \/refused/);
  await log.expect(/^HANDLER_REFUSED/);
  for (let time = 0; time < 3; time++) {
    await log.expect(/^Uncaught exception GET/);
    await log.expect(/^500 GET/);
  }
});

test("in debug mode a path comes back escaped, for the page as for the terminal", async (context) => {
  const server = await serveRoutes(context, log, [], { debug: true });
  const { text } = await get(server, "/<b>&\"'", browser);
  assert.ok(text.includes("/&lt;b&gt;&amp;\\&quot;&#x27;") && !text.includes("<b>"), text);
  assert.match((await get(server, "/x")).text, /ROUTE_NOT_FOUND: no route matches "\/x"\n$/);
  for (let time = 0; time < 2; time++) await log.expect(/^404 GET/);
  const { status, text: body } = await request(server, "POST", "/%ff");
  assert.deepEqual([status, body.split("\n")[0]], [404, "404: Not Found"]);
  await log.expect(/^404 POST \/%ff/);
});

test("a value of the path that is no percent-encoded UTF-8 is 400", async (context) => {
  class Page extends RequestHandler {
    get() {
      return "page";
    }
  }
  const server = await serveRoutes(context, log, [["/:id", Page]]);
  for (const path of ["/%ff", "/%", "/%c3%28", "/%ED%A0%80"]) {
    const { status, text } = await get(server, path);
    assert.equal(status, 400, path);
    assert.equal(text, "400: Bad Request\nPATH_ENCODING_INVALID: The path is not percent-encoded UTF-8.\n");
    await log.expect(/^400 GET/);
  }
  await log.expect(/^PATH_ENCODING_INVALID {2}"%ff" is not percent-encoded UTF-8\.$/);
});
