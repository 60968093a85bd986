import { misuse } from "../base/errors.ts";
import { kindOf } from "../base/text.ts";
import type { HeaderField } from "../transport/http-exchange.ts";
import type { ArgumentOptions } from "./arguments.ts";
import { argumentsOf, lastArgument, parseQuery } from "./arguments.ts";
import type { ClearCookieOptions, CookieOptions } from "./cookies.ts";
import { past, RequestCookies } from "./cookies.ts";
import type { Environment } from "./environment.ts";
import type { HttpRequest } from "./http-request.ts";
import type { PathValues } from "./path-pattern.ts";
import { ResponseFields } from "./response-fields.ts";
import type { RouteMatch } from "./router.ts";
import type { CookieSecret, DecodeOptions } from "./signed-value.ts";
import { createSignedValue, decodeSignedValue, signatureKeyVersion } from "./signed-value.ts";
import type { TemplateData, TemplateName } from "./templates/template-engine.ts";
import { templateNamespace } from "./templates/template-namespace.ts";
import { checkXsrf, xsrfFieldName } from "./xsrf.ts";
import { createXsrfToken, maskXsrfToken, unmaskXsrfToken } from "./xsrf-token.ts";

/**
 * What the framework gives to a new handler. Opaque: a handler that has a constructor of its own passes it on.
 */
export interface HandlerContext {
  /** @internal */
  readonly request: HttpRequest;
  /** @internal */
  readonly match: RouteMatch;
  /** @internal */
  readonly environment: Environment;
}

/** No parameters: what a handler has that declares none. */
// oxlint-disable-next-line typescript/no-generated-empty-object-type -- that is just what is meant
export type NoParams = Record<never, never>;

/** How a signed cookie is set. */
export interface SignedCookieOptions extends Omit<CookieOptions, "expiresDays"> {
  /** Its life in days; null for one that ends with the browser's session. Default 30. */
  readonly expiresDays?: number | null | undefined;
}

/** What is accepted as a signed cookie. */
export interface GetSignedCookieOptions extends Omit<DecodeOptions, "clock"> {
  /** Read this in place of the cookie that came. */
  readonly value?: string | undefined;
}

/** What the URL of a static file has. */
export interface StaticUrlOptions {
  /** Scheme and host before the path, as the request had them. Default false. */
  readonly includeHost?: boolean;
  /** The version of the file as `?v=`, once it is known. Default true. */
  readonly includeVersion?: boolean;
}

/** For how many days a signed cookie is set, and the XSRF cookie of who is logged in. */
const expiresDaysDefault = 30;

/**
 * What request handlers and WebSocket handlers have in common. An instance lives as long as its request or connection.
 */
export abstract class Handler<Params extends object = NoParams> {
  /** For the compiler only: a route is checked against the parameters that its handler needs. */
  declare readonly "~params": (params: Params) => void;
  /** The request that reached this handler. */
  readonly request: HttpRequest;
  /** The values of the route's `:name` segments, named groups and `*`, percent-decoded. */
  readonly params: Readonly<Params>;
  /** The values of the route's groups by position; undefined where an optional one took no part. */
  readonly pathArgs: readonly (string | undefined)[];
  /** What `getCurrentUser` returned; set before `prepare` is called. */
  currentUser: unknown = null;
  readonly #environment: Environment;
  /** Made for the first one, since most WebSocket handlers set none and live long. */
  #headers: ResponseFields | undefined;
  /** Made when they are first asked for, for the same reason. */
  #cookies: RequestCookies | undefined;
  #areHeadersSent = false;

  constructor(context: HandlerContext) {
    const { request, match, environment } = context;
    this.request = request;
    // The route's pattern was checked against Params where the compiler knew it (see CheckedRoutes).
    this.params = match.params as Params;
    this.pathArgs = match.pathArgs;
    this.#environment = environment;
  }

  /** Called first, with the options of the route. Override it to receive them. */
  initialize(_options: object): void | Promise<void> {}

  /**
   * Called before the request is handled, or the WebSocket handshake answered. Throw an `HttpError` to refuse.
   */
  prepare(): void | Promise<void> {}

