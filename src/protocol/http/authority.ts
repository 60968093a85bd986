/** A host and port as they stand in a Host header or a URL (RFC 3986 §3.2). */
export interface Authority {
  /** In lower case; an IPv6 address is in brackets. */
  readonly hostname: string;
  /** As written; undefined where none was. */
  readonly port: number | undefined;
}

/** Labels with dots between them, perhaps one behind the last; or an IPv6 address. */
const hostnamePattern = /^(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\])$/i;

/**
 * Parses `host[:port]`; undefined when it is not that. User information, paths, lists and anything else that a Host
 * header must not have are refused, since the value decides who may connect.
 */
export function parseAuthority(value: string | undefined): Authority | undefined {
  if (value === undefined) return undefined;
  const colon = value.indexOf(":", value.indexOf("]") + 1);
  const name = colon === -1 ? value : value.slice(0, colon);
  if (!hostnamePattern.test(name)) return undefined;
  const hostname = name.toLowerCase();
  if (colon === -1) return { hostname, port: undefined };
  const port = value.slice(colon + 1);
  // RFC 3986 allows an empty port, which means the default one.
  if (port === "") return { hostname, port: undefined };
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) return undefined;
  return { hostname, port: Number(port) };
}

/** The same authority as text, without a port that is the scheme's default. */
export function formatAuthority(authority: Authority, scheme: "http" | "https"): string {
  const { hostname, port } = authority;
  return port === undefined || port === defaultPort(scheme) ? hostname : `${hostname}:${port}`;
}

/** The port that a URL of `scheme` has when it names none. */
export function defaultPort(scheme: "http" | "https"): number {
  return scheme === "http" ? 80 : 443;
}

/** Whether a host name can only mean this machine (RFC 6761 §6.3, RFC 1122 §3.2.1.3). */
export function isLoopbackName(hostname: string): boolean {
  return (
    hostname === "localhost" ||
    hostname === "127.0.0.1" ||
    hostname === "[::1]" ||
    hostname.endsWith(".localhost") ||
    /^127(?:\.\d{1,3}){3}$/.test(hostname)
  );
}
