import { parseAuthority } from "./authority.ts";

/** An entry of `allowedHosts`: a host name, or every subdomain of one. A port is not part of it. */
export interface HostPattern {
  readonly hostname: string;
  /** Whether `hostname` stands for its subdomains (at any depth, and not for itself). */
  readonly subdomains: boolean;
}

/** Parses an entry of `allowedHosts` (`example.com`, `*.example.com`, `[::1]`); undefined when it is none. */
export function parseHostPattern(entry: string): HostPattern | undefined {
  const subdomains = entry.startsWith("*.");
  const hostname = subdomains ? entry.slice(2) : entry;
  const authority = parseAuthority(hostname);
  // An authority that is longer than its host name has a port, if only an empty one.
  if (authority === undefined || authority.hostname.length !== hostname.length) return undefined;
  return { hostname: authority.hostname, subdomains };
}

/** Whether one of the patterns allows `hostname`. */
export function isAllowedHost(hostname: string, patterns: readonly HostPattern[]): boolean {
  return patterns.some((pattern) =>
    pattern.subdomains ? hostname.endsWith(`.${pattern.hostname}`) : hostname === pattern.hostname,
  );
}
