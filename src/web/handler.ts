import { misuse } from "../base/errors.ts";
import { kindOf, quote } from "../base/text.ts";
import { checkHeader } from "../transport/check-header.ts";
import { argumentsOf, lastArgument, parseQuery } from "./arguments.ts";
import type { Environment } from "./environment.ts";
import type { HttpRequest } from "./http-request.ts";
import type { PathValues } from "./path-pattern.ts";
import type { RouteMatch } from "./router.ts";

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
  /** By lower-case name; made for the first one, since most WebSocket handlers set none and live long. */
  #headers: Map<string, readonly [name: string, values: readonly string[]]> | undefined;
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

  /** Override it to say who the user is; the result is in `currentUser`, and null means nobody. */
  getCurrentUser(): unknown {
    return null;
  }

  /** The client's address, as far as trusted proxies tell it. */
  get remoteAddress(): string {
    return this.request.remoteAddress;
  }

  /**
   * The last value of a query argument, without white space around it.
   *
   * Without a default, a missing argument answers the request with 400; so does one that is not UTF-8.
   */
  getQueryArgument(name: string, defaultValue?: string): string {
    return lastArgument(this.getQueryArguments(name), name, defaultValue, "query");
  }

  /** All values of a query argument, in order, without white space around them. */
  getQueryArguments(name: string): string[] {
    return argumentsOf(parseQuery(this.request.query), name);
  }

  /**
   * Sets a header field of the response, or of the answer to a handshake. A list makes one field for each value.
   *
   * @throws WaterspoutError HEADER_INVALID for a name or value that HTTP does not allow, HEADERS_SENT when it is too late.
   */
  setHeader(name: string, value: string | number | readonly string[]): void {
    if (this.#areHeadersSent) throw misuse("HEADERS_SENT", { what: `setHeader(${kindOf(name)})` });
    this.putHeader(name, checkedValues(name, value));
  }

  /**
   * Adds a header field, beside those of the same name that are there: a second cookie, or a second link.
   *
   * @throws WaterspoutError HEADER_INVALID, HEADERS_SENT as `setHeader` does.
   */
  addHeader(name: string, value: string | number): void {
    if (this.#areHeadersSent) throw misuse("HEADERS_SENT", { what: `addHeader(${kindOf(name)})` });
    const values = checkedValues(name, value);
    const [first = name, before = []] = this.#headers?.get(name.toLowerCase()) ?? [];
    this.putHeader(first, [...before, ...values]);
  }

  /** Takes a header field back. */
  clearHeader(name: string): void {
    this.#headers?.delete(name.toLowerCase());
  }

  /**
   * The path of a named route.
   *
   * @throws WaterspoutError ROUTE_NAME_UNKNOWN, ROUTE_PARAMS_INVALID
   */
  reverseUrl(name: string, values: PathValues = {}): string {
    return this.#environment.router.reverseUrl(name, values);
  }

  /** @internal */
  hasHeader(name: string): boolean {
    return this.#headers?.has(name.toLowerCase()) ?? false;
  }

  /** Sets a header field that needs no check. @internal */
  putHeader(name: string, values: readonly string[]): void {
    this.#headers ??= new Map();
    this.#headers.set(name.toLowerCase(), [name, values]);
  }

  /** The values of a header field, by its name in lower case. @internal */
  peekHeader(name: string): readonly string[] | undefined {
    return this.#headers?.get(name)?.[1];
  }

  /** Forgets all header fields. @internal */
  forgetHeaders(): void {
    this.#headers = undefined;
  }

  /** The header fields as they are now. @internal */
  peekHeaders(): (readonly [name: string, values: readonly string[]])[] {
    return this.#headers === undefined ? [] : [...this.#headers.values()];
  }

  /** The header fields, which cannot be changed from now on. @internal */
  takeHeaders(): (readonly [name: string, values: readonly string[]])[] {
    this.#areHeadersSent = true;
    return this.peekHeaders();
  }
}

/** The values of a header field as texts; throws HEADER_INVALID for what may not be sent. */
function checkedValues(name: string, value: string | number | readonly string[]): readonly string[] {
  const values = Array.isArray(value) ? (value as readonly string[]) : [value as string | number];
  for (const each of values) {
    checkHeader(name, each);
    if (!belongsToConnection(name, String(each))) continue;
    const reason = "it belongs to the connection, which the server keeps";
    throw misuse("HEADER_INVALID", { name: quote(name), reason });
  }
  return values.map(String);
}

const connectionFields: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Whether a header field is about the connection and not about the response (RFC 9110 §7.6.1). Closing may be asked for. */
export function belongsToConnection(name: string, value: string): boolean {
  const field = name.toLowerCase();
  return connectionFields.has(field) && !(field === "connection" && value.toLowerCase() === "close");
}
