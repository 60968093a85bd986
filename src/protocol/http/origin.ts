import type { Authority } from "./authority.ts";
import { defaultPort, formatAuthority, parseAuthority } from "./authority.ts";

/** A web origin (RFC 6454 §4): scheme, host, port, with the port always known. */
export interface Origin {
  readonly scheme: string;
  readonly hostname: string;
  readonly port: number;
}

/** An entry of `allowedOrigins`: one origin, or every subdomain of a domain. */
export interface OriginPattern extends Origin {
  /** Whether `hostname` stands for its subdomains (at any depth, and not for itself). */
  readonly subdomains: boolean;
}

/** What a request says of its own origin. */
export interface RequestOrigin {
  readonly scheme: "http" | "https";
  readonly authority: Authority;
}

/**
 * Parses an Origin header. Undefined for everything that names no http(s) origin, so also for `null`, the origin of
 * sandboxed frames and `file:` pages, and for a list.
 */
export function parseOrigin(value: string): Origin | undefined {
  const separator = value.indexOf("://");
  const scheme = value.slice(0, Math.max(separator, 0)).toLowerCase();
  if (scheme !== "http" && scheme !== "https") return undefined;
  const authority = parseAuthority(value.slice(separator + 3));
  if (authority === undefined) return undefined;
  return { scheme, hostname: authority.hostname, port: authority.port ?? defaultPort(scheme) };
}

/** Parses an entry of `allowedOrigins`; undefined when it is none. `*` alone is not: nobody should mean everybody. */
export function parseOriginPattern(entry: string): OriginPattern | undefined {
  const subdomains = /^https?:\/\/\*\./i.test(entry);
  const origin = parseOrigin(subdomains ? entry.replace("*.", "") : entry);
  if (origin === undefined) return undefined;
  return { ...origin, subdomains };
}

/** Whether `origin` is what `pattern` allows. */
export function matchesPattern(origin: Origin, pattern: OriginPattern): boolean {
  if (origin.scheme !== pattern.scheme || origin.port !== pattern.port) return false;
  return pattern.subdomains
    ? origin.hostname.endsWith(`.${pattern.hostname}`)
    : origin.hostname === pattern.hostname;
}

/**
 * Whether a page of `origin` and the request's own address are one origin (RFC 6454 §5).
 *
 * A port that the Host header leaves out is the default one of the *page's* scheme, and an https page may use what
 * looks like an http address: a proxy that ends TLS and forwards only the Host header makes exactly that, and an
 * https page of the same host is not less to be trusted. The reverse, an http page at an address known to be https,
 * is refused: anybody on the way could have written that page.
 */
export function isSameOrigin(origin: Origin, request: RequestOrigin): boolean {
  if (origin.scheme === "http" && request.scheme === "https") return false;
  const port = request.authority.port ?? defaultPort(origin.scheme === "http" ? "http" : "https");
  return origin.hostname === request.authority.hostname && origin.port === port;
}

/** The request's own origin as a browser would write it. */
export function formatOrigin(request: RequestOrigin): string {
  return `${request.scheme}://${formatAuthority(request.authority, request.scheme)}`;
}
