import type { TestContext } from "node:test";
import type { RouteEntry, Settings } from "../../src/index.ts";
import { WebSocketHandler } from "../../src/index.ts";
import { Inbox } from "../../src/testing/inbox.ts";
import type { TestRefusal } from "../../src/testing/index.ts";
import type { Running } from "../support/run-application.ts";
import { runApplication } from "../support/run-application.ts";
import type { Client, ClientOptions, Driver } from "./driver.ts";

/** A handler class, whatever parameters it needs. */
type HandlerClass = Extract<RouteEntry, { readonly handler: unknown }>["handler"];

/** A running application whose handlers are reached over one transport. */
export interface Arena extends Running {
  connect(options?: ClientOptions, path?: string): Promise<Client>;
  refusal(options?: ClientOptions, path?: string): Promise<TestRefusal>;
  /** What the line of the access log about an opening begins with: its status, or another one. */
  opened(path?: string, status?: number): RegExp;
  /** What the line about a closing begins with. */
  closed(code: number, path?: string): RegExp;
}

/** Runs handlers by their paths, or one at /ws, for clients of this transport alone. */
export async function runArena(
  context: TestContext,
  driver: Driver,
  handlers: HandlerClass | Readonly<Record<string, HandlerClass>>,
  settings: Settings = {},
): Promise<Arena> {
  const transports = [driver.kind];
  const routes = Object.entries(typeof handlers === "function" ? { "/ws": handlers } : handlers).map(
    ([path, handler]) => ({ pattern: path, handler, name: undefined, options: { transports }, transports }),
  );
  const running = await runApplication(context, routes, settings);
  const line = (status: number, path: string): string =>
    String.raw`^${status} ${driver.method} ${path.replaceAll("?", String.raw`\?`)} \(127\.0\.0\.1\)`;
  return {
    ...running,
    connect: (options, path = "/ws") => driver.connect(running.at(path), options),
    refusal: (options, path = "/ws") => driver.refusal(running.at(path), options),
    opened: (path = "/ws", status = driver.openedStatus) =>
      new RegExp(String.raw`${line(status, path)} \d+\.\d\dms$`),
    closed: (code, path = "/ws") => {
      const over = driver.kind === "websocket" ? "" : ` over ${driver.kind}`;
      return new RegExp(String.raw`${line(code, path)} closed after \d+\.\d\ds${over}, `);
    },
  };
}

/** A handler class whose instances a test holds by their strings, in the order in which they opened. */
export function puppets(): {
  readonly Puppet: new (...args: ConstructorParameters<typeof WebSocketHandler>) => WebSocketHandler;
  readonly connected: Inbox<WebSocketHandler>;
} {
  const connected = new Inbox<WebSocketHandler>();
  class Puppet extends WebSocketHandler {
    override open() {
      connected.add(this);
    }
  }
  return { Puppet, connected };
}

/** A client, and the handler that serves it. */
export async function connectPair(
  arena: Arena,
  connected: Inbox<WebSocketHandler>,
): Promise<[handler: WebSocketHandler, client: Client]> {
  const client = await arena.connect();
  return [await connected.next(), client];
}
