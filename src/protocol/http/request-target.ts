import { parseAuthority } from "./authority.ts";

/** The parts of a request target (RFC 9112 §3.2). */
export interface RequestTarget {
  /** Percent-encoded as it came, beginning with "/"; or "*" for a request about the server as a whole. */
  readonly path: string;
  /** What follows the first "?", without it; empty when there is none. */
  readonly query: string;
  /** The host that an absolute target names, which overrules the Host header (RFC 9112 §3.2.2). */
  readonly authority: string | undefined;
}

/**
 * Parses a request target; undefined when it has none of the forms that a server may be sent. The path is not
 * resolved or decoded: a path that begins with "//" stays a path, and what a handler sees is what was asked for.
 */
export function parseRequestTarget(target: string): RequestTarget | undefined {
  // RFC 9112 §3.2: a fragment is never sent.
  if (target.includes("#")) return undefined;
  if (target.startsWith("/")) return splitQuery(target, undefined);
  if (target === "*") return { path: "*", query: "", authority: undefined };
  const scheme = /^https?:\/\//i.exec(target)?.[0];
  if (scheme === undefined) return undefined;
  const rest = target.slice(scheme.length);
  const end = rest.search(/[/?]/);
  const authority = end === -1 ? rest : rest.slice(0, end);
  if (parseAuthority(authority) === undefined) return undefined;
  const path = end === -1 ? "" : rest.slice(end);
  return splitQuery(path.startsWith("/") ? path : `/${path}`, authority);
}

function splitQuery(pathAndQuery: string, authority: string | undefined): RequestTarget {
  const mark = pathAndQuery.indexOf("?");
  if (mark === -1) return { path: pathAndQuery, query: "", authority };
  return { path: pathAndQuery.slice(0, mark), query: pathAndQuery.slice(mark + 1), authority };
}
