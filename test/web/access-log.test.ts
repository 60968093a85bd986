import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { describe } from "../../src/base/errors.ts";
import type { LogLine } from "../../src/testing/index.ts";
import { ExpectedLog } from "../../src/testing/index.ts";
import { AccessLog, stackOf } from "../../src/web/access-log.ts";
import type { AccessLogEntry, AccessLogSetting } from "../../src/web/access-log-entry.ts";
import { HttpRequest } from "../../src/web/http-request.ts";

const request = { method: "GET", uri: "/url?q=1", remoteAddress: "::1" };

/** A log with a clock that stands still until a test moves it. */
function createLog(setting: AccessLogSetting = true): {
  access: AccessLog;
  clock: { now: number };
  take: () => readonly LogLine[];
} {
  const lines = new ExpectedLog();
  const clock = { now: 1_000_000 };
  let taken = 0;
  const take = (): readonly LogLine[] => {
    const news = lines.lines.slice(taken);
    taken = lines.lines.length;
    return news;
  };
  return { access: new AccessLog(lines, setting, () => clock.now), clock, take };
}

const texts = (lines: readonly LogLine[]): string[] => lines.map(({ level, text }) => `${level}: ${text}`);

const refused = (hostname: string): ReturnType<typeof describe> =>
  describe("HOST_REFUSED", { host: `"${hostname}"`, hostname, allowed: "none" });

test("an answer is one line in Tornado's words, its level by the status", () => {
  const { access, take } = createLog();
  for (const status of [101, 200, 304, 399, 400, 404, 499, 500, 599])
    access.answered(status, request, 0.5149);
  assert.deepEqual(texts(take()), [
    "info: 101 GET /url?q=1 (::1) 0.51ms",
    "info: 200 GET /url?q=1 (::1) 0.51ms",
    "info: 304 GET /url?q=1 (::1) 0.51ms",
    "info: 399 GET /url?q=1 (::1) 0.51ms",
    "warn: 400 GET /url?q=1 (::1) 0.51ms",
    "warn: 404 GET /url?q=1 (::1) 0.51ms",
    "warn: 499 GET /url?q=1 (::1) 0.51ms",
    "error: 500 GET /url?q=1 (::1) 0.51ms",
    "error: 599 GET /url?q=1 (::1) 0.51ms",
  ]);
  access.answered(200, request, 12_345.678);
  assert.deepEqual(texts(take()), ["info: 200 GET /url?q=1 (::1) 12345.68ms"]);
});

test("a stranger cannot end a line, colour a terminal or fill the log", () => {
  const { access, take } = createLog();
  access.answered(200, { ...request, uri: "/a\r\nb\u001B[31m\u007F\u0085\u2028\u202E\uFEFF\uD800" }, 1);
  access.answered(200, { ...request, uri: "/".padEnd(5000, "x") }, 1);
  access.answered(200, { ...request, method: "G\nET" }, 1);
  const [escaped, long, method] = texts(take());
  assert.equal(
    escaped,
    String.raw`info: 200 GET /a\x0d\x0ab\x1b[31m\x7f\x85\u{2028}\u{202e}\u{feff}\u{d800} (::1) 1.00ms`,
  );
  assert.equal(long, `info: 200 GET /${"x".repeat(999)}… (::1) 1.00ms`);
  assert.equal(method, String.raw`info: 200 G\x0aET /url?q=1 (::1) 1.00ms`);
});

test("a token in the URL is not for the log", () => {
  const { access, take } = createLog();
  access.answered(200, { ...request, uri: "/url?a=1&access_token=secret&b=2" }, 1);
  access.answered(401, { ...request, uri: "/url?access_token=secret" }, 1);
  access.answered(200, { ...request, uri: "/url?my_access_token=x&access_token=" }, 1);
  assert.deepEqual(texts(take()), [
    "info: 200 GET /url?a=1&access_token=…&b=2 (::1) 1.00ms",
    "warn: 401 GET /url?access_token=… (::1) 1.00ms",
    "info: 200 GET /url?my_access_token=x&access_token= (::1) 1.00ms",
  ]);
});

