import type { ErrorDetails } from "../base/errors.ts";
import { printable } from "../base/text.ts";
import type { RequestOrigin } from "../protocol/http/origin.ts";
import { formatOrigin, isSameOrigin, matchesPattern, parseOrigin } from "../protocol/http/origin.ts";
import type { HttpRequest } from "./http-request.ts";
import type { ResolvedSettings } from "./settings.ts";

/** Whether a page of `origin` may connect by the settings: the server's own origin, and those allowed. */
export function isOriginAllowed(origin: string, request: HttpRequest, settings: ResolvedSettings): boolean {
  const parsed = parseOrigin(origin);
  if (parsed === undefined) return false;
  return (
    isSameOrigin(parsed, originOf(request)) ||
    settings.origins.some((pattern) => matchesPattern(parsed, pattern))
  );
}

/** What the explanation of a refused origin says. */
export function originDetails(origin: string, request: HttpRequest): ErrorDetails<"WS_ORIGIN_REFUSED"> {
  const shown = origin === "" ? "(empty)" : printable(origin);
  const own = formatOrigin(originOf(request));
  const isWebSocket = request.header("upgrade") !== undefined;
  const scheme = isWebSocket ? (request.protocol === "https" ? "wss" : "ws") : request.protocol;
  // An origin that names nobody ("null", of sandboxed frames and files) cannot be allowed by name.
  const isNameable = parseOrigin(origin) !== undefined;
  return {
    origin: shown,
    url: `${scheme}://${request.host}${printable(request.path)}`,
    sameOrigin: own,
    how: isNameable ? `new Application(routes, { allowedOrigins: ["${shown}"] }), or ` : "",
  };
}

/** A request's own origin. */
export function originOf(request: HttpRequest): RequestOrigin {
  return { scheme: request.protocol, authority: request.authority };
}
