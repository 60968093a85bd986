import assert from "node:assert/strict";
import { test } from "node:test";
import { RequestHandler } from "../../src/index.ts";
import { page } from "../support/handlers.ts";
import { expectedLog } from "../support/log.ts";
import { get } from "../support/raw-http.ts";
import { serveRoutes } from "../support/serve-routes.ts";

const log = expectedLog();

const preset = {
  "X-Content-Type-Options": "nosniff",
  "Content-Security-Policy": "frame-ancestors 'self'",
  "X-Frame-Options": "SAMEORIGIN",
  "Referrer-Policy": "strict-origin-when-cross-origin",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-site",
} as const;
const names = Object.keys(preset);

test("the preset is on every response, error pages included, and a handler may change it", async (context) => {
  class Own extends RequestHandler {
    override setDefaultHeaders() {
      this.setHeader("Content-Security-Policy", "default-src 'self'");
      this.clearHeader("X-Frame-Options");
    }
    get() {
      return "own";
    }
  }
  const routes = [
    ["/", page(() => "page")],
    ["/own", Own],
  ] as const;
  const settings = { securityHeaders: true, trustedProxies: ["loopback"] };
  const server = await serveRoutes(context, log, routes, settings);
  for (const path of ["/", "/missing"]) {
    const { header } = await get(server, path);
    for (const [name, value] of Object.entries(preset)) assert.equal(header(name), value, `${path} ${name}`);
    assert.equal(header("Strict-Transport-Security"), undefined, "not over http");
  }
  await log.expect(/^404 GET \/missing/);
  const { header } = await get(server, "/own", ["X-Forwarded-Proto: https"]);
  assert.equal(header("Content-Security-Policy"), "default-src 'self'");
  assert.equal(header("X-Frame-Options"), undefined);
  assert.equal(header("Strict-Transport-Security"), "max-age=15552000");
  const plain = await serveRoutes(context, log, routes);
  for (const name of names) assert.equal((await get(plain, "/")).header(name), undefined, name);
});
