/**
 * What compiles and what must not, about routes. Nothing here is run: `tsc` is the test, and a `@ts-expect-error` on a
 * line that compiles is an error.
 */
import {
  Application,
  authenticated,
  RequestHandler,
  StaticFileHandler,
  WebSocketHandler,
  route,
} from "../../src/index.ts";
import type { PathParams, RouteEntry } from "../../src/index.ts";

class Plain extends RequestHandler {}
class Story extends RequestHandler<{ id: string }> {}
class Item extends RequestHandler<{ shop: string; item: string }> {}
class Files extends RequestHandler<{ "*": string }> {}
class Room extends WebSocketHandler<{ id: string }> {}
class Maybe extends RequestHandler<{ id?: string }> {}
class NotAHandler {
  readonly name = "NotAHandler";
}

// A string pattern gives the names of its parameters.
type Equal<A, B> = [A, B] extends [B, A] ? true : false;
export const paramsOf: readonly true[] = [
  true satisfies Equal<PathParams<"/story/:id">, { readonly id: string }>,
  true satisfies Equal<keyof PathParams<"/shops/:shop/items/:item/*">, "shop" | "item" | "*">,
  true satisfies Equal<keyof PathParams<"/x:y/:z">, "z">,
  true satisfies Equal<PathParams<string>, never>,
  true satisfies Equal<PathParams<RegExp>, never>,
];

// Tuples: a handler gets the parameters that it declares, and may do without those that it does not.
void new Application([["/story/:id", Story]]);
void new Application([["/rooms/:id", Room]]);
void new Application([["/shops/:shop/items/:item", Item]]);
void new Application([["/files/*", Files]]);
void new Application([["/:id", Plain]]);
void new Application([["/:id/:more", Story]]);
void new Application([["/", Maybe]]);
void new Application([["/:id", Maybe]]);
void new Application([]);
// @ts-expect-error -- the pattern has no :id
void new Application([["/story", Story]]);
// @ts-expect-error -- the name is another one
void new Application([["/story/:ID", Story]]);
// @ts-expect-error -- a colon inside a segment begins no parameter
void new Application([["/story-:id", Story]]);
// @ts-expect-error -- the same for a WebSocket
void new Application([["/rooms/:room", Room]]);
// @ts-expect-error -- one of two is missing
void new Application([["/shops/:shop", Item]]);
// @ts-expect-error -- a wildcard is no :id
void new Application([["/*", Story]]);
// @ts-expect-error -- and an :id no wildcard
void new Application([["/:id", Files]]);
void new Application([
  ["/", Plain],
  // @ts-expect-error -- every entry is checked, not only the first
  ["/story", Story],
  ["/story/:id", Story],
]);

// Lists: the parameters of the patterns around flow in, to any depth.
void new Application([["/shops/:shop", [["/items/:item", Item]]]]);
void new Application([["/shops", [["/:shop", [["/items", [["/:item", Item]]]]]]]]);
void new Application([["/story/:id", [["", Story]]]]);
// @ts-expect-error -- nothing around says :shop
void new Application([["/shops", [["/items/:item", Item]]]]);
// @ts-expect-error -- the deepest list is checked as well
void new Application([["/shops", [["/:shop", [["/items", [["/item", Item]]]]]]]]);

// Hosts: the path is what counts.
void new Application([[{ host: "example.com", path: "/story/:id" }, Story]]);
void new Application([[{ host: /a|b/, path: "/story/:id" }, [["/x", Story]]]]);
void new Application([[{ host: "example.com" }, [["/story/:id", Story]]]]);
void new Application([[{ host: "example.com" }, Plain]]);
// @ts-expect-error -- the path has no :id
void new Application([[{ host: "example.com", path: "/story" }, Story]]);
// @ts-expect-error -- a host without a path around a list adds no parameter
void new Application([[{ host: "example.com" }, [["/story", Story]]]]);
// @ts-expect-error -- there must be a host
void new Application([[{ path: "/story/:id" }, Story]]);

