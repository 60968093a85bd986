import type { FallbackLimits, HttpLimits, WebSocketLimits } from "../base/limits.ts";
import { defaultFallbackLimits, defaultHttpLimits, defaultWebSocketLimits } from "../base/limits.ts";
import type { Logger } from "../base/logger.ts";
import { checkNames, checkWholeNumber, invalidSetting, rangeOf } from "../base/setting-check.ts";
import type { HostPattern } from "../protocol/http/host-pattern.ts";
import { parseHostPattern } from "../protocol/http/host-pattern.ts";
import type { OriginPattern } from "../protocol/http/origin.ts";
import { parseOriginPattern } from "../protocol/http/origin.ts";
import type { CompressionOptions, ResolvedCompression } from "../protocol/websocket/compression-options.ts";
import { resolveCompression } from "../protocol/websocket/compression-options.ts";
import { AddressList } from "../transport/address-list.ts";
import type { AccessLogSetting } from "./access-log-entry.ts";
import type { ResolvedStaticSettings, StaticSettings } from "./static-settings.ts";
import { resolveStaticSettings, staticSettingNames } from "./static-settings.ts";
import type { TemplateEngine } from "./templates/template-engine.ts";
import type { TemplateSettings } from "./templates/template-settings.ts";
import { resolveTemplateEngine, templateSettingNames } from "./templates/template-settings.ts";
import type { ResolvedUserSettings, UserSettings } from "./user-settings.ts";
import { resolveUserSettings, userSettingNames } from "./user-settings.ts";

/**
 * What can be set for an application. Every setting has a safe default; docs/settings.md explains each.
 *
 * @example
 * const settings: Settings = { allowedOrigins: ["https://app.example.com"], debug: true };
 */
export interface Settings extends UserSettings, StaticSettings, TemplateSettings {
  /** Tell the client, too, why something was refused or failed. Not for production. Default false. */
  readonly debug?: boolean;
  /** Where log lines go. Default: standard error, in Tornado's format, with colour on a terminal. */
  readonly logger?: Logger;
  /**
   * Whether each request that was answered, and each connection that ended, has its line in the log: true, false, or a function that is
   * told instead and writes them in its own way. Explanations of refusals and failures go to `logger` in any case. Default true.
   */
  readonly accessLog?: AccessLogSetting;
  /**
   * Origins besides the server's own whose pages may open WebSockets, and, with `xsrfCookies`, send what changes something:
   * `https://app.example.com`, or `https://*.example.com` for all subdomains (not for example.com itself). Default none.
   */
  readonly allowedOrigins?: readonly string[];
  /**
   * Host names under which the server may be reached: `app.example.com`, `*.example.com`, or `*` for any. Default: any,
   * but only names of this machine itself on connections to a loopback address (protection from DNS rebinding).
   */
  readonly allowedHosts?: readonly string[];
  /**
   * Addresses of proxies whose X-Forwarded-For, X-Forwarded-Proto and X-Forwarded-Host are believed: `10.0.0.7`,
   * `10.0.0.0/8`, `loopback`, and `unix` for whoever connects to a Unix socket. Default none.
   */
  readonly trustedProxies?: readonly string[];
  /**
   * Whether HEAD is answered by `get`, and OPTIONS with the methods that a handler has, where it has no method of its own for them.
   * Default true.
   */
  readonly automaticMethods?: boolean;
  /**
   * Whether responses are compressed for clients that take it (gzip, br): false, true, or how. A page that has a secret beside something
   * that a stranger can put there should not be (BREACH); see docs/guide/requests.md. Default false.
   */
  readonly compressResponse?: boolean | Partial<ResponseCompression>;
  /**
   * Whether every response has a set of header fields by which browsers protect a page: no framing by other sites, no guessing of types,
   * https from now on where it was used, and others. A handler may change each. Default false.
   */
  readonly securityHeaders?: boolean;
  /**
   * Whether `currentRequest()` tells, wherever it is called, which request the code runs for (AsyncLocalStorage). Before Node 24 it makes every
   * promise of the process dearer. Default false.
   */
  readonly requestContext?: boolean;
  /** Limits of the HTTP side. */
  readonly http?: Partial<HttpLimits>;
  /** Limits, times and ways of WebSocket connections. */
  readonly websocket?: Partial<WebSocketSettings>;
  /** Limits and times of the sessions over which SSE, long polling and polling reach a handler. */
  readonly fallback?: Partial<FallbackLimits>;
}

