import assert from "node:assert/strict";
import { test } from "node:test";
import { describe } from "../../src/base/errors.ts";
import { renderErrorPage } from "../../src/web/error-page.ts";
import { HttpError } from "../../src/web/http-error.ts";
import { Refusal } from "../../src/web/refusal.ts";

const details = { host: '"<evil>"', hostname: "<evil>", allowed: "none" };
const refusal = new Refusal(describe("HOST_REFUSED", details));

test("in production a page has the status, the code and a public sentence", () => {
  const plain = renderErrorPage(refusal, undefined, false);
  assert.equal(plain.type, "text/plain; charset=utf-8");
  assert.equal(plain.body, "403: Forbidden\nHOST_REFUSED: This host name is not served here.\n");
  const html = renderErrorPage(refusal, "text/html", false);
  assert.equal(html.type, "text/html; charset=utf-8");
  assert.match(
    html.body,
    /<title>403: Forbidden<\/title>[^]*<p [^>]*>This host name is not served here\.<\/p>[^]*<code>HOST_REFUSED<\/code>/,
  );
  assert.ok(!html.body.includes("evil"));
});

test("in debug mode a page has the message and the advice", () => {
  const plain = renderErrorPage(refusal, "*/*", true).body;
  assert.equal(
    plain,
    '403: Forbidden\nHOST_REFUSED: Host "<evil>" is not served here (allowed: none)\n' +
      'To allow it: new Application(routes, { allowedHosts: ["<evil>"] }).\n',
  );
  const html = renderErrorPage(refusal, "text/html", true).body;
  assert.ok(html.includes("Host &quot;&lt;evil&gt;&quot; is not served here"), html);
  assert.ok(html.includes("[&quot;&lt;evil&gt;&quot;]"), html);
  assert.ok(!html.includes("<evil"), html);
});

test("a refusal has the status of its code, and one without a status is a failure of the server", () => {
  assert.equal(refusal.status, 403);
  assert.equal(refusal.message, refusal.problem.message);
  assert.equal(new Refusal(describe("WS_MASK_MISSING", {})).status, 500);
  assert.equal(new Refusal(describe("WS_MASK_MISSING", {})).publicMessage, "");
  assert.equal(new Refusal(describe("HOST_REFUSED", details), [], 418).status, 418);
});

test("a 426 says what to upgrade to (RFC 9110 §15.5.22, RFC 6455 §4.4), and others do not", () => {
  const upgrade = [
    ["Upgrade", "websocket"],
    ["Connection", "Upgrade, close"],
    ["Sec-WebSocket-Version", "13"],
  ];
  assert.deepEqual(new Refusal(describe("WS_VERSION_UNSUPPORTED", { version: "12" })).headers, upgrade);
  const more = new Refusal(describe("WS_VERSION_UNSUPPORTED", { version: "12" }), [["X-More", "1"]]);
  assert.deepEqual(more.headers, [...upgrade, ["X-More", "1"]]);
  assert.deepEqual(refusal.headers, []);
  assert.deepEqual(Refusal.from(new HttpError(426), "Room").headers, upgrade);
});

test("an HttpError becomes a refusal with its status, message and header fields", () => {
  const silent = Refusal.from(new HttpError(404), "Story");
  assert.deepEqual([silent.status, silent.problem.code], [404, "STATUS_REFUSED"]);
  assert.equal(silent.problem.message, "Story answered with status 404");
  const telling = Refusal.from(new HttpError(429, "too fast", { headers: { "Retry-After": "5" } }), "Story");
  assert.deepEqual([telling.status, telling.problem.code], [429, "HANDLER_REFUSED"]);
  assert.equal(telling.problem.message, "Story refused the request: too fast");
  assert.equal(telling.publicMessage, "The request was refused.");
  assert.deepEqual(telling.headers, [["Retry-After", "5"]]);
});
