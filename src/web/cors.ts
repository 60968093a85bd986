import { isSameOrigin, parseOrigin } from "../protocol/http/origin.ts";
import type { HttpRequest } from "./http-request.ts";
import { originOf } from "./origin-check.ts";

/** Header fields, as an exchange takes them. */
type Fields = readonly (readonly [name: string, value: string])[];

/** For how many seconds a browser may remember that it may ask: as long as Chromium does at most. */
const preflightSeconds = 7200;

/** The answer depends on who asks, also when nobody of the kind did. */
const varying: Fields = [["Vary", "Origin"]];

/** Lets the page that sent this request read the answer, with its credentials (WHATWG Fetch, CORS protocol). */
export function corsHeaders(request: HttpRequest): Fields {
  const origin = request.header("origin");
  if (origin === undefined) return varying;
  return [
    ["Access-Control-Allow-Origin", origin],
    ["Access-Control-Allow-Credentials", "true"],
    ["Access-Control-Expose-Headers", "Retry-After"],
    ...varying,
  ];
}

/** What a preflight is told in addition. */
export function preflightHeaders(request: HttpRequest): Fields {
  const asked = request.header("access-control-request-headers");
  return [
    ["Access-Control-Allow-Methods", "GET, POST"],
    ...(asked === undefined ? [] : ([["Access-Control-Allow-Headers", asked]] as const)),
    ["Access-Control-Max-Age", String(preflightSeconds)],
  ];
}

/** The origin that a session belongs to; empty for the server's own, of which a browser speaks in a POST only. */
export function sessionOrigin(request: HttpRequest): string {
  const origin = request.header("origin");
  if (origin === undefined) return "";
  const parsed = parseOrigin(origin);
  return parsed !== undefined && isSameOrigin(parsed, originOf(request)) ? "" : origin;
}

/**
 * Whether a browser sent this for a page of another site and does not say of which: a request whose answer the page
 * cannot read, but which would open a session in the name of its visitor (W3C Fetch Metadata).
 */
export function isFromUnnamedSite(request: HttpRequest): boolean {
  const site = request.header("sec-fetch-site");
  return request.header("origin") === undefined && (site === "cross-site" || site === "same-site");
}