  /**
   * Override it to say who the user is; it may be async. It is called once for each request, before `prepare`, and the
   * result is in `currentUser`; null means nobody.
   */
  getCurrentUser(): unknown {
    return null;
  }

  /** Where `authenticated` sends who is nobody: the setting `loginUrl`, unless overridden. */
  getLoginUrl(): string | undefined {
    return this.#environment.settings.users.loginUrl;
  }

  /** The client's address, as far as trusted proxies tell it. */
  get remoteAddress(): string {
    return this.request.remoteAddress;
  }

  /**
   * The last value of a query argument, without white space around it.
   *
   * Without a default, a missing argument answers the request with 400; so does one that is not UTF-8.
   *
   * @param defaultValue a text, or null.
   * @param options `{ trim: false }` leaves the white space.
   */
  getQueryArgument<Default extends string | null | undefined = undefined>(
    name: string,
    defaultValue?: Default,
    options?: ArgumentOptions,
  ): string | Exclude<Default, undefined> {
    return lastArgument(this.getQueryArguments(name, options), name, defaultValue, "query");
  }

  /** All values of a query argument, in order, without white space around them unless `{ trim: false }`. */
  getQueryArguments(name: string, options?: ArgumentOptions): string[] {
    return argumentsOf(parseQuery(this.request.query), name, options);
  }

  /**
   * Sets a header field of the response, or of the answer to a handshake. A list makes one field for each value.
   *
   * @throws WaterspoutError HEADER_INVALID for a name or value that HTTP does not allow, HEADERS_SENT when it is too late.
   */
  setHeader(name: string, value: string | number | readonly string[]): void {
    this.#openHeaders("setHeader", name).set(name, value);
  }

  /**
   * Adds a header field, beside those of the same name that are there: a second cookie, or a second link.
   *
   * @throws WaterspoutError HEADER_INVALID, HEADERS_SENT as `setHeader` does.
   */
  addHeader(name: string, value: string | number): void {
    this.#openHeaders("addHeader", name).add(name, value);
  }

  /** Takes a header field back. */
  clearHeader(name: string): void {
    this.#headers?.delete(name);
  }

  /** The cookies that came, decoded, by name. Of several with one name it is the first: the one with the longest path. */
  get cookies(): ReadonlyMap<string, string> {
    return this.#ownCookies().received;
  }

  /** The value of a cookie that came; the default, or null, where there is none. What `setCookie` sets comes next time. */
  getCookie(name: string): string | null;
  getCookie<Default>(name: string, defaultValue: Default): string | Default;
  getCookie(name: string, defaultValue: unknown = null): unknown {
    return this.cookies.get(name) ?? defaultValue;
  }

