import { checkNames, invalidSetting } from "../base/setting-check.ts";
import { misuse } from "../base/errors.ts";
import { formatSetCookie } from "../protocol/http/cookie.ts";
import { completeAttributes, type CookieOptions } from "./cookies.ts";
import type { CookieSecret } from "./signed-value.ts";
import { expectedSecret } from "./signed-value.ts";

/** The settings of cookies, logins and XSRF protection. */
export interface UserSettings {
  /**
   * What cookies are signed with: a long random text that nobody knows, or several by version (`{ 1: "old", 2: "new" }`)
   * with `keyVersion`. Tornado's `cookie_secret`. Default: none, and nothing can be signed.
   */
  readonly cookieSecret?: CookieSecret | undefined;
  /** Which of several secrets signs; all of them are accepted. */
  readonly keyVersion?: number | undefined;
  /** Where `authenticated` sends people who are not logged in. Default: nowhere, they get 403. */
  readonly loginUrl?: string | undefined;
  /** Whether requests that change something must be shown to come from a page of this site. Default false. */
  readonly xsrfCookies?: boolean | undefined;
  /** The name of the cookie that has the XSRF token. Default `_xsrf`. */
  readonly xsrfCookieName?: string | undefined;
  /** How that cookie is set. Default as for all cookies; for 30 days where somebody is logged in. */
  readonly xsrfCookieOptions?: CookieOptions | undefined;
}

/** The same, checked and complete. */
export interface ResolvedUserSettings {
  readonly secret: CookieSecret | undefined;
  readonly keyVersion: number | undefined;
  readonly loginUrl: string | undefined;
  readonly xsrf: {
    readonly isChecked: boolean;
    readonly cookieName: string;
    readonly cookieOptions: CookieOptions;
  };
}

/** The names of these settings. */
export const userSettingNames = [
  "cookieSecret",
  "keyVersion",
  "loginUrl",
  "xsrfCookies",
  "xsrfCookieName",
  "xsrfCookieOptions",
] as const;

const cookieOptionNames = [
  "domain",
  "path",
  "expires",
  "expiresDays",
  "maxAge",
  "secure",
  "httpOnly",
  "sameSite",
  "partitioned",
  "priority",
] as const satisfies readonly (keyof CookieOptions)[];

/** Checks them. @throws WaterspoutError SETTING_INVALID, SETTING_UNKNOWN */
export function resolveUserSettings(settings: UserSettings): ResolvedUserSettings {
  const { cookieSecret, keyVersion, loginUrl } = settings;
  checkSecret(cookieSecret, keyVersion);
  // A path that does not begin with a slash would mean another page on each page.
  if (loginUrl !== undefined && !(typeof loginUrl === "string" && /^(?:\/|https?:\/\/)/i.test(loginUrl))) {
    throw invalidSetting("loginUrl", 'a path such as "/login", or a URL', loginUrl);
  }
  return { secret: cookieSecret, keyVersion, loginUrl, xsrf: resolveXsrf(settings) };
}

/** The messages show no secret, also no wrong one: it may be a right one in the wrong place. */
function checkSecret(secret: unknown, keyVersion: unknown): void {
  const isText = (value: unknown): boolean => typeof value === "string" && value !== "";
  if (secret === undefined || isText(secret)) {
    if (keyVersion === undefined) return;
    throw invalidSetting("keyVersion", "left out unless cookieSecret has several versions", keyVersion);
  }
  if (typeof secret !== "object" || secret === null) {
    const value = secret === "" ? "an empty text" : `a ${typeof secret}`;
    throw misuse("SETTING_INVALID", { name: "cookieSecret", expected: expectedSecret, value });
  }
  const versions = Object.entries(secret);
  const wrong = versions.find(([version, text]) => !/^(?:0|[1-9]\d{0,14})$/.test(version) || !isText(text));
  if (versions.length === 0 || wrong !== undefined) {
    const value = wrong === undefined ? "none" : `something else by version ${wrong[0]}`;
    throw misuse("SETTING_INVALID", { name: "cookieSecret", expected: expectedSecret, value });
  }
  if (typeof keyVersion !== "number" || !Object.hasOwn(secret, keyVersion)) {
    const choice = `one of the versions of cookieSecret (${Object.keys(secret).join(", ")})`;
    throw invalidSetting("keyVersion", choice, keyVersion);
  }
}

function resolveXsrf(settings: UserSettings): ResolvedUserSettings["xsrf"] {
  const { xsrfCookies = false, xsrfCookieName = "_xsrf", xsrfCookieOptions = {} } = settings;
  if (typeof xsrfCookies !== "boolean") throw invalidSetting("xsrfCookies", "true or false", xsrfCookies);
  if (typeof xsrfCookieOptions !== "object" || (xsrfCookieOptions as unknown) === null) {
    throw invalidSetting("xsrfCookieOptions", "an object", xsrfCookieOptions);
  }
  checkNames("xsrfCookieOptions.", xsrfCookieOptions, cookieOptionNames);
  // As it would be set over TLS: what is wrong there would be found by the first visitor.
  const cookie = formatSetCookie(
    xsrfCookieName,
    "",
    completeAttributes(xsrfCookieName, xsrfCookieOptions, true),
  );
  if (typeof cookie !== "string") {
    throw misuse("SETTING_INVALID", {
      name: "xsrfCookieName with xsrfCookieOptions",
      expected: "what a cookie can be set with",
      value: cookie.reason,
    });
  }
  return { isChecked: xsrfCookies, cookieName: xsrfCookieName, cookieOptions: xsrfCookieOptions };
}
