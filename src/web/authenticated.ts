import { describe, misuse } from "../base/errors.ts";
import { kindOf } from "../base/text.ts";
import { pathOnSite } from "../protocol/http/path-on-site.ts";
import type { Handler, HandlerContext } from "./handler.ts";
import { Refusal } from "./refusal.ts";
import { RequestHandler } from "./request-handler.ts";
import type { AnyHandlerClass } from "./route.ts";
import { WebSocketHandler } from "./websocket-handler.ts";

/** Marks, on its prototype, a handler class that serves nobody but users. */
const needsUser = Symbol("needsUser");

interface Guarded {
  readonly [needsUser]?: boolean;
}

/** What tells a `RequestHandler`, whatever its parameters, from a `WebSocketHandler`. */
type Page = Pick<RequestHandler<object>, "currentUser" | "getLoginUrl" | "redirect" | "request">;

/** A method of a handler. */
type Method<This, Args extends unknown[], Result> = (this: This, ...args: Args) => Result;

/**
 * Serves only who is logged in, that is, whose `currentUser` is anything but null (or another value that is not truthy).
 * A decorator and a function that wraps: on a method of a `RequestHandler`, or on a whole handler class.
 *
 * Others are sent to the setting `loginUrl`, with the path that was asked for in `next`, when they want to GET something
 * of a `RequestHandler`, and get 403 otherwise. A `WebSocketHandler` refuses them with 401 before the connection or
 * session is opened.
 *
 * @throws WaterspoutError ARGUMENT_TYPE_INVALID for anything that is neither.
 * @example
 * class Profile extends RequestHandler {
 *   override getCurrentUser() {
 *     return this.getSignedCookie("user");
 *   }
 *   @authenticated
 *   get() {
 *     return `Hello ${this.currentUser}!`;
 *   }
 * }
 * class Feed extends WebSocketHandler {}
 * const app = new Application([
 *   ["/profile", Profile],
 *   ["/feed", authenticated(Feed)],
 * ]);
 */
export function authenticated<Class extends AnyHandlerClass>(
  target: Class,
  context?: ClassDecoratorContext<Class>,
): Class;
export function authenticated<This extends Page, Args extends unknown[], Result>(
  target: Method<This, Args, Result>,
  context?: ClassMethodDecoratorContext<This, Method<This, Args, Result>>,
): Method<This, Args, Result>;
export function authenticated(target: unknown, context?: DecoratorContext): unknown {
  // Decorators of the older kind give something else, which has no kind.
  const kind = context?.kind ?? (isHandlerClass(target) ? "class" : "method");
  if (kind === "class" && isHandlerClass(target)) return guardClass(target);
  // A class is a function, too, but not one that can be called.
  if (kind === "method" && typeof target === "function" && !isClass(target)) return guardMethod(target);
  throw misuse("ARGUMENT_TYPE_INVALID", {
    name: "what authenticated() is for",
    expected: "a method of a RequestHandler, or a class that extends RequestHandler or WebSocketHandler",
    got: context?.kind === undefined ? kindOf(target) : `a ${context.kind}`,
  });
}

/** Refuses or sends away whoever is nobody, where the handler's class is `authenticated`. */
export function checkUser(handler: Handler<object>): void {
  if ((handler as Guarded)[needsUser] === true && !isSomebody(handler)) refuseNobody(handler);
}

function guardMethod(method: Function): Function {
  const guarded = function (this: RequestHandler<object>, ...args: unknown[]): unknown {
    return isSomebody(this) ? (Reflect.apply(method, this, args) as unknown) : refuseNobody(this);
  };
  return Object.defineProperty(guarded, "name", { value: method.name });
}

/** A class of its own, so that the one that was given stays open to all on other routes. */
function guardClass(target: HandlerBase): HandlerBase {
  const guarded = class extends target {};
  Object.defineProperty(guarded, "name", { value: target.name });
  Object.defineProperty(guarded.prototype, needsUser, { value: true });
  return guarded;
}

/** Some handler class, for the compiler: that it is abstract or of which kind does not matter here. */
type HandlerBase = new (context: HandlerContext) => RequestHandler<object>;

function isHandlerClass(value: unknown): value is HandlerBase {
  if (typeof value !== "function") return false;
  const { prototype } = value as { readonly prototype: unknown };
  return prototype instanceof RequestHandler || prototype instanceof WebSocketHandler;
}

function isClass(value: Function): boolean {
  return /^class\b/.test(Function.prototype.toString.call(value));
}

/** As in Tornado, an empty user is nobody. */
function isSomebody(handler: Handler<object>): boolean {
  return Boolean(handler.currentUser);
}

function refuseNobody(handler: Handler<object>): void {
  const details = { handler: handler.constructor.name };
  if (!(handler instanceof RequestHandler)) {
    // RFC 9110 §15.5.2: a 401 says how to authenticate. Browsers pass over a scheme that they do not know.
    throw new Refusal(describe("WS_LOGIN_REQUIRED", details), [["WWW-Authenticate", "Cookie"]]);
  }
  const loginUrl = handler.getLoginUrl();
  const { method, uri } = handler.request;
  if (loginUrl === undefined || (method !== "GET" && method !== "HEAD")) {
    throw new Refusal(describe("LOGIN_REQUIRED", details));
  }
  // Who writes a query into loginUrl has it as it is, as in Tornado.
  const query = loginUrl.includes("?") ? "" : `?next=${encodeURIComponent(pathOnSite(uri))}`;
  handler.redirect(loginUrl + query);
}