test("a WebSocket that ends is one line: how, how long, how much, and why", () => {
  const { access, take } = createLog();
  const traffic = { messagesReceived: 3, bytesReceived: 40, messagesSent: 5, bytesSent: 60 };
  const kind = "websocket" as const;
  const closed = { code: 1000, reason: "", seconds: 2.346, traffic, problem: undefined, kind };
  const line = "GET /url?q=1 (::1) closed after 2.35s, received 3 (40 bytes), sent 5 (60 bytes)";
  access.closed(request, closed);
  access.closed(request, { ...closed, code: 4000, reason: "bye\n" });
  access.closed(request, { ...closed, code: 1001, problem: describe("SERVER_CLOSING", {}) });
  access.closed(request, { ...closed, code: 1009, problem: describe("WS_MESSAGE_TOO_BIG", { limit: 5 }) });
  assert.deepEqual(texts(take()), [
    `info: 1000 ${line}`,
    String.raw`info: 4000 ${line} "bye\x0a"`,
    `info: 1001 ${line} SERVER_CLOSING: the server is closing`,
    `warn: 1009 ${line} WS_MESSAGE_TOO_BIG: a message is longer than 5 bytes. To allow more: websocket: { maxMessageBytes }; of connect(), maxMessageBytes.`,
  ]);
});

test("bytes that were no request are one line, with the status they were answered with", () => {
  const { access, take } = createLog();
  access.malformed(describe("REQUEST_MALFORMED", { reason: "a\nb" }), "::1");
  access.malformed(describe("HEADERS_TOO_LARGE", { limit: 5 }), "10.0.0.1");
  access.malformed(describe("REQUEST_TIMEOUT", { headers: 5, whole: 10 }), "-");
  assert.deepEqual(texts(take()), [
    String.raw`warn: 400 (::1) REQUEST_MALFORMED: the bytes received are not an HTTP/1.1 request: a\x0ab`,
    "warn: 431 (10.0.0.1) HEADERS_TOO_LARGE: the request line and header fields exceed 5 bytes. To allow more: http: { maxHeaderBytes }.",
    "warn: 408 (-) REQUEST_TIMEOUT: the request was not complete in time: 5 ms for its header fields, 10 ms for all of it. To allow more time: http: { headersTimeoutMs, requestTimeoutMs }.",
  ]);
});

test("a refusal is explained: what was seen, and below it what to change", () => {
  const { access, take } = createLog();
  access.refused(refused("evil.example"), "::1");
  access.refused(describe("HOST_INVALID", { host: "nothing" }), "::1");
  assert.deepEqual(texts(take()), [
    'warn: HOST_REFUSED  Host "evil.example" is not served here (allowed: none).\n' +
      '              To allow it: new Application(routes, { allowedHosts: ["evil.example"] }).',
    'warn: HOST_INVALID  there must be one Host header with a host and optionally a port ("example.com:8080"), got nothing.',
  ]);
});

test("within a minute a repeated refusal is counted and not printed, and then the count is", () => {
  const { access, clock, take } = createLog();
  const refuse = (): readonly LogLine[] => {
    access.refused(refused("evil.example"), "https://evil.example");
    return take();
  };
  assert.equal(refuse().length, 1);
  for (let time = 0; time < 41; time++) assert.equal(refuse().length, 0);
  clock.now += 59_999;
  assert.equal(refuse().length, 0);
  clock.now += 1;
  const [again = ""] = texts(refuse());
  assert.match(
    again,
    /^warn: HOST_REFUSED {2}Host "evil\.example" is not served here .*\. \[42 more times since\]\n/,
  );
  // A new minute has begun.
  assert.equal(refuse().length, 0);
  clock.now += 60_000;
  assert.match(texts(refuse())[0] ?? "", /\[1 more times since\]/);
  clock.now += 60_000;
  assert.doesNotMatch(texts(refuse())[0] ?? "", /more times/);
});

test("another code and another origin are other refusals", () => {
  const { access, take } = createLog();
  access.refused(refused("evil.example"), "https://a.example");
  access.refused(refused("evil.example"), "https://b.example");
  access.refused(describe("HOST_INVALID", { host: "nothing" }), "https://a.example");
  assert.equal(take().length, 3);
  // The same code from the same origin is one, whatever the details, unless these are what it is about.
  access.refused(describe("HOST_INVALID", { host: "two" }), "https://a.example");
  assert.equal(take().length, 0);
  access.refused(refused("other.example"), "https://a.example");
  assert.equal(take().length, 1);
});

