import type { HandlerContext, HandlerResult, RouteEntry } from "../../src/index.ts";
import { RequestHandler } from "../../src/index.ts";

/** A handler class, named Page, whose `get` does this. */
export function page(
  act: (handler: RequestHandler) => unknown,
): new (context: HandlerContext) => RequestHandler {
  return class Page extends RequestHandler {
    get(): HandlerResult {
      return act(this) as HandlerResult;
    }
  };
}

/** A route to a handler, named SecretHandler, whose `get` throws this. */
export function throwing(path: string, create: () => unknown): RouteEntry {
  class SecretHandler extends RequestHandler {
    get(): never {
      throw create();
    }
  }
  return [path, SecretHandler];
}
