import assert from "node:assert/strict";
import { test } from "node:test";
import type { ErrorCode } from "../../src/base/errors.ts";
import { describe, errorTable, misuse, WaterspoutError } from "../../src/base/errors.ts";

const codes = Object.keys(errorTable) as ErrorCode[];
const placeholder = /<(\w+)>/g;

/** Refusals whose status is the handler's own. */
const refusedByHandler: ReadonlySet<ErrorCode> = new Set(["STATUS_REFUSED", "HANDLER_REFUSED"]);

/** Mistakes of the program, thrown at once. */
const thrown: ReadonlySet<ErrorCode> = new Set([
  "ROUTE_INVALID",
  "ROUTE_NAME_UNKNOWN",
  "ROUTE_NAME_DUPLICATE",
  "ROUTE_PARAMS_INVALID",
  "SETTING_UNKNOWN",
  "SETTING_INVALID",
  "SETTING_MISSING",
  "PORT_IN_USE",
  "PORT_FORBIDDEN",
  "ADDRESS_INVALID",
  "PORT_INVALID",
  "LISTEN_FAILED",
  "SOCKET_PATH_IN_USE",
  "SOCKET_PATH_INVALID",
  "TLS_NOT_SPOKEN",
  "HEADER_INVALID",
  "COOKIE_INVALID",
  "HEADERS_SENT",
  "CLIENT_GONE",
  "RESPONSE_TIMEOUT",
  "REASON_INVALID",
  "METHOD_INVALID",
  "INTERVAL_INVALID",
  "STATUS_INVALID",
  "BODY_USED",
  "FORM_NOT_READ",
  "RETURN_VALUE_INVALID",
  "TEMPLATES_UNSET",
  "TEMPLATES_UNREADABLE",
  "TEMPLATE_NOT_FOUND",
  "TEMPLATE_INVALID",
  "TEMPLATE_FAILED",
  "ARGUMENT_TYPE_INVALID",
  "CLOSE_CODE_INVALID",
  "CLOSE_REASON_TOO_LONG",
  "PING_TOO_LONG",
  "CHANNEL_INVALID",
  "NOT_OPEN_YET",
  "SUBSCRIPTIONS_TOO_MANY",
  "HANDSHAKE_FAILED",
  "HANDSHAKE_TIMEOUT",
  "PROXY_FAILED",
  "REDIRECT_NOT_FOLLOWED",
  "CONNECTION_CLOSED",
  "PINGS_UNANSWERED",
]);

test("every code is a refusal with a status, a failure with a close code, or thrown", () => {
  for (const code of codes) {
    const { status, closeCode } = errorTable[code];
    const isAnswered = status !== undefined || closeCode !== undefined || refusedByHandler.has(code);
    assert.notEqual(isAnswered, thrown.has(code), code);
    if (status !== undefined) assert.ok(status >= 400 && status <= 599, `${code} has status ${status}`);
  }
});

test("the close codes are the ones that RFC 6455 §7.4.1 and its registry give these meanings", () => {
  const closeCodes = codes.flatMap((code) => {
    const { closeCode } = errorTable[code];
    return closeCode === undefined || closeCode === 1002 ? [] : [`${code} ${closeCode}`];
  });
  assert.deepEqual(closeCodes, [
    "WS_TEXT_INVALID 1007",
    "WS_MESSAGE_TYPE_REFUSED 1003",
    "WS_MESSAGE_TOO_BIG 1009",
    "WS_DEFLATE_INVALID 1007",
    "WS_HANDLER_FAILED 1011",
    "HEARTBEAT_TIMEOUT 1001",
    "SESSION_TIMEOUT 1006",
    "SLOW_CONSUMER 1013",
    "SERVER_CLOSING 1001",
  ]);
});

test("a refused request has a sentence for the peer, which says nothing that only the server knows", () => {
  for (const code of codes) {
    const { status, publicMessage } = errorTable[code];
    const isRefusal = status !== undefined || refusedByHandler.has(code);
    assert.equal(publicMessage !== undefined, isRefusal, code);
    assert.doesNotMatch(publicMessage ?? "", placeholder, code);
    if (isRefusal) assert.match(publicMessage ?? "", /^[A-Z].*\.$/, code);
  }
});

test("messages have no full stop, since advice may follow them; advice has one", () => {
  for (const code of codes) {
    const { message, advice } = errorTable[code];
    assert.match(message, /[^.]$/, code);
    if (advice !== undefined) assert.match(advice, /^[A-Z].*\.$/, code);
  }
});

test("every text of every code can be filled in", () => {
  for (const code of codes) {
    const { message, advice = "" } = errorTable[code];
    const names = [...`${message}${advice}`.matchAll(placeholder)].map(([, name]) => name ?? "");
    const details = Object.fromEntries(names.map((name) => [name, `the ${name}`]));
    const problem = describe<ErrorCode>(code, details as Parameters<typeof describe>[1]);
    assert.equal(problem.code, code);
    assert.doesNotMatch(`${problem.message}${problem.advice}`, placeholder, code);
    for (const name of names) assert.ok(`${problem.message}${problem.advice}`.includes(`the ${name}`), code);
  }
});

test("details go into the message and into the advice", () => {
  assert.deepEqual(describe("HOST_REFUSED", { host: '"a:1"', hostname: "a", allowed: "b" }), {
    code: "HOST_REFUSED",
    message: 'Host "a:1" is not served here (allowed: b)',
    advice: 'To allow it: new Application(routes, { allowedHosts: ["a"] }).',
  });
  assert.deepEqual(describe("WS_MESSAGE_TOO_BIG", { limit: 0 }).message, "a message is longer than 0 bytes");
  assert.equal(describe("WS_CONTROL_FRAGMENTED", {}).advice, "");
});

test("details are text: they are not patterns, and what looks like a placeholder in them stays", () => {
  const { message } = describe("ROUTE_INVALID", { route: "<reason> $& $1", reason: "<route>" });
  assert.equal(message, "route <reason> $& $1: <route>");
});

test("the compiler knows which details a code needs, and at run time a missing one stays visible", () => {
  // @ts-expect-error: the reason is missing.
  assert.equal(describe("ROUTE_INVALID", { route: "/" }).message, "route /: <reason>");
  // @ts-expect-error: there is no such code.
  assert.throws(() => describe("NO_SUCH_CODE", {}), TypeError);
});

test("a mistake is thrown with its code, its sentence, what to do, and its cause", () => {
  const cause = new Error("EADDRINUSE");
  const error = misuse("PORT_IN_USE", { port: 10_000, host: "::" }, { cause });
  assert.ok(error instanceof WaterspoutError);
  assert.ok(error instanceof Error);
  assert.equal(error.name, "WaterspoutError");
  assert.equal(error.code, "PORT_IN_USE");
  assert.equal(error.cause, cause);
  assert.equal(
    error.message,
    "port 10000 on :: is already in use. " +
      "Stop the program that has it, or choose another port: listen(0) picks a free one.",
  );
  assert.match(String(error.stack), /^WaterspoutError: port 10000/);
});

test("without advice the message ends where it ends, and without a cause there is none", () => {
  const error = misuse("PING_TOO_LONG", { got: 126 });
  assert.equal(error.message, "a ping or pong has at most 125 bytes, got 126");
  assert.equal("cause" in error, false);
});
