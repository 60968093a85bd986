import assert from "node:assert/strict";
import { constants } from "node:buffer";
import { test } from "node:test";
import { inspect } from "node:util";
import type { Settings } from "../../src/index.ts";
import { Application } from "../../src/index.ts";
import { defaultFallbackLimits, defaultHttpLimits, defaultWebSocketLimits } from "../../src/base/limits.ts";
import { settingRefusal } from "../support/settings.ts";
import { resolveSettings } from "../../src/web/settings.ts";

test("without settings everything has its safe default", () => {
  const { proxies, ...rest } = resolveSettings({});
  assert.deepEqual(rest, {
    debug: false,
    accessLog: true,
    automaticMethods: true,
    compressResponse: undefined,
    securityHeaders: false,
    requestContext: false,
    origins: [],
    hosts: undefined,
    anyHost: false,
    http: defaultHttpLimits,
    websocket: { ...defaultWebSocketLimits, sharedReadBuffer: true, compression: undefined },
    fallback: defaultFallbackLimits,
    staticFiles: undefined,
    users: {
      secret: undefined,
      keyVersion: undefined,
      loginUrl: undefined,
      xsrf: { isChecked: false, cookieName: "_xsrf", cookieOptions: {} },
    },
    templates: undefined,
  });
  assert.equal(proxies.includes("127.0.0.1"), false, "not even this machine is a trusted proxy");
});

test("the defaults are those of the design", () => {
  assert.deepEqual(defaultHttpLimits, {
    maxHeaderBytes: 16 * 1024,
    maxTargetBytes: 8 * 1024,
    maxHeaders: 100,
    headersTimeoutMs: 10_000,
    requestTimeoutMs: 300_000,
    keepAliveTimeoutMs: 5_000,
    bodyTimeoutMs: 30_000,
    maxBodyBytes: 10 << 20,
    maxJsonDepth: 500,
    maxFormFields: 1000,
    maxFormParts: 100,
    maxPartHeaderBytes: 16 * 1024,
    maxFieldBytes: 1 << 20,
    maxFileBytes: 10 << 20,
    responseTimeoutMs: 30_000,
  });
  assert.deepEqual(defaultWebSocketLimits, {
    maxMessageBytes: 1 << 20,
    pingIntervalMs: 30_000,
    pingTimeoutMs: 10_000,
    closeTimeoutMs: 5_000,
    highWaterMarkBytes: 256 * 1024,
    maxSendQueueBytes: 1 << 20,
    maxQueuedMessages: 64,
    maxQueuedBytes: 1 << 20,
    maxSubscriptions: 1000,
  });
  assert.deepEqual(defaultFallbackLimits, {
    sessionTimeoutMs: 30_000,
    pollTimeoutMs: 25_000,
    heartbeatMs: 15_000,
    streamTimeoutMs: 300_000,
    maxStreamBytes: 10 << 20,
    maxBodyBytes: 10 << 20,
    maxSessions: 20_000,
  });
});

test("a setting that is undefined is one that was not given", () => {
  const settings = {
    debug: undefined,
    logger: undefined,
    allowedOrigins: undefined,
    allowedHosts: undefined,
    trustedProxies: undefined,
    http: { maxHeaders: undefined },
    websocket: undefined,
  } as unknown as Settings;
  assert.deepEqual(resolveSettings(settings), resolveSettings({}));
});

test("limits are changed one by one", () => {
  const { http, websocket } = resolveSettings({ http: { maxHeaders: 7 }, websocket: { pingIntervalMs: 0 } });
  assert.deepEqual(http, { ...defaultHttpLimits, maxHeaders: 7 });
  assert.deepEqual(websocket, {
    ...defaultWebSocketLimits,
    pingIntervalMs: 0,
    sharedReadBuffer: true,
    compression: undefined,
  });
});

