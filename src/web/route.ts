import type { TransportKind } from "../transport/transport.ts";
import type { HandlerContext, NoParams } from "./handler.ts";
import type { HandlerResult } from "./request-handler.ts";

/** A path pattern together with the host it belongs to: a name, `*.example.com`, or a RegExp. */
export interface HostRoute {
  readonly host: string | RegExp;
  readonly path?: string | RegExp;
}

/**
 * What a route matches: a string with `:name` segments and a final `*`, a RegExp (anchored at both ends, its groups
 * all named or all positional), or either of them for one host.
 */
export type RoutePattern = string | RegExp | HostRoute;

type Segments<Path extends string> = Path extends `${infer Head}/${infer Tail}`
  ? Segments<Head> | Segments<Tail>
  : Path extends `:${infer Name}`
    ? Name
    : Path extends "*"
      ? "*"
      : never;

/**
 * The parameters that a pattern gives to its handler. A RegExp, or a string that is not known to the compiler, gives
 * `never`, which every handler accepts: there the names cannot be checked.
 *
 * @example
 * const params: PathParams<"/rooms/:room/*"> = { room: "7", "*": "a/b" };
 */
export type PathParams<Path> = Path extends string
  ? IsLiteral<Path> extends true
    ? { readonly [Name in Segments<Path>]: string }
    : never
  : never;

/** Whether a string type has one value; `string` and `/${string}` have many. */
type IsLiteral<Text extends string> = NoParams extends Record<Text, unknown> ? false : true;

/** The path of a pattern as a string type; `string` where it is none. */
type PathOf<Pattern> = Pattern extends string
  ? Pattern
  : Pattern extends { readonly path: infer Path }
    ? Path extends string
      ? Path
      : string
    : Pattern extends HostRoute
      ? ""
      : string;

interface Verbs {
  get?(): HandlerResult;
  head?(): HandlerResult;
  post?(): HandlerResult;
  put?(): HandlerResult;
  patch?(): HandlerResult;
  delete?(): HandlerResult;
  options?(): HandlerResult;
}

/** What the compiler has to see of a handler; that it extends `Handler` is checked when the routes are compiled. */
interface HandlerShape {
  readonly "~params": (params: never) => void;
  initialize(options: never): void | Promise<void>;
  prepare(): void | Promise<void>;
}

/** A handler class that needs no other parameters than `Params`. */
export type HandlerClass<Params> = new (
  context: HandlerContext,
) => HandlerShape & Verbs & { readonly "~params": (params: Params) => void };

/** A handler class, whatever parameters it needs. */
export type AnyHandlerClass = new (context: HandlerContext) => HandlerShape;

/** A route made by `route()`. */
export interface Route {
  readonly pattern: RoutePattern;
  readonly handler: AnyHandlerClass;
  readonly name: string | undefined;
  readonly options: object | undefined;
  /** The transports over which a WebSocketHandler is reached. */
  readonly transports: readonly TransportKind[] | undefined;
}

/**
 * An entry of a list of routes: a handler, or a nested list whose patterns continue this one. Of the options, which are
 * handed to the handler's `initialize`, `transports` says over what a WebSocketHandler is reached; see `RouteConfig`.
 */
export type RouteEntry =
  | Route
  | readonly [pattern: RoutePattern, handler: AnyHandlerClass, options?: object]
  | readonly [pattern: RoutePattern, routes: readonly RouteEntry[]];

type CheckedEntry<Entry, Prefix extends string> = Entry extends readonly [
  infer Pattern,
  infer Target,
  ...unknown[],
]
  ? Target extends readonly unknown[]
    ? readonly [Pattern, CheckedRoutes<Target, `${Prefix}${PathOf<Pattern>}`>]
    : Target extends HandlerClass<PathParams<`${Prefix}${PathOf<Pattern>}`>>
      ? Entry
      : readonly [Pattern, HandlerClass<PathParams<`${Prefix}${PathOf<Pattern>}`>>, object?]
  : Entry;

/**
 * The same list of routes, if every handler gets the parameters that it needs; otherwise the type that it would have
 * to have, which is what the compiler then complains with.
 */
export type CheckedRoutes<Routes, Prefix extends string = ""> = RouteEntry[] extends Routes
  ? Routes
  : { readonly [Index in keyof Routes]: CheckedEntry<Routes[Index], Prefix> };

/** What else `route` can say. */
export interface RouteConfig<Options> {
  /** The name for `reverseUrl`. */
  readonly name?: string;
  /** Handed to the handler's `initialize`. */
  readonly options?: Options;
  /**
   * Over what a WebSocketHandler is reached: any of "websocket", "sse", "long-polling" and "polling". The client chooses; the
   * handler is the same for all. Default: WebSocket alone.
   */
  readonly transports?: readonly TransportKind[];
}

/**
 * Makes a route with a name, or with options whose type is checked against the handler's `initialize`.
 *
 * @example
 * class Story extends RequestHandler<{ id: string }> {
 *   get() {
 *     return `story ${this.params.id}`;
 *   }
 * }
 * const app = new Application([route("/story/:id", Story, { name: "story" })]);
 * app.reverseUrl("story", { id: 7 }); // "/story/7"
 */
export function route<
  const Pattern extends RoutePattern,
  Class extends HandlerClass<PathParams<PathOf<Pattern>>>,
>(
  pattern: Pattern,
  handler: Class,
  config: RouteConfig<Parameters<InstanceType<Class>["initialize"]>[0]> = {},
): Route {
  const { name, options, transports } = config;
  return { pattern, handler, name, options, transports };
}