  /**
   * Sets a cookie with the response, or with the answer to a handshake. What may not stand in a cookie is percent-encoded;
   * a ";" or a control character in a value is refused, since it is nearly always a mistake or an attack.
   *
   * @throws WaterspoutError COOKIE_INVALID for what browsers would not take, HEADERS_SENT when it is too late.
   */
  setCookie(name: string, value: string, options: CookieOptions = {}): void {
    if (this.#areHeadersSent) throw misuse("HEADERS_SENT", { what: `setCookie(${kindOf(name)})` });
    this.#ownCookies().set(name, value, options);
  }

  /**
   * Has the browser forget a cookie. Domain and path must be those that it was set with.
   *
   * @throws WaterspoutError as `setCookie`
   */
  clearCookie(name: string, options: ClearCookieOptions = {}): void {
    this.setCookie(name, "", { ...options, ...past });
  }

  /**
   * Has the browser forget all cookies that it sent, as far as they were set with this domain and path.
   *
   * @throws WaterspoutError as `setCookie`
   */
  clearAllCookies(options: ClearCookieOptions = {}): void {
    if (this.#areHeadersSent) throw misuse("HEADERS_SENT", { what: "clearAllCookies()" });
    this.#ownCookies().clearAll(options);
  }

  /**
   * The text of a cookie that `setSignedCookie` or a Tornado application with the same secret has set; null where there is
   * none, or where signature, name or age are not right.
   *
   * @throws WaterspoutError SETTING_MISSING without the setting `cookieSecret`.
   */
  getSignedCookie(name: string, options: GetSignedCookieOptions = {}): string | null {
    const { value = this.cookies.get(name), ...accepted } = options;
    return decodeSignedValue(this.#secret("getSignedCookie()"), name, value, accepted);
  }

  /**
   * Sets a cookie that cannot be forged, though it can be read by who has it. Any text will do; it is hidden from scripts
   * unless `httpOnly` is false.
   *
   * @throws WaterspoutError SETTING_MISSING without the setting `cookieSecret`; as `setCookie`
   */
  setSignedCookie(name: string, value: string, options: SignedCookieOptions = {}): void {
    const { expiresDays, expires, maxAge, httpOnly = true, ...rest } = options;
    const isTimed = expires !== undefined || maxAge !== undefined;
    const days = expiresDays === undefined && !isTimed ? expiresDaysDefault : (expiresDays ?? undefined);
    const signed = this.#sign("setSignedCookie()", name, value);
    this.setCookie(name, signed, { ...rest, expires, maxAge, httpOnly, expiresDays: days });
  }

  /**
   * Signs a text as `setSignedCookie` does, for what is no cookie; `getSignedCookie(name, { value })` reads it.
   *
   * @throws WaterspoutError SETTING_MISSING without the setting `cookieSecret`.
   */
  createSignedValue(name: string, value: string): string {
    return this.#sign("createSignedValue()", name, value);
  }

  /** The version of the key that a cookie says it was signed with; null where there is none. The signature is not checked. */
  getSignedCookieKeyVersion(name: string, value?: string): number | null {
    return signatureKeyVersion(value ?? this.cookies.get(name));
  }

  /**
   * The token to send along with requests that change something, as the field `_xsrf` of a form or the header field
   * `X-Xsrftoken`. It differs each time and stays valid as long as its cookie, which is set by this where there is none.
   *
   * @throws WaterspoutError HEADERS_SENT when the cookie has to be set and it is too late.
   */
  get xsrfToken(): string {
    const cookies = this.#ownCookies();
    return (cookies.xsrfToken ??= this.#createXsrfToken());
  }

  /** The same as a hidden field, for a form in HTML. */
  xsrfFormHtml(): string {
    return `<input type="hidden" name="${xsrfFieldName}" value="${this.xsrfToken}"/>`;
  }

  /**
   * Refuses a request that is not shown to come from a page of this site. Called, with the setting `xsrfCookies`, for every
   * request to a `RequestHandler` but GET, HEAD and OPTIONS, and for a POST that opens a session with cookies and without an
   * Origin. Override it to do nothing for a handler whose clients send no cookies.
   */
  checkXsrfCookie(): void | Promise<void> {
    const { settings } = this.#environment;
    const cookie = unmaskXsrfToken(this.cookies.get(settings.users.xsrf.cookieName));
    return checkXsrf(this.request, settings, cookie, () => this.readXsrfField());
  }

  /** The field `_xsrf` of the request's form, where a handler reads forms. @internal */
  readXsrfField(): Promise<string | undefined> {
    return Promise.resolve(undefined);
  }

  /**
   * The path of a named route.
   *
   * @throws WaterspoutError ROUTE_NAME_UNKNOWN, ROUTE_PARAMS_INVALID
   */
  reverseUrl(name: string, values: PathValues = {}): string {
    return this.#environment.router.reverseUrl(name, values);
  }

  /**
   * The URL of a file in `staticPath`, given by its path there. It has the version of the file, a hash of its content, so that browsers may keep
   * what they got under it for good, and ask again when the file is another. A version that is not known yet, in the first moments of a
   * server or of a new file, is left out.
   *
   * @throws WaterspoutError SETTING_MISSING without the setting `staticPath`, ARGUMENT_TYPE_INVALID unless the path is a string.
   */
  staticUrl(path: string, options: StaticUrlOptions = {}): string {
    if (typeof path !== "string")
      throw misuse("ARGUMENT_TYPE_INVALID", { name: "path", expected: "a string", got: kindOf(path) });
    const { staticFiles } = this.#environment;
    if (staticFiles === undefined)
      throw misuse("SETTING_MISSING", { what: "staticUrl()", name: "staticPath" });
    const { includeHost = false, includeVersion = true } = options;
    const host = includeHost ? `${this.request.protocol}://${this.request.host}` : "";
    return host + staticFiles.url(path, includeVersion);
  }

  /**
   * The names that every template has besides the data it is rendered with, which stands over them: `handler`, `request`, `currentUser`,
   * `staticUrl`, `reverseUrl`, `xsrfFormHtml`, `jsonEncode`, `rawHtml` and `settings` (`debug`, `loginUrl`). Override it to add to them.
   *
   * @example
   * class Page extends RequestHandler {
   *   override getTemplateNamespace() {
   *     return { ...super.getTemplateNamespace(), siteName: "Waterspout" };
   *   }
   * }
   */
  getTemplateNamespace(): Record<string, unknown> {
    return templateNamespace(this, this.#environment.settings);
  }

  /**
   * A template with this data as text: a page, or a part of one for a message.
   *
   * @throws WaterspoutError (as a rejection) TEMPLATES_UNSET without the setting `templatePath`, TEMPLATE_NOT_FOUND, TEMPLATE_FAILED with
   *   the line and what was thrown there; with `debug` TEMPLATE_INVALID, which is otherwise found before the application listens.
   * @example
   * class Chat extends WebSocketHandler {
   *   override async onMessage(text: string) {
   *     this.writeMessage({ html: await this.renderString("message", { text }) });
   *   }
   * }
   */
  async renderString<Name extends TemplateName>(name: Name, ...data: TemplateData<Name>): Promise<string> {
    const { templates } = this.#environment.settings;
    if (templates === undefined) throw misuse("TEMPLATES_UNSET", { what: `a template (${kindOf(name)})` });
    return templates.render(name, { ...this.getTemplateNamespace(), ...data[0] });
  }

  /** Whether a header field is set. @internal */
  hasHeader(name: string): boolean {
    return this.#headers?.has(name) === true;
  }

  /** Sets a header field that needs no check. @internal */
  putHeader(name: string, values: readonly string[]): void {
    this.#headers ??= new ResponseFields();
    this.#headers.put(name, values);
  }

  /** The values of a header field. @internal */
  peekHeader(name: string): readonly string[] | undefined {
    return this.#headers?.get(name);
  }

  /** Forgets all header fields. @internal */
  forgetHeaders(): void {
    this.#headers = undefined;
  }

  /** The values of Set-Cookie that `setCookie` and its like have made, which stay also when all else is forgotten. @internal */
  get cookieFields(): readonly string[] {
    return this.#cookies?.fields ?? [];
  }

  /** The header fields, which cannot be changed from now on. @internal */
  takeHeaders(): HeaderField[] {
    this.#areHeadersSent = true;
    const fields = this.#headers ?? new ResponseFields();
    return this.#cookies === undefined ? fields.take([]) : fields.take(this.#cookies.fields);
  }

  /** Throws HEADERS_SENT when it is too late to set any. */
  #openHeaders(method: string, name: unknown): ResponseFields {
    if (this.#areHeadersSent) throw misuse("HEADERS_SENT", { what: `${method}(${kindOf(name)})` });
    return (this.#headers ??= new ResponseFields());
  }

  #ownCookies(): RequestCookies {
    return (this.#cookies ??= new RequestCookies(this.request));
  }

  #sign(what: string, name: string, value: string): string {
    const { keyVersion } = this.#environment.settings.users;
    return createSignedValue(this.#secret(what), name, value, { keyVersion });
  }

  #secret(what: string): CookieSecret {
    const { secret } = this.#environment.settings.users;
    if (secret === undefined) throw misuse("SETTING_MISSING", { what, name: "cookieSecret" });
    return secret;
  }

  #createXsrfToken(): string {
    const { cookieName, cookieOptions } = this.#environment.settings.users.xsrf;
    const token = unmaskXsrfToken(this.cookies.get(cookieName));
    if (token !== undefined) return maskXsrfToken(token);
    const text = maskXsrfToken(createXsrfToken());
    const lifetime = this.currentUser ? { expiresDays: expiresDaysDefault } : {};
    this.setCookie(cookieName, text, { ...lifetime, ...cookieOptions });
    return text;
  }
}