test("a setting that does not exist is refused with the names that do", () => {
  const names =
    "there are: debug, logger, accessLog, allowedOrigins, allowedHosts, trustedProxies, automaticMethods, compressResponse, " +
    "securityHeaders, requestContext, http, websocket, fallback, " +
    "staticPath, staticUrlPrefix, staticHandlerClass, staticHandlerArgs, " +
    "cookieSecret, keyVersion, loginUrl, xsrfCookies, xsrfCookieName, xsrfCookieOptions, templatePath, templateEngine";
  assert.equal(settingRefusal({ debgu: true }, "SETTING_UNKNOWN"), `there is no setting debgu (${names})`);
  for (const name of ["Debug", "allowedOrigin", "toString", ""])
    settingRefusal({ [name]: true }, "SETTING_UNKNOWN");
  settingRefusal(JSON.parse('{ "__proto__": true }'), "SETTING_UNKNOWN");
  assert.match(
    settingRefusal({ http: { maxHeader: 1 } }, "SETTING_UNKNOWN"),
    /^there is no setting http\.maxHeader \(there are: maxHeaderBytes, maxTargetBytes, maxHeaders, headersTimeoutMs, /,
  );
  assert.match(
    settingRefusal({ websocket: { pingInterval: 1 } }, "SETTING_UNKNOWN"),
    /^there is no setting websocket\.pingInterval \(there are: maxMessageBytes, /,
  );
});

test("settings that are no object are refused", () => {
  for (const settings of [null, 5, "debug", true, () => ({})]) {
    assert.match(settingRefusal(settings), /^setting/, inspect(settings));
  }
});

test("debug is true or false, and not something like it", () => {
  for (const [debug, got] of [
    [1, "1"],
    ["false", '"false"'],
    [null, "null"],
    [{}, "an object (Object)"],
  ] as const) {
    assert.equal(settingRefusal({ debug }), `setting debug must be true or false, got ${got}`);
  }
});

test("an access log is there, is not, or is a function", () => {
  assert.equal(resolveSettings({}).accessLog, true);
  for (const accessLog of [true, false, () => {}]) {
    assert.equal(resolveSettings({ accessLog }).accessLog, accessLog);
  }
  for (const accessLog of ["combined", null, 1, {}]) {
    assert.match(settingRefusal({ accessLog }), /^setting accessLog must be true, false or a function, got /);
  }
});

test("a logger has all four methods; console is one, and so is any object like it", () => {
  const methods = { debug() {}, info() {}, warn() {}, error() {} };
  for (const logger of [console, methods, Object.create(methods) as typeof methods]) {
    void new Application([], { logger });
  }
  const expected = /^setting logger must be an object with the methods debug, info, warn and error, got /;
  for (const logger of [
    null,
    5,
    "console",
    () => {},
    {},
    [],
    { ...methods, debug: undefined },
    { ...methods, warn: true },
  ]) {
    assert.match(settingRefusal({ logger }), expected);
  }
  for (const name of Object.keys(methods)) {
    const { [name as "debug"]: _, ...others } = methods;
    assert.match(settingRefusal({ logger: others }), expected, `without ${name}`);
  }
});

test("a limit is a whole number; a time may be 0, and no longer than a timer can wait", () => {
  const timerMsMax = 2 ** 31 - 1;
  for (const [group, limits] of [
    ["http", defaultHttpLimits],
    ["websocket", defaultWebSocketLimits],
  ] as const) {
    for (const name of Object.keys(limits)) {
      const isTime = name.endsWith("Ms");
      // A peer must have a chance to answer.
      const least = isTime && name !== "pingTimeoutMs" && name !== "closeTimeoutMs" ? 0 : 1;
      const most = isTime ? timerMsMax : name === "maxMessageBytes" ? constants.MAX_STRING_LENGTH : undefined;
      const good = [least, 1, most ?? Number.MAX_SAFE_INTEGER];
      const bad = [
        -1,
        1.5,
        Number.NaN,
        Infinity,
        2 ** 53,
        "1000",
        null,
        true,
        10n,
        least - 1,
        (most ?? Number.MAX_SAFE_INTEGER) + 1,
      ];
      for (const value of good) void resolveSettings({ [group]: { [name]: value } });
      const range = `from ${least}${most === undefined ? "" : ` to ${most}`}`;
      for (const value of bad) {
        const message = settingRefusal({ [group]: { [name]: value } });
        assert.ok(
          message.startsWith(`setting ${group}.${name} must be a whole number ${range}, got `),
          message,
        );
      }
    }
    for (const value of [null, 5, "x", true]) {
      assert.match(
        settingRefusal({ [group]: value }),
        new RegExp(`^setting ${group} must be an object, got `),
      );
    }
  }
});

test("times that Node cannot keep together are refused as a setting, or made to fit", async () => {
  // Node's server wants headersTimeout <= requestTimeout; a program that sets only one of them cannot know.
  for (const http of [{ requestTimeoutMs: 5000 }, { headersTimeoutMs: 400_000 }]) {
    try {
      const server = await new Application([], { http }).listen(0, { host: "127.0.0.1" });
      await server.close();
    } catch (error) {
      assert.ok(error instanceof Error && "code" in error);
      assert.equal(error.code, "SETTING_INVALID", error.message);
    }
  }
});
