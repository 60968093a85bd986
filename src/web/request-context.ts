import { AsyncLocalStorage } from "node:async_hooks";
import type { HttpRequest } from "./http-request.ts";

/** Costs nothing until something is run with it. */
const storage = new AsyncLocalStorage<HttpRequest>();

/**
 * The request that this code runs for, however deep it is called and whatever was awaited in between: in a handler's hooks (a WebSocket
 * handler's included), and in a logger while it logs a line about a request. Undefined anywhere else, and without the setting
 * `requestContext`.
 *
 * @example
 * const logger: Logger = {
 *   ...console,
 *   info: (line) => console.log(`${currentRequest()?.header("x-request-id") ?? "-"} ${line}`),
 * };
 * new Application(routes, { logger, requestContext: true });
 */
export function currentRequest(): HttpRequest | undefined {
  return storage.getStore();
}

/** Calls `act`, and what it leads to, for `request`. */
export function runWithRequest<Result>(request: HttpRequest, act: () => Result): Result {
  return storage.run(request, act);
}

/** Has the methods `names` of a handler run for its request, whoever calls them. */
export function bindHooks(handler: { readonly request: HttpRequest }, names: readonly string[]): void {
  const hooks = handler as unknown as Readonly<Record<string, (...values: unknown[]) => unknown>>;
  for (const name of names) {
    const hook = hooks[name]!;
    const bound = (...values: unknown[]): unknown =>
      storage.run(handler.request, () => Reflect.apply(hook, handler, values));
    Object.defineProperty(handler, name, { value: bound });
  }
}
