import type { Problem } from "../base/errors.ts";
import { describe, misuse } from "../base/errors.ts";
import { kindOf, quote } from "../base/text.ts";
import { isAllowedHost, parseHostPattern } from "../protocol/http/host-pattern.ts";
import type { TransportKind } from "../transport/transport.ts";
import { transportKinds } from "../transport/transport.ts";
import type { HandlerContext } from "./handler.ts";
import type { PathMatch, PathValues } from "./path-pattern.ts";
import { PathPattern } from "./path-pattern.ts";
import { RequestHandler } from "./request-handler.ts";
import type { AnyHandlerClass, Route, RouteEntry, RoutePattern } from "./route.ts";
import { checkCustomMethods } from "./verbs.ts";
import { WebSocketHandler } from "./websocket-handler.ts";

/** A route that a request matched. */
export interface RouteMatch extends PathMatch {
  readonly handler: CompiledHandlerClass;
  /** The name of the handler. */
  readonly name: string;
  readonly options: object;
  readonly transports: readonly TransportKind[];
}

/** A handler class that was checked to be one. */
type CompiledHandlerClass = new (
  context: HandlerContext,
) => RequestHandler<object> | WebSocketHandler<object>;

interface CompiledRoute {
  readonly path: PathPattern;
  /** All must accept: a nested host pattern narrows the one around it. */
  readonly hosts: readonly ((hostname: string) => boolean)[];
  readonly handler: CompiledHandlerClass;
  /** Kept here since V8 makes the name of a class anew each time it is asked. */
  readonly name: string;
  readonly options: object;
  readonly transports: readonly TransportKind[];
}

/** What the lists around an entry have said already. */
interface Surroundings {
  readonly parts: readonly (string | RegExp)[];
  readonly hosts: CompiledRoute["hosts"];
}

/** Finds the handler of a request: the routes in the order they were given, and the first that matches wins. */
export class Router {
  readonly #routes: CompiledRoute[] = [];
  readonly #names = new Map<string, PathPattern>();

  /** @throws WaterspoutError ROUTE_INVALID, ROUTE_NAME_DUPLICATE */
  constructor(entries: readonly RouteEntry[]) {
    this.#add(entries, { parts: [], hosts: [] });
  }

  /** All routes, in order. */
  get routes(): readonly Pick<RouteMatch, "handler" | "options">[] {
    return this.#routes;
  }

  /** The route for a host name (without port) and path, or why there is none. */
  find(hostname: string, path: string): RouteMatch | Problem {
    for (const { hosts, path: pattern, handler, name, options, transports } of this.#routes) {
      if (hosts.length > 0 && !hosts.every((accepts) => accepts(hostname))) continue;
      const match = pattern.match(path);
      if (match === undefined) continue;
      if (typeof match === "string") return describe("PATH_ENCODING_INVALID", { value: quote(match) });
      return { params: match.params, pathArgs: match.pathArgs, handler, name, options, transports };
    }
    return describe("ROUTE_NOT_FOUND", { path: quote(path) });
  }

  /** @throws WaterspoutError ROUTE_NAME_UNKNOWN, ROUTE_PARAMS_INVALID */
  reverseUrl(name: string, values: PathValues): string {
    const pattern = this.#names.get(name);
    if (pattern === undefined) {
      const names = [...this.#names.keys()].join(", ") || "none";
      throw misuse("ROUTE_NAME_UNKNOWN", { name: quote(name), names });
    }
    const reversed = pattern.reverse(values);
    if ("reason" in reversed)
      throw misuse("ROUTE_PARAMS_INVALID", { name: quote(name), reason: reversed.reason });
    return reversed.path;
  }

  #add(entries: readonly RouteEntry[], around: Surroundings): void {
    for (const entry of entries) {
      const normalized = normalize(entry);
      const { handler } = normalized;
      const inside = narrow(normalized.pattern, around);
      if (isList(handler)) this.#add(handler, inside);
      else this.#addRoute(inside, { ...normalized, handler });
    }
  }

  #addRoute(inside: Surroundings, { handler, name, options = {}, transports }: Omit<Route, "pattern">): void {
    if (inside.parts.length > 0 && inside.parts.every((part) => part === "")) {
      throw misuse("ROUTE_INVALID", { route: '""', reason: 'no path is empty; the root is "/"' });
    }
    const path = new PathPattern(inside.parts.length === 0 ? ["/*"] : inside.parts);
    if (!isHandlerClass(handler)) {
      const reason = `the handler must be a class that extends RequestHandler or WebSocketHandler, got ${kindOf(handler)}`;
      throw misuse("ROUTE_INVALID", { route: inside.parts.map(String).join(""), reason });
    }
    checkOptions(handler, options, inside.parts.map(String).join(""));
    if (isOrExtends(handler, RequestHandler))
      checkCustomMethods(handler.name, (handler as unknown as typeof RequestHandler).customMethods);
    this.#routes.push({
      path,
      hosts: inside.hosts,
      handler,
      name: handler.name,
      options,
      transports: checkTransports(transports, inside.parts.map(String).join("")),
    });
    if (name === undefined) return;
    if (this.#names.has(name)) throw misuse("ROUTE_NAME_DUPLICATE", { name: quote(name) });
    this.#names.set(name, path);
  }
}

