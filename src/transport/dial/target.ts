import { fieldValue } from "../../protocol/http/header-fields.ts";
import type { DialOptions, RequestHeaders } from "./dial-options.ts";
import type { HttpAnswer } from "./handshake-error.ts";
import { redirectRefusal } from "./handshake-error.ts";

/** What is asked for, and with which of the program's header fields. */
export interface Target {
  readonly url: URL;
  readonly headers: RequestHeaders;
  /** Whether the program's credentials may be shown here. */
  readonly isTrusted: boolean;
}

/** The statuses that say where else to go (RFC 9110 §15.4). */
const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** The first target: the program's URL and header fields. */
export function firstTarget(url: URL, options: DialOptions): Target {
  const { username, password } = url;
  const basic =
    username === "" && password === "" ? {} : { Authorization: basicCredentials(username, password) };
  return { url, headers: { ...basic, ...options.headers }, isTrusted: true };
}

/** Basic credentials (RFC 7617 §2) from the parts of a URL, which are percent-encoded. */
export function basicCredentials(username: string, password: string): string {
  const pair = `${decodeUserInfo(username)}:${decodeUserInfo(password)}`;
  return `Basic ${Buffer.from(pair).toString("base64")}`;
}

function decodeUserInfo(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A lone percent sign stands for itself.
    return text;
  }
}

/** Whether `url` is spoken to over TLS. */
export function isSecure(url: URL): boolean {
  return url.protocol === "wss:" || url.protocol === "https:";
}

/**
 * Where an answer redirects to; undefined when it is no redirect.
 *
 * On the way to another origin no field of the program is sent again: Authorization and Cookie are credentials, and that `X-Api-Key`
 * is not, nobody can tell by its name. Nor does a client certificate go there. They do not come back on the way back.
 *
 * @throws WaterspoutError REDIRECT_NOT_FOLLOWED for a redirect to something that is no WebSocket URL, or to plain text.
 */
export function redirectedTarget(from: Target, answer: HttpAnswer): Target | undefined {
  const location = redirectStatuses.has(answer.status) ? fieldValue(answer.headers, "location") : undefined;
  if (location === undefined) return undefined;
  const refuse = (reason: string): Error => redirectRefusal(from.url, location, reason, answer);
  let url: URL;
  try {
    // The base is given the scheme of HTTP, in which Location is written.
    url = new URL(location, from.url.href.replace(/^ws/, "http"));
  } catch {
    throw refuse("it is no URL");
  }
  const scheme = /^(?:http|ws)(s?):$/.exec(url.protocol);
  if (scheme === null) throw refuse("a WebSocket has a ws:, wss:, http: or https: URL");
  if (isSecure(from.url) && scheme[1] === "") throw refuse("it leads from TLS to plain text");
  // Credentials that the server invents are not ours.
  url = new URL(`ws${scheme[1]}://${url.host}${url.pathname}${url.search}`);
  if (url.host === from.url.host && isSecure(url) === isSecure(from.url)) return { ...from, url };
  return { url, headers: harmless(from.headers), isTrusted: false };
}

/** Fields that say nothing of who the program is. Origin says where it comes from, which servers check and do not believe. */
function harmless(headers: RequestHeaders): RequestHeaders {
  const kept = new Set(["origin", "user-agent"]);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => kept.has(name.toLowerCase())));
}
