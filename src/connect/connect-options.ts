import { misuse } from "../base/errors.ts";
import { checkNames, checkWholeNumber, invalidSetting, rangeOf } from "../base/setting-check.ts";
import type { WebSocketLimits } from "../base/limits.ts";
import { defaultWebSocketLimits } from "../base/limits.ts";
import { quote } from "../base/text.ts";
import type { CompressionOptions, ResolvedCompression } from "../protocol/websocket/compression-options.ts";
import { resolveCompression } from "../protocol/websocket/compression-options.ts";
import type { ClientTlsOptions, DialProxy, RequestHeaders } from "../transport/dial/dial-options.ts";
import type { HeadersLike } from "./handshake-headers.ts";
import { checkRequestHeaders } from "./handshake-headers.ts";
import { checkSubprotocols } from "./websocket-url.ts";

/** What binary messages become in the events of the standard interface. */
export type BinaryType = "blob" | "arraybuffer";

/** An HTTP proxy that opens tunnels by CONNECT. */
export interface ProxyOptions {
  /** `http://proxy.example.com:3128`, or `https:`, with a user and password for the proxy if it wants them. */
  readonly url: string | URL;
  /** Header fields of the CONNECT request, which the server does not see. */
  readonly headers?: HeadersLike | undefined;
  /** For an `https:` proxy: the certificate to trust, and so on. */
  readonly tls?: ClientTlsOptions | undefined;
}

/**
 * How to connect. Everything is optional; the limits of a connection have the names that they have on the server.
 *
 * @example
 * const options: ConnectOptions = { headers: { Authorization: "Bearer …" }, timeoutMs: 5000 };
 */
export interface ConnectOptions {
  /** Subprotocols to offer, the preferred one first; the server chooses one or none. Default none. */
  readonly protocols?: string | readonly string[] | undefined;
  /** Header fields of the handshake. Those that make the handshake are refused. Default none. */
  readonly headers?: HeadersLike | undefined;
  /** The Origin field, which browsers send and other clients need not. Default none. */
  readonly origin?: string | undefined;
  /** Compress messages (permessage-deflate), if the server agrees. Default false. */
  readonly compression?: boolean | CompressionOptions | undefined;
  /** For `wss:`: certificates and all else that `tls.connect` takes, but for where to connect. */
  readonly tls?: ClientTlsOptions | undefined;
  /** An HTTP proxy, as a URL or with options. Environment variables are not looked at. Default none. */
  readonly proxy?: string | URL | ProxyOptions | undefined;
  /** Milliseconds until the connection is open, redirects included; 0 for no limit. Default 10 s, as python-websockets'. */
  readonly timeoutMs?: number | undefined;
  /** Aborted before the connection is open, it ends the attempt; afterwards, it closes the connection with 1000. */
  readonly signal?: AbortSignal | undefined;
  /** How many redirects are followed. Default 0: a redirect is a refusal. */
  readonly followRedirects?: number | undefined;
  /** The standard attribute's first value. Default "arraybuffer" for `connect()`, "blob", as the standard says, for the constructor. */
  readonly binaryType?: BinaryType | undefined;
  /** Bytes of one message; past it close 1009. Default 16 MiB. */
  readonly maxMessageBytes?: number | undefined;
  /** Milliseconds between pings to a silent server; 0 sends none. Default 30 s. */
  readonly pingIntervalMs?: number | undefined;
  /** Milliseconds in which any byte must come after a ping; past it close 1001. Default 10 s. */
  readonly pingTimeoutMs?: number | undefined;
  /** Milliseconds for the server to answer a close frame; past it the socket is closed. Default 5 s. */
  readonly closeTimeoutMs?: number | undefined;
  /** Bytes waiting to be sent down to which `drained()` waits. Default 256 KiB. */
  readonly highWaterMarkBytes?: number | undefined;
  /** Bytes waiting to be sent past which the connection is closed with 1013. Default 64 MiB. */
  readonly maxSendQueueBytes?: number | undefined;
  /** Messages waiting for an iterator from which the socket is not read any more. Default 64. */
  readonly maxQueuedMessages?: number | undefined;
  /** Bytes waiting for an iterator from which the socket is not read any more. Default 1 MiB. */
  readonly maxQueuedBytes?: number | undefined;
}

/** Options checked and complete. */
export interface ResolvedConnectOptions {
  readonly subprotocols: readonly string[];
  readonly headers: RequestHeaders;
  readonly tls: ClientTlsOptions;
  readonly compression: ResolvedCompression | undefined;
  readonly proxy: DialProxy | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly redirectsMax: number;
  readonly binaryType: BinaryType;
  readonly limits: WebSocketLimits;
}

/**
 * A server protects itself from strangers; a client has chosen its server, and sends only what its own program says. So it takes
 * larger messages, and waits longer before it gives up on a server that does not read.
 */
export const defaultClientLimits: WebSocketLimits = {
  ...defaultWebSocketLimits,
  maxMessageBytes: 16 * 1024 * 1024,
  maxSendQueueBytes: 64 * 1024 * 1024,
};

const defaultTimeoutMs = 10_000;
const redirectsLimit = 20;

