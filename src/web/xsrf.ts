import { timingSafeEqual } from "node:crypto";
import { describe } from "../base/errors.ts";
import { printable, quote } from "../base/text.ts";
import { formatOrigin, parseOrigin } from "../protocol/http/origin.ts";
import type { HttpRequest } from "./http-request.ts";
import { isOriginAllowed } from "./origin-check.ts";
import { Refusal } from "./refusal.ts";
import type { ResolvedSettings } from "./settings.ts";
import type { XsrfToken } from "./xsrf-token.ts";
import { unmaskXsrfToken } from "./xsrf-token.ts";

/**
 * Protection from cross-site request forgery: a page of another site can have its visitor's browser send a request here,
 * with the visitor's cookies. A request that changes something must therefore be shown to come from a page of this site.
 *
 * First by what the browser itself says, which no page can forge: Sec-Fetch-Site (W3C Fetch Metadata) and Origin. All
 * browsers of the last years send one of them with each such request, and that is enough. Whoever says neither shows a
 * token, by Tornado's rules: a cookie has it, and the request repeats it where another site's page could not have
 * written it. A token beside a good Origin is not looked at: it would prove less than the Origin does, since
 * whoever can set cookies for a parent domain can choose it. A token cannot mend a bad Origin for the same reason.
 *
 * Of the POSTs of the session protocol only those come here that open a session with cookies and without an Origin: where
 * there is one Admission has checked it, and all others carry a secret that no other site's page has seen
 * (docs/guide/users.md says more).
 */

/** Reads the field `_xsrf` of the request's form; undefined where there is none. */
export type XsrfFormField = () => Promise<string | undefined>;

/** The form's field, whatever the cookie's name is. */
export const xsrfFieldName = "_xsrf";

/** Methods that change nothing (RFC 9110 §9.2.1), and so need no protection. */
const safeMethods: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** Whether a request must be shown to come from a page of this site. */
export function needsXsrfCheck(request: HttpRequest, settings: ResolvedSettings): boolean {
  return settings.users.xsrf.isChecked && !safeMethods.has(request.method);
}

/**
 * Whether a POST that opens a session must be shown to come from a page of this site by more than its Origin, since it has
 * none. One without cookies speaks in nobody's name.
 */
export function isUntoldPost(request: HttpRequest, settings: ResolvedSettings): boolean {
  return (
    needsXsrfCheck(request, settings) &&
    request.header("origin") === undefined &&
    request.header("cookie") !== undefined
  );
}

/**
 * Lets a request pass that comes from a page of this site, or of one that `allowedOrigins` names.
 *
 * @param cookie the token of the cookie that came.
 * @throws Refusal XSRF_REFUSED
 */
export async function checkXsrf(
  request: HttpRequest,
  settings: ResolvedSettings,
  cookie: XsrfToken | undefined,
  readField: XsrfFormField,
): Promise<void> {
  const origin = request.header("origin");
  const site = request.header("sec-fetch-site");
  // "none": the visitor did it, no page. An address bar sends no such request, but a restored tab may.
  if (site === "same-origin" || site === "none") return;
  // "null" is said also by this site's own forms, where the page has a strict Referrer-Policy. It says nothing.
  const isOriginTold = origin !== undefined && origin !== "null";
  if (isOriginTold && isOriginAllowed(origin, request, settings)) return;
  if (isOriginTold || site !== undefined) throw siteRefusal(request, origin, site);
  const shown = request.header("x-xsrftoken") ?? request.header("x-csrftoken") ?? (await readField());
  const reason = judgeToken(shown, cookie, settings.users.xsrf.cookieName);
  if (reason !== undefined) throw tokenRefusal(request, reason);
}

function judgeToken(
  shown: string | undefined,
  cookie: XsrfToken | undefined,
  name: string,
): string | undefined {
  if (shown === undefined || shown === "") return "it has no token either";
  const token = unmaskXsrfToken(shown);
  if (token === undefined) return "its token has not the form 2|mask|token|time";
  if (cookie === undefined) return `it has a token, but no cookie ${name} with one`;
  return timingSafeEqual(token.bytes, cookie.bytes)
    ? undefined
    : `its token is not that of its cookie ${name}`;
}

function siteRefusal(request: HttpRequest, origin: string | undefined, site: string | undefined): Refusal {
  const seen = [
    ...(origin === undefined ? [] : [`Origin ${quote(origin)}`]),
    ...(site === undefined ? [] : [`Sec-Fetch-Site ${quote(site)}`]),
  ].join(", ");
  const own = formatOrigin({ scheme: request.protocol, authority: request.authority });
  const isNameable = origin !== undefined && parseOrigin(origin) !== undefined;
  const how = isNameable
    ? `new Application(routes, { allowedOrigins: [${quote(origin)}] }), or override checkXsrfCookie()`
    : "override checkXsrfCookie()";
  return refusal(request, `the page that sent it is of another site (${seen}; same origin is ${own})`, how);
}

function tokenRefusal(request: HttpRequest, reason: string): Refusal {
  const how =
    "put xsrfFormHtml() into the form, or send xsrfToken as the header field X-Xsrftoken; for a handler whose clients send no cookies, override checkXsrfCookie()";
  return refusal(request, `it says neither Origin nor Sec-Fetch-Site, and ${reason}`, how);
}

function refusal(request: HttpRequest, reason: string, how: string): Refusal {
  const { method, path } = request;
  return new Refusal(
    describe("XSRF_REFUSED", { method: printable(method), path: printable(path), reason, how }),
  );
}
