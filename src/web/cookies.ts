import { misuse } from "../base/errors.ts";
import { kindOf, printable, quote } from "../base/text.ts";
import type { CookieAttributes } from "../protocol/http/cookie.ts";
import { formatSetCookie, mustBeSecure, parseCookies } from "../protocol/http/cookie.ts";
import type { HttpRequest } from "./http-request.ts";

/** How a cookie is set, as in RFC 6265: where browsers send it, for how long, and who sees it. */
export interface CookieOptions {
  /** A domain whose subdomains get the cookie as well. Default: this host alone. */
  readonly domain?: string | undefined;
  /** The paths it is sent to. Default `/`, which is all. */
  readonly path?: string | undefined;
  /** When it ends. Without any of the three, it ends with the browser's session. */
  readonly expires?: Date | undefined;
  /** The same in days from now. */
  readonly expiresDays?: number | undefined;
  /** The same in seconds from now; it wins over `expires`. */
  readonly maxAge?: number | undefined;
  /** Whether it is sent over TLS only. Default: true when the request came over TLS, and where browsers demand it. */
  readonly secure?: boolean | undefined;
  /** Whether it is hidden from scripts. Default false, and true for signed cookies. */
  readonly httpOnly?: boolean | undefined;
  /** Whether it goes along with what other sites' pages send; false says nothing about it. Default `lax`. */
  readonly sameSite?: "strict" | "lax" | "none" | false | undefined;
  /** Whether it is kept apart for each site that embeds this one. */
  readonly partitioned?: boolean | undefined;
  /** Which cookies Chromium throws away first. */
  readonly priority?: "low" | "medium" | "high" | undefined;
}

/** How a cookie is taken back: as it was set, without a time. */
export type ClearCookieOptions = Omit<CookieOptions, "expires" | "expiresDays" | "maxAge">;

const dayMs = 86_400_000;

/** The times of a cookie that a browser is to forget. */
export const past: CookieOptions = { expires: new Date(0), maxAge: 0 };

/** The cookies of one request and its answer. Made when a handler first asks for one: most WebSockets never do. */
export class RequestCookies {
  readonly #request: HttpRequest;
  #received: ReadonlyMap<string, string> | undefined;
  /** The Set-Cookie fields to send, by what makes a cookie another one for a browser: name, domain and path. */
  readonly #toSet = new Map<string, string>();
  /** The XSRF token of the answer, once it has been asked for; kept here so that handlers need no field for it. */
  xsrfToken: string | undefined;

  constructor(request: HttpRequest) {
    this.#request = request;
  }

  /** What came with the request, by name. */
  get received(): ReadonlyMap<string, string> {
    return (this.#received ??= parseCookies(this.#request.header("cookie")));
  }

  /** The Set-Cookie fields of the answer. */
  get fields(): readonly string[] {
    return [...this.#toSet.values()];
  }

  /** @throws WaterspoutError COOKIE_INVALID */
  set(name: string, value: string, options: CookieOptions): void {
    const reason = this.#put(name, value, options);
    if (reason !== undefined) throw misuse("COOKIE_INVALID", { name: nameOf(name), reason });
  }

  /** Has the browser forget all that came. @throws WaterspoutError COOKIE_INVALID for options that fit no cookie. */
  clearAll(options: ClearCookieOptions): void {
    // What is wrong for one is wrong for all: it is to be noticed also when none came.
    const fault = formatSetCookie("name", "", completeAttributes("name", options, false));
    if (typeof fault !== "string")
      throw misuse("COOKIE_INVALID", { name: "of any name", reason: fault.reason });
    // A client may send names that cannot be set, or not with this domain and path: so they were not.
    for (const name of this.received.keys()) this.#put(name, "", { ...options, ...past });
  }

  /** Why such a cookie cannot be set; undefined where it is. */
  #put(name: string, value: string, options: CookieOptions): string | undefined {
    const isEncrypted = this.#request.protocol === "https";
    const attributes = completeAttributes(name, options, isEncrypted);
    const field = formatSetCookie(name, value, attributes);
    if (typeof field !== "string") return field.reason;
    const { domain = "", path = "" } = attributes;
    const identity = `${name};${domain.toLowerCase()};${path}`;
    // The last of several is what counts, and it takes the last place, too.
    this.#toSet.delete(identity);
    this.#toSet.set(identity, field);
    return undefined;
  }
}

/** The attributes that a cookie gets: those given, and the defaults. */
export function completeAttributes(
  name: string,
  options: CookieOptions,
  isEncrypted: boolean,
): CookieAttributes {
  const { expiresDays, ...given } = options;
  const { path = "/", sameSite = "lax", expires = dateAfter(expiresDays) } = given;
  const attributes = { ...given, path, sameSite, expires };
  const { secure = isEncrypted || mustBeSecure(name, attributes) } = given;
  return { ...attributes, secure };
}

/** An invalid date for a number of days that makes none, which is refused with the other attributes. */
function dateAfter(days: number | undefined): Date | undefined {
  return days === undefined ? undefined : new Date(Date.now() + days * dayMs);
}

function nameOf(name: unknown): string {
  return typeof name === "string" ? quote(printable(name)) : kindOf(name);
}