// A RegExp is not known to the compiler: its groups are not checked, and neither is what is nested in it.
void new Application([[/\/story\/(?<id>\d+)/, Story]]);
void new Application([[/\/story/, Story]]);
void new Application([[{ host: "example.com", path: /\/story/ }, Story]]);
void new Application([[/\/(?<id>\d+)/, [["/x", Story]]]]);

// Neither is a pattern that is only known at run time, or a list that was made somewhere else.
declare const somePath: string;
void new Application([[somePath, Story]]);
void new Application([[somePath, [["/x", Story]]]]);
void new Application([["/x", [[somePath, Story]]]]);
const routes: RouteEntry[] = [["/story", Story]];
void new Application(routes);
void new Application([["/nested", routes]]);

// What is no handler, no pattern or no list.
// @ts-expect-error -- a class that extends no handler
void new Application([["/", NotAHandler]]);
// @ts-expect-error -- an instance instead of the class
void new Application([["/", {} as Plain]]);
// @ts-expect-error -- a function instead of a handler
void new Application([["/", () => "page"]]);
// @ts-expect-error -- no handler at all
void new Application([["/"]]);
// @ts-expect-error -- a number is no pattern
void new Application([[5, Plain]]);
// @ts-expect-error -- one route instead of a list
void new Application(["/", Plain]);
// @ts-expect-error -- an object instead of a list
void new Application({ "/": Plain });

// route(): the same checks, with a name and with options checked against initialize().
interface Options {
  readonly colour: string;
  readonly size?: number;
}
class Painted extends RequestHandler<{ id: string }> {
  override initialize(_options: Options) {}
}
void new Application([
  route("/story/:id", Story, { name: "story" }),
  route("/rooms/:id", Room),
  route(/\/x/, Story),
  route({ host: "example.com", path: "/story/:id" }, Story),
  route({ host: "example.com", path: /x/ }, Story),
  route("/painted/:id", Painted, { options: { colour: "red" } }),
  route("/painted/:id", Painted, { options: { colour: "red", size: 5 }, name: "painted" }),
  route("/static/*", StaticFileHandler, { options: { root: "static" } }),
  route("/static/*", StaticFileHandler, {
    options: { root: "static", index: false, dotfiles: [".well-known"], precompressed: true },
  }),
]);
// @ts-expect-error -- the pattern has no :id
route("/story", Story);
// @ts-expect-error -- the same for a WebSocket
route("/rooms/:room", Room);
// @ts-expect-error -- the same for a host
route({ host: "example.com", path: "/story" }, Story);
// @ts-expect-error -- a class that extends no handler
route("/", NotAHandler);
// @ts-expect-error -- the colour is a string
route("/painted/:id", Painted, { options: { colour: 5 } });
// @ts-expect-error -- the colour is missing
route("/painted/:id", Painted, { options: { size: 5 } });
// @ts-expect-error -- there is no such option
route("/painted/:id", Painted, { options: { colour: "red", weight: 5 } });
// @ts-expect-error -- a root is a path or a URL
route("/static/*", StaticFileHandler, { options: { root: 5 } });
// @ts-expect-error -- an index is a name or false
route("/static/*", StaticFileHandler, { options: { root: "static", index: true } });
// @ts-expect-error -- there is no such option of a static route
route("/static/*", StaticFileHandler, { options: { root: "static", maxAge: 5 } });
void new Application([], {
  staticPath: "static",
  staticHandlerClass: class Own extends StaticFileHandler {},
});
void new Application([], { staticPath: "static", staticHandlerClass: authenticated(StaticFileHandler) });
// @ts-expect-error -- a handler of another kind serves no files
void new Application([], { staticPath: "static", staticHandlerClass: Story });
// @ts-expect-error -- the root is staticPath
void new Application([], { staticPath: "static", staticHandlerArgs: { root: "static" } });
// @ts-expect-error -- a name is a string
route("/story/:id", Story, { name: 5 });
// @ts-expect-error -- there is no such member
route("/story/:id", Story, { nmae: "story" });