/** Throws ROUTE_INVALID for options that nobody reads: most likely one is misspelt, or `initialize` is. */
function checkOptions(handler: CompiledHandlerClass, options: object, route: string): void {
  const { prototype } = handler as { readonly prototype: RequestHandler };
  if (prototype.initialize !== RequestHandler.prototype.initialize) return;
  const isOfRoute = (name: string): boolean =>
    name === "transports" && isOrExtends(handler, WebSocketHandler);
  const unread = Object.keys(options).find((name) => !isOfRoute(name));
  if (unread === undefined) return;
  const known = isOrExtends(handler, WebSocketHandler) ? "; the route itself knows transports" : "";
  const reason = `nobody reads the option ${quote(unread)}, since ${handler.name} has no initialize()${known}`;
  throw misuse("ROUTE_INVALID", { route, reason });
}

function isHandlerClass(value: unknown): value is CompiledHandlerClass {
  return isOrExtends(value, RequestHandler) || isOrExtends(value, WebSocketHandler);
}

/** Whether `value` is the class `Base` or one that extends it. */
export function isOrExtends(value: unknown, Base: abstract new (context: never) => object): boolean {
  return value === Base || (typeof value === "function" && value.prototype instanceof Base);
}

function isList(target: AnyHandlerClass | readonly RouteEntry[]): target is readonly RouteEntry[] {
  return Array.isArray(target);
}

function normalize(
  entry: RouteEntry,
): Omit<Route, "handler"> & { readonly handler: AnyHandlerClass | readonly RouteEntry[] } {
  if (typeof entry === "object" && entry !== null && "pattern" in entry) return entry;
  if (!Array.isArray(entry)) {
    throw misuse("ROUTE_INVALID", {
      route: kindOf(entry),
      reason: "a route is [pattern, Handler, options?] or route(…)",
    });
  }
  const [pattern, handler, options] = entry;
  const transports = isOrExtends(handler, WebSocketHandler)
    ? (options as { readonly transports?: readonly TransportKind[] } | undefined)?.transports
    : undefined;
  return { pattern, handler, name: undefined, options, transports };
}

function checkTransports(transports: unknown, route: string): readonly TransportKind[] {
  if (transports === undefined) return ["websocket"];
  const isFilled = Array.isArray(transports) && transports.length > 0;
  if (isFilled && transports.every((each) => transportKinds.includes(each as TransportKind)))
    return transports as readonly TransportKind[];
  const wrong: unknown = isFilled
    ? transports.find((each) => !transportKinds.includes(each as TransportKind))
    : transports;
  const reason = `transports must be a list of some of ${transportKinds.join(", ")}, got ${kindOf(wrong)}`;
  throw misuse("ROUTE_INVALID", { route, reason });
}

function narrow(pattern: RoutePattern, around: Surroundings): Surroundings {
  if (typeof pattern === "string" || pattern instanceof RegExp) {
    return { parts: [...around.parts, pattern], hosts: around.hosts };
  }
  if (typeof pattern !== "object" || pattern === null || !("host" in pattern)) {
    const reason = "a pattern is a string, a RegExp or { host, path }";
    throw misuse("ROUTE_INVALID", { route: kindOf(pattern), reason });
  }
  const { path } = pattern;
  if (path !== undefined && typeof path !== "string" && !(path instanceof RegExp)) {
    throw misuse("ROUTE_INVALID", { route: kindOf(path), reason: "a path pattern is a string or a RegExp" });
  }
  const parts = path === undefined ? around.parts : [...around.parts, path];
  return { parts, hosts: [...around.hosts, compileHost(pattern.host)] };
}

function compileHost(host: string | RegExp): (hostname: string) => boolean {
  if (host instanceof RegExp) {
    const expression = new RegExp(`^(?:${host.source})$`, host.flags.replace(/[dgy]/g, ""));
    return (hostname) => expression.test(hostname);
  }
  const pattern = typeof host === "string" ? parseHostPattern(host) : undefined;
  if (pattern === undefined) {
    const reason = "a host is a name without a port, *.example.com, or a RegExp";
    throw misuse("ROUTE_INVALID", { route: `{ host: ${kindOf(host)} }`, reason });
  }
  return (hostname) => isAllowedHost(hostname, [pattern]);
}
