import type { Authority } from "./authority.ts";
import { parseAuthority } from "./authority.ts";
import { listMembers } from "./field-values.ts";

/** What the connection itself says of a request, and what its header fields claim. */
export interface ForwardedInput {
  readonly peerAddress: string;
  readonly scheme: "http" | "https";
  readonly host: Authority;
  /** X-Forwarded-For, -Proto and -Host as they came. */
  readonly forwardedFor: string | undefined;
  readonly forwardedProto: string | undefined;
  readonly forwardedHost: string | undefined;
  /** Whether an address belongs to a proxy whose word counts. */
  readonly isTrusted: (address: string) => boolean;
  /** Whether a text is an IP address. */
  readonly isAddress: (text: string) => boolean;
}

/** Where a request came from and what it was sent to, once proxies that may be believed have had their say. */
export interface ForwardedResult {
  readonly remoteAddress: string;
  readonly scheme: "http" | "https";
  readonly host: Authority;
  /** Whether a trusted proxy said which host was asked for. */
  readonly isHostForwarded: boolean;
}

/**
 * Resolves X-Forwarded-* headers. They count only when the peer is a trusted proxy. The client's address is the first
 * one from the right of X-Forwarded-For that is not itself a trusted proxy: everything to its left was written by
 * somebody nobody vouches for. Of a list in -Proto and -Host the last member counts, the one the nearest proxy wrote.
 */
export function resolveForwarded(input: ForwardedInput): ForwardedResult {
  const { peerAddress, scheme, host } = input;
  if (!input.isTrusted(peerAddress))
    return { remoteAddress: peerAddress, scheme, host, isHostForwarded: false };
  // Some proxies name the scheme of the WebSocket that was asked for.
  const proto = listMembers(input.forwardedProto).at(-1)?.toLowerCase().replace(/^ws/, "http");
  const forwardedHost = parseAuthority(listMembers(input.forwardedHost).at(-1));
  return {
    remoteAddress: clientAddress(input),
    scheme: proto === "http" || proto === "https" ? proto : scheme,
    host: forwardedHost ?? host,
    isHostForwarded: forwardedHost !== undefined,
  };
}

function clientAddress(input: ForwardedInput): string {
  let address = input.peerAddress;
  for (const member of listMembers(input.forwardedFor).toReversed()) {
    const candidate = withoutPort(member);
    if (!input.isAddress(candidate)) break;
    address = candidate;
    if (!input.isTrusted(address)) break;
  }
  return address;
}

/** Some proxies append the port: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function withoutPort(text: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(text)?.[1];
  if (bracketed !== undefined) return bracketed;
  const colon = text.indexOf(":");
  return colon !== -1 && colon === text.lastIndexOf(":") ? text.slice(0, colon) : text;
}