test("a handler refuses for many reasons under one code: each is explained", () => {
  const { access, take } = createLog();
  const refuse = (reason: string): void =>
    access.refused(describe("HANDLER_REFUSED", { handler: "Room", reason }), "::1");
  refuse("not a member");
  refuse("the room is full");
  refuse("not a member");
  assert.deepEqual(texts(take()), [
    "warn: HANDLER_REFUSED  Room refused the request: not a member.",
    "warn: HANDLER_REFUSED  Room refused the request: the room is full.",
  ]);
});

test("so is a form", () => {
  const { access, take } = createLog();
  const problems = [
    describe("FORM_INVALID", { reason: "it has no end" }),
    describe("FORM_INVALID", { reason: "it names no boundary" }),
    describe("FORM_TOO_LARGE", { limit: 1, what: "parts", setting: "maxFormParts" }),
    describe("FORM_TOO_LARGE", { limit: 1, what: "fields", setting: "maxFormFields" }),
  ];
  for (const problem of [...problems, ...problems]) access.refused(problem, "::1");
  assert.equal(take().length, problems.length);
});

test("a thousand refusals are remembered, and the one explained longest ago is forgotten first", () => {
  const { access, take } = createLog();
  const refuse = (index: number): number => {
    access.refused(refused("evil.example"), `origin ${index}`);
    return take().length;
  };
  for (let index = 0; index < 1000; index++) assert.equal(refuse(index), 1);
  assert.equal(refuse(0), 0, "a thousand fit");
  assert.equal(refuse(1000), 2, "the next one takes the place of the first, whose repetition is told");
  assert.equal(refuse(1), 0);
  assert.equal(refuse(999), 0);
  assert.equal(refuse(0), 2, "which is new when it comes again, in place of the second");
});

test("a refusal that is explained again is young again", () => {
  const { access, clock, take } = createLog();
  const refuse = (index: number): number => {
    access.refused(refused("evil.example"), `origin ${index}`);
    return take().length;
  };
  for (let index = 0; index < 999; index++) refuse(index);
  clock.now += 60_000;
  assert.equal(refuse(1), 1, "a minute is over");
  assert.equal(refuse(1000), 1, "the thousandth");
  // Two more than fit: those that were explained longest ago go, and that is no longer number 1.
  assert.equal(refuse(1001), 1);
  assert.equal(refuse(1002), 1);
  assert.equal(refuse(1), 0);
});

test("a refusal that is explained again takes nobody's place", () => {
  const { access, clock, take } = createLog();
  const refuse = (index: number): number => {
    access.refused(refused("evil.example"), `origin ${index}`);
    return take().length;
  };
  refuse(0);
  clock.now += 59_000;
  for (let index = 1; index < 1000; index++) refuse(index);
  clock.now += 1000;
  assert.equal(refuse(0), 1);
  assert.equal(refuse(1), 0);
});

test("an exception is logged with the request and the stack", () => {
  const { access, take } = createLog();
  const error = new Error("no");
  const failed = new HttpRequest({
    ...request,
    path: "/url",
    query: "q=\u001B",
    httpVersion: "1.1",
    headers: {},
    protocol: "http",
    authority: { hostname: "localhost", port: undefined },
  });
  access.failed(failed, error);
  access.failed(failed, "text");
  const line = String.raw`error: Uncaught exception GET /url?q=\x1b (::1)`;
  assert.deepEqual(texts(take()), [
    `${line}\n${error.stack}`,
    `${line}\na value that is no Error was thrown: "text"`,
  ]);
});

test("an explanation is one line for the advice and one for the rest, however long the values", () => {
  const { access, take } = createLog();
  access.refused(refused(`a\u001B[31m\n${"x".repeat(5000)}`), "::1");
  const [line] = take();
  assert.ok(line !== undefined);
  assert.equal(line.text.split("\n").length, 2);
  assert.ok(line.text.length < 2100, String(line.text.length));
  assert.ok(line.text.includes(String.raw`a\x1b[31m\x0axx`), line.text);
});

