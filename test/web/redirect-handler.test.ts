import assert from "node:assert/strict";
import { test } from "node:test";
import { ErrorHandler, RedirectHandler } from "../../src/index.ts";
import { expectedLog } from "../support/log.ts";
import { get, request } from "../support/raw-http.ts";
import { serveRoutes } from "../support/serve-routes.ts";

const log = expectedLog();

test("a redirect takes parameters, groups and the query along", async (context) => {
  const server = await serveRoutes(context, log, [
    ["/plain", RedirectHandler, { url: "/next", permanent: false }],
    ["/a/:year/:title", RedirectHandler, { url: "https://blog.example.com/:title?y=1" }],
    ["/all/*", RedirectHandler, { url: "/new/*" }],
    [/\/b\/(.*?)-(\d+)/, RedirectHandler, { url: "/{1}/x{0}" }],
    ["/root/*", RedirectHandler, { url: "/*" }],
  ]);
  for (const [path, status, location] of [
    ["/plain?a=b", 302, "/next?a=b"],
    ["/a/2026/c%2Fd%3F?z=2", 301, "https://blog.example.com/c%2Fd%3F?y=1&z=2"],
    ["/all/a/b%20c", 301, "/new/a/b%20c"],
    ["/b/t%0D%0A-5", 301, "/5/xt%0D%0A"],
    // Nothing that was matched can name another host.
    ["/root//evil.example/x", 301, "/evil.example/x"],
    ["/root/%2Fevil.example", 301, "/evil.example"],
    ["/root/%5Cevil.example", 301, "/%5Cevil.example"],
  ] as const) {
    const response = await get(server, path);
    assert.deepEqual([response.status, response.header("Location")], [status, location], path);
  }
});

test("an ErrorHandler answers with its status, whatever is asked", async (context) => {
  const server = await serveRoutes(context, log, [["/old/*", ErrorHandler, { status: 410 }]]);
  for (const method of ["GET", "POST", "OPTIONS"]) {
    assert.equal((await request(server, method, "/old/x")).status, 410);
    await log.expect(new RegExp(`^410 ${method}`));
  }
});

test("an ErrorHandler wants no proof that a request is not forged: what is not there is not there", async (context) => {
  const routes = [["/old/*", ErrorHandler, { status: 404 }]] as const;
  const server = await serveRoutes(context, log, routes, { xsrfCookies: true });
  const evil = ["Origin: http://evil.example"];
  assert.equal((await request(server, "POST", "/old/x", evil)).status, 404);
  await log.expect(/^404 POST/);
});

test("options that make no sense are the program's fault", async (context) => {
  const server = await serveRoutes(context, log, [
    ["/error", ErrorHandler, { status: 200 }],
    ["/redirect", RedirectHandler, { url: "" }],
  ]);
  for (const path of ["/error", "/redirect"]) {
    assert.equal((await get(server, path)).status, 500);
    await log.expect(/STATUS_INVALID|a status is a whole number|setting url must be a path or a URL/);
    await log.expect(/^500 GET/);
  }
});
