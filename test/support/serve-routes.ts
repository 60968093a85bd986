import type { TestContext } from "node:test";
import type { ListenOptions, Logger, RouteEntry, Server, Settings } from "../../src/index.ts";
import { Application } from "../../src/index.ts";
import { startApplication } from "../../src/testing/index.ts";

/** Starts an application that logs to `log`, and closes it when the test is over. */
export async function serveRoutes(
  context: TestContext,
  log: Logger,
  routes: readonly RouteEntry[],
  settings: Settings = {},
  options: ListenOptions = {},
): Promise<Server> {
  const server = await startApplication(new Application(routes, { logger: log, ...settings }), options);
  context.after(() => server.close());
  return server;
}
