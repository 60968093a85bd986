import type { Problem } from "../base/errors.ts";
import { describe } from "../base/errors.ts";
import { quote } from "../base/text.ts";
import type { Authority } from "../protocol/http/authority.ts";
import { isLoopbackName, parseAuthority } from "../protocol/http/authority.ts";
import type { ForwardedResult } from "../protocol/http/forwarded.ts";
import { resolveForwarded } from "../protocol/http/forwarded.ts";
import { isAllowedHost } from "../protocol/http/host-pattern.ts";
import { parseRequestTarget } from "../protocol/http/request-target.ts";
import { fieldValue } from "../protocol/http/header-fields.ts";
import { isAddress, isLoopbackAddress } from "../transport/address-list.ts";
import type { HttpExchange } from "../transport/http-exchange.ts";
import { HttpRequest } from "./http-request.ts";
import type { ResolvedSettings } from "./settings.ts";

/**
 * Reads a request: the first stage that every request passes, whatever transport it asks for. Checks what must be
 * right before a route can be looked for, and resolves what proxies say.
 */
export function readRequest(exchange: HttpExchange, settings: ResolvedSettings): HttpRequest | Problem {
  const { maxHeaders, maxTargetBytes } = settings.http;
  const { headers, headerCount } = exchange;
  if (headerCount > maxHeaders)
    return describe("HEADERS_TOO_MANY", { count: headerCount, limit: maxHeaders });
  // Node lets nothing in that is not ASCII, so that its characters are its bytes.
  const targetBytes = exchange.target.length;
  if (targetBytes > maxTargetBytes)
    return describe("TARGET_TOO_LONG", { got: `${targetBytes} bytes`, limit: maxTargetBytes });
  const target = parseRequestTarget(exchange.target);
  if (target === undefined) return describe("REQUEST_TARGET_INVALID", { target: quote(exchange.target) });
  const hostField = fieldValue(headers, "host");
  // RFC 9112 §3.2: a request has one Host, and an HTTP/1.0 one may have none.
  const fallback = exchange.httpVersion === "1.0" && hostField === undefined ? "localhost" : hostField;
  const named = parseHost(fallback);
  const count = exchange.countOf("host");
  if (count > 1) return describe("HOST_INVALID", { host: `${count} of them` });
  if (named === undefined) return describe("HOST_INVALID", { host: quote(hostField) });
  // RFC 9112 §3.2.2: an absolute target overrules the field, which must be right all the same.
  const host = target.authority === undefined ? named : (parseAuthority(target.authority) ?? named);
  const expect = fieldValue(headers, "expect");
  if (expect !== undefined && expect.toLowerCase() !== "100-continue") {
    return describe("EXPECTATION_FAILED", { expect: quote(expect) });
  }
  const resolved = resolveClient(exchange, host, settings);
  if (!isHostServed(resolved.host.hostname, exchange.localAddress, resolved.isHostForwarded, settings)) {
    const { hostname } = resolved.host;
    return describe("HOST_REFUSED", { host: quote(hostname), hostname, allowed: describeAllowed(settings) });
  }
  return new HttpRequest({
    method: exchange.method,
    path: target.path,
    query: target.query,
    httpVersion: exchange.httpVersion,
    headers,
    protocol: resolved.scheme,
    authority: resolved.host,
    remoteAddress: resolved.remoteAddress,
  });
}

/** The Host that came last. Nearly all requests to a site name the same. */
let latestHost: { readonly value: string | undefined; readonly authority: Authority | undefined } = {
  value: undefined,
  authority: undefined,
};

function parseHost(value: string | undefined): Authority | undefined {
  if (latestHost.value !== value) latestHost = { value, authority: parseAuthority(value) };
  return latestHost.authority;
}

/** Who asks for what, with whatever a proxy says that may be believed. */
function resolveClient(exchange: HttpExchange, host: Authority, settings: ResolvedSettings): ForwardedResult {
  const { peerAddress } = exchange;
  const scheme = exchange.isEncrypted ? "https" : "http";
  // So it is for whoever has no proxies: nothing else needs to be looked at.
  if (!settings.proxies.includes(peerAddress))
    return { remoteAddress: peerAddress, scheme, host, isHostForwarded: false };
  const { headers } = exchange;
  return resolveForwarded({
    peerAddress,
    scheme,
    host,
    forwardedFor: fieldValue(headers, "x-forwarded-for"),
    forwardedProto: fieldValue(headers, "x-forwarded-proto"),
    forwardedHost: fieldValue(headers, "x-forwarded-host"),
    isTrusted: (address) => settings.proxies.includes(address),
    isAddress,
  });
}

/**
 * Whether this server answers under `hostname`. Without the setting every name will do, except on a connection to a
 * loopback address: there a name that is not this machine's own belongs to a page somewhere else whose name was made
 * to resolve to this machine (DNS rebinding). That its Origin and Host agree proves nothing. What a trusted proxy was asked for is no such name.
 */
function isHostServed(
  hostname: string,
  localAddress: string,
  isHostForwarded: boolean,
  settings: ResolvedSettings,
): boolean {
  const { anyHost, hosts } = settings;
  if (anyHost) return true;
  const isLocal = isLoopbackAddress(localAddress) && isLoopbackName(hostname);
  if (hosts !== undefined) return isLocal || isAllowedHost(hostname, hosts);
  return isLocal || isHostForwarded || !isLoopbackAddress(localAddress);
}

function describeAllowed(settings: ResolvedSettings): string {
  if (settings.hosts === undefined) return "on a loopback address, names of this machine such as localhost";
  return (
    settings.hosts.map(({ hostname, subdomains }) => (subdomains ? `*.${hostname}` : hostname)).join(", ") ||
    "none"
  );
}