/** The limits that a client has; the others are a server's. */
const limitNames = [
  "maxMessageBytes",
  "pingIntervalMs",
  "pingTimeoutMs",
  "closeTimeoutMs",
  "highWaterMarkBytes",
  "maxSendQueueBytes",
  "maxQueuedMessages",
  "maxQueuedBytes",
] as const satisfies readonly (keyof WebSocketLimits)[];

const optionNames: readonly string[] = [
  ...limitNames,
  "protocols",
  "headers",
  "origin",
  "compression",
  "tls",
  "proxy",
  "timeoutMs",
  "signal",
  "followRedirects",
  "binaryType",
];

/** What `tls.connect` would take instead of the URL. */
const tlsTargets = ["host", "port", "path", "socket"];

/**
 * Checks options, and fills in what is left out.
 *
 * @throws WaterspoutError SETTING_UNKNOWN, SETTING_INVALID, HEADER_INVALID; DOMException SyntaxError for `protocols`.
 */
export function resolveConnectOptions(options: ConnectOptions, url: URL): ResolvedConnectOptions {
  if (typeof options !== "object" || options === null) throw invalidSetting("options", "an object", options);
  checkNames("", options, optionNames);
  const { timeoutMs = defaultTimeoutMs, signal, followRedirects = 0 } = options;
  const { binaryType = "blob", compression = false } = options;
  checkWholeNumber("timeoutMs", timeoutMs, rangeOf("timeoutMs"));
  checkWholeNumber("followRedirects", followRedirects, [0, redirectsLimit]);
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw invalidSetting("signal", "an AbortSignal", signal);
  if (binaryType !== "blob" && binaryType !== "arraybuffer") {
    throw invalidSetting("binaryType", '"blob" or "arraybuffer"', binaryType);
  }
  return {
    subprotocols: checkSubprotocols(options.protocols ?? []),
    headers: resolveHeaders(options, url),
    tls: resolveTls("tls", options.tls),
    compression: compression === false ? undefined : resolveCompression(compression, "client", "compression"),
    proxy: resolveProxy(options.proxy),
    timeoutMs,
    signal,
    redirectsMax: followRedirects,
    binaryType,
    limits: resolveLimits(options),
  };
}

function resolveHeaders(options: ConnectOptions, url: URL): RequestHeaders {
  const headers = checkRequestHeaders(options.headers);
  const has = (name: string): boolean => Object.keys(headers).some((key) => key.toLowerCase() === name);
  if (has("authorization") && (url.username !== "" || url.password !== "")) {
    const reason = "the URL has a user and password, which make the same field";
    throw misuse("HEADER_INVALID", { name: '"Authorization"', reason });
  }
  if (options.origin === undefined) return headers;
  if (has("origin")) {
    throw misuse("HEADER_INVALID", { name: '"Origin"', reason: "the option origin sets it, too" });
  }
  return { ...headers, ...checkRequestHeaders({ Origin: options.origin }) };
}

function resolveLimits(options: ConnectOptions): WebSocketLimits {
  const limits: Record<keyof WebSocketLimits, number> = { ...defaultClientLimits };
  for (const name of limitNames) {
    const value = options[name];
    if (value === undefined) continue;
    checkWholeNumber(name, value, rangeOf(name));
    limits[name] = value;
  }
  return limits;
}

function resolveTls(name: string, tls: ClientTlsOptions | undefined): ClientTlsOptions {
  if (tls === undefined) return {};
  if (typeof tls !== "object" || tls === null) throw invalidSetting(name, "an object", tls);
  for (const target of tlsTargets) {
    if (Object.hasOwn(tls, target)) {
      throw invalidSetting(
        `${name}.${target}`,
        "left out, since the URL says where to connect",
        tls[target as "host"],
      );
    }
  }
  return tls;
}

function resolveProxy(proxy: ConnectOptions["proxy"]): DialProxy | undefined {
  if (proxy === undefined) return undefined;
  const isUrl = typeof proxy === "string" || proxy instanceof URL;
  if (!isUrl && (typeof proxy !== "object" || proxy === null)) {
    throw invalidSetting("proxy", "a URL, or an object with one", proxy);
  }
  const { url, headers, tls }: ProxyOptions = isUrl ? { url: proxy } : proxy;
  if (!isUrl) checkNames("proxy.", proxy, ["url", "headers", "tls"]);
  const parsed = URL.canParse(String(url)) ? new URL(String(url)) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) {
    // What is no URL might still hold a password; its scheme does not.
    const shown = parsed === undefined ? "something else" : quote(parsed.protocol);
    const expected = "an http: or https: URL, such as http://proxy.example.com:3128";
    throw misuse("SETTING_INVALID", { name: isUrl ? "proxy" : "proxy.url", expected, value: shown });
  }
  return { url: parsed, headers: checkProxyHeaders(headers), tls: resolveTls("proxy.tls", tls) };
}

/** Of a proxy's fields, the one that proves who asks is the one that matters. */
function checkProxyHeaders(given: HeadersLike | undefined): RequestHeaders {
  return checkRequestHeaders(given, "proxy.headers");
}