/** How responses are compressed. */
export interface ResponseCompression {
  /** Shorter bodies are sent as they are; 0 compresses all. Default 1024. */
  readonly thresholdBytes: number;
  /** How hard gzip searches, 1 (fast) to 9 (small). Default 6, zlib's. */
  readonly gzipLevel: number;
  /** How hard brotli searches, 0 (fast) to 11 (small). Default 4, which takes as long as gzip's 6. */
  readonly brotliQuality: number;
}

/** How WebSocket connections behave. */
export interface WebSocketSettings extends WebSocketLimits {
  /**
   * Whether messages are compressed for clients that offer it (permessage-deflate, RFC 7692): false, true, or how.
   * Compression takes time of the event loop for each message, and pays where bandwidth is dear. Default false.
   */
  readonly compression: boolean | CompressionOptions;
  /**
   * Whether all connections read into one buffer, which is faster and takes less memory, where this runtime allows it
   * (docs/performance.md). False goes by documented means of Node alone. The environment variable
   * `WATERSPOUT_SHARED_READ_BUFFER=0` does the same for a whole process. Default true.
   */
  readonly sharedReadBuffer: boolean;
}

/** Settings checked and complete. */
export interface ResolvedSettings {
  readonly debug: boolean;
  readonly accessLog: AccessLogSetting;
  readonly origins: readonly OriginPattern[];
  /** Undefined where `allowedHosts` is not set. */
  readonly hosts: readonly HostPattern[] | undefined;
  readonly anyHost: boolean;
  readonly proxies: AddressList;
  readonly automaticMethods: boolean;
  /** Undefined where responses are not compressed. */
  readonly compressResponse: ResponseCompression | undefined;
  readonly securityHeaders: boolean;
  readonly requestContext: boolean;
  readonly http: HttpLimits;
  readonly websocket: ResolvedWebSocketSettings;
  readonly fallback: FallbackLimits;
  /** Undefined without `staticPath`. */
  readonly staticFiles: ResolvedStaticSettings | undefined;
  /** Of cookies, logins and XSRF protection. */
  readonly users: ResolvedUserSettings;
  /** Undefined where there are no templates. */
  readonly templates: TemplateEngine | undefined;
}

/** The settings of WebSocket connections, checked and complete. */
export interface ResolvedWebSocketSettings extends WebSocketLimits {
  readonly sharedReadBuffer: boolean;
  /** Undefined where compression is off. */
  readonly compression: ResolvedCompression | undefined;
}

const settingNames = [
  "debug",
  "logger",
  "accessLog",
  "allowedOrigins",
  "allowedHosts",
  "trustedProxies",
  "automaticMethods",
  "compressResponse",
  "securityHeaders",
  "requestContext",
  "http",
  "websocket",
  "fallback",
  ...staticSettingNames,
  ...userSettingNames,
  ...templateSettingNames,
] as const;

/** Checks settings. @throws WaterspoutError SETTING_UNKNOWN, SETTING_INVALID with the entry that is wrong. */
export function resolveSettings(settings: Settings): ResolvedSettings {
  if (typeof settings !== "object" || settings === null)
    throw invalidSetting("settings", "an object", settings);
  checkNames("", settings, settingNames);
  const { debug, logger } = settings;
  if (logger !== undefined && !isLogger(logger)) {
    throw invalidSetting("logger", "an object with the methods debug, info, warn and error", logger);
  }
  const hostEntries = list("allowedHosts", settings.allowedHosts);
  const proxies = new AddressList();
  for (const entry of list("trustedProxies", settings.trustedProxies) ?? []) {
    if (!proxies.add(entry))
      throw invalidSetting("trustedProxies", 'IP addresses, CIDR blocks, "loopback" or "unix"', entry);
  }
  return {
    debug: flag("debug", debug, false),
    accessLog: resolveAccessLog(settings.accessLog),
    automaticMethods: flag("automaticMethods", settings.automaticMethods, true),
    compressResponse: resolveResponseCompression(settings.compressResponse),
    securityHeaders: flag("securityHeaders", settings.securityHeaders, false),
    requestContext: flag("requestContext", settings.requestContext, false),
    origins: (list("allowedOrigins", settings.allowedOrigins) ?? []).map(resolveOrigin),
    hosts: hostEntries?.filter((entry) => entry !== "*").map(resolveHost),
    anyHost: hostEntries?.includes("*") ?? false,
    proxies,
    http: resolveLimits("http", settings.http, defaultHttpLimits),
    websocket: resolveWebSocket(settings.websocket),
    fallback: resolveLimits("fallback", settings.fallback, defaultFallbackLimits),
    staticFiles: resolveStaticSettings(settings),
    users: resolveUserSettings(settings),
    templates: resolveTemplateEngine(settings, debug === true),
  };
}