test("whatever was thrown is told as text", () => {
  const error = new TypeError("no");
  assert.equal(stackOf(error), error.stack);
  assert.match(stackOf(error), /^TypeError: no\n +at /);
  const bare = new Error("no stack");
  delete bare.stack;
  assert.equal(stackOf(bare), "Error: no stack");
  assert.match(
    stackOf(new Error("outer", { cause: new RangeError("inner") })),
    /^Error: outer\n[^]*\nCaused by: RangeError: inner\n/,
  );
  assert.match(
    stackOf(new Error("outer", { cause: "text" })),
    /\nCaused by: a value that is no Error was thrown: "text"$/,
  );
  assert.equal(stackOf(undefined), "a value that is no Error was thrown: undefined");
  assert.equal(
    stackOf({ stack: "pretended" }),
    "a value that is no Error was thrown: { stack: 'pretended' }",
  );
});

test("causes that go round in a ring come to an end", () => {
  const first = new Error("first");
  const second = new Error("second", { cause: first });
  first.cause = second;
  const text = stackOf(first);
  assert.match(text, /^Error: first\n[^]*\nCaused by: Error: second\n/);
  assert.ok(text.length < 100_000);
});

const closedConnection = {
  code: 1000,
  reason: "bye",
  seconds: 1.5,
  traffic: { messagesReceived: 1, bytesReceived: 2, messagesSent: 3, bytesSent: 4 },
  problem: undefined,
  kind: "websocket",
} as const;

test("without an access log only what was refused and what failed is told", () => {
  const { access, take } = createLog(false);
  access.answered(200, request, 1);
  access.answered(500, request, 1);
  access.left(499, request, 1);
  access.served(200, request, 1);
  access.closed(request, closedConnection);
  assert.deepEqual(take(), []);
  access.refused(refused("a"), "::1");
  access.malformed(refused("a"), "::1");
  access.closed(request, { ...closedConnection, code: 1009, problem: refused("a") });
  access.failed(request, new Error("mine"));
  assert.deepEqual(
    texts(take()).map((text) => text.slice(0, 18)),
    ["warn: HOST_REFUSED", "warn: 403 (::1) HO", "warn: 1009 GET /ur", "error: Uncaught ex"],
  );
});

test("a function is told instead, with the request, and without tokens", () => {
  const entries: AccessLogEntry[] = [];
  const { access, take } = createLog((entry) => void entries.push(entry));
  const whole = new HttpRequest({
    method: "GET",
    path: "/url",
    query: "a=1&access_token=secret",
    httpVersion: "1.1",
    headers: {},
    protocol: "http",
    authority: { hostname: "h", port: undefined },
    remoteAddress: "192.0.2.1",
  });
  access.answered(404, whole, 2.5);
  access.left(499, request, 1);
  access.served(200, request, 1);
  access.closed(request, closedConnection);
  assert.deepEqual(take(), []);
  const { method, uri, remoteAddress } = request;
  const plain = { method, uri, remoteAddress, request: undefined };
  const { code: _, reason, seconds, traffic, problem: __, kind: transport } = closedConnection;
  assert.deepEqual(entries, [
    {
      method,
      uri: "/url?a=1&access_token=…",
      remoteAddress: "192.0.2.1",
      status: 404,
      durationMs: 2.5,
      request: whole,
      connection: undefined,
    },
    { ...plain, status: 499, durationMs: 1, connection: undefined },
    {
      ...plain,
      status: 1000,
      durationMs: seconds * 1000,
      connection: { transport, closeReason: reason, ...traffic },
    },
  ]);
});

test("a function that throws, at once or later, breaks nothing and is told about once", async () => {
  const fail = (): never => {
    throw new Error("no disk");
  };
  const failLater: () => unknown = async () => fail();
  for (const accessLog of [fail, failLater]) {
    const access = new AccessLog(new ExpectedLog(), accessLog);
    const warned = once(process, "warning");
    access.answered(200, request, 1);
    access.answered(200, request, 1);
    const [warning] = (await warned) as [Error];
    assert.match(warning.message, /^accessLog threw: Error: no disk/);
  }
});