const defaultResponseCompression: ResponseCompression = {
  thresholdBytes: 1024,
  gzipLevel: 6,
  brotliQuality: 4,
};

const responseCompressionRanges: Readonly<Record<keyof ResponseCompression, [number, number]>> = {
  thresholdBytes: [0, Number.MAX_SAFE_INTEGER],
  gzipLevel: [1, 9],
  brotliQuality: [0, 11],
};

function resolveResponseCompression(given: Settings["compressResponse"]): ResponseCompression | undefined {
  if (given === undefined || given === false) return undefined;
  if (given === true) return defaultResponseCompression;
  if (typeof given !== "object" || given === null)
    throw invalidSetting("compressResponse", "true, false or an object", given);
  checkNames("compressResponse.", given, Object.keys(defaultResponseCompression));
  const options = withoutUndefined(given);
  for (const [name, value] of Object.entries(options)) {
    checkWholeNumber(
      `compressResponse.${name}`,
      value,
      responseCompressionRanges[name as keyof ResponseCompression],
    );
  }
  return { ...defaultResponseCompression, ...options };
}

function resolveAccessLog(given: unknown): AccessLogSetting {
  if (given === undefined) return true;
  if (typeof given !== "boolean" && typeof given !== "function")
    throw invalidSetting("accessLog", "true, false or a function", given);
  return given as AccessLogSetting;
}

function flag(name: string, value: unknown, byDefault: boolean): boolean {
  if (value === undefined) return byDefault;
  if (typeof value !== "boolean") throw invalidSetting(name, "true or false", value);
  return value;
}

function resolveOrigin(entry: string): OriginPattern {
  const pattern = parseOriginPattern(entry);
  if (pattern !== undefined) return pattern;
  const expected =
    'origins such as "https://app.example.com" or "https://*.example.com", without a path (to let every origin in, override checkOrigin())';
  throw invalidSetting("allowedOrigins", expected, entry);
}

function resolveHost(entry: string): HostPattern {
  const pattern = parseHostPattern(entry);
  if (pattern !== undefined) return pattern;
  throw invalidSetting(
    "allowedHosts",
    'host names without a port, such as "app.example.com" or "*.example.com", or "*"',
    entry,
  );
}

/** The settings of WebSocket connections that are no limits. */
const webSocketChoices = { sharedReadBuffer: true, compression: false as boolean | CompressionOptions };

function resolveWebSocket(given: Partial<WebSocketSettings> | undefined): ResolvedWebSocketSettings {
  const limits = resolveLimits("websocket", given, defaultWebSocketLimits, webSocketChoices);
  const { sharedReadBuffer, compression } = { ...webSocketChoices, ...withoutUndefined(given ?? {}) };
  if (typeof sharedReadBuffer !== "boolean") {
    throw invalidSetting("websocket.sharedReadBuffer", "true or false", sharedReadBuffer);
  }
  return {
    ...limits,
    // Who waits for `drained` must never come to the limit.
    highWaterMarkBytes: Math.min(limits.highWaterMarkBytes, limits.maxSendQueueBytes),
    sharedReadBuffer,
    compression:
      compression === false ? undefined : resolveCompression(compression, "server", "websocket.compression"),
  };
}

function withoutUndefined<Given extends object>(given: Given): Given {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Given;
}

/** Checks the limits of a group of settings; of its others only that nothing is there which does not exist. */
function resolveLimits<Limits extends object>(
  group: string,
  given: Partial<Limits> | undefined,
  defaults: Limits,
  others: object = {},
): Limits {
  if (given === undefined) return defaults;
  if (typeof given !== "object" || given === null) throw invalidSetting(group, "an object", given);
  checkNames(`${group}.`, given, [...Object.keys(defaults), ...Object.keys(others)]);
  const limits = Object.entries(withoutUndefined(given)).filter(([name]) => !(name in others));
  for (const [name, value] of limits) {
    checkWholeNumber(`${group}.${name}`, value, rangeOf(name));
  }
  return { ...defaults, ...Object.fromEntries(limits) };
}

function list(name: string, entries: readonly string[] | undefined): readonly string[] | undefined {
  if (entries === undefined) return undefined;
  if (!Array.isArray(entries)) throw invalidSetting(name, "a list of strings", entries);
  for (const entry of entries as readonly unknown[]) {
    if (typeof entry !== "string") throw invalidSetting(name, "a list of strings", entry);
  }
  return entries;
}

function isLogger(logger: unknown): boolean {
  const methods = logger as Record<string, unknown>;
  return (
    typeof logger === "object" &&
    logger !== null &&
    ["debug", "info", "warn", "error"].every((method) => typeof methods[method] === "function")
  );
}
