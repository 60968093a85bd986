import type { Application } from "../app/application.ts";
import type { ListenOptions } from "../app/listen-options.ts";
import type { Server } from "../app/server.ts";

/**
 * Starts an application on a free port of the loopback address.
 *
 * @example
 * const server = await startApplication(new Application([["/url", UrlReceiver]], { logger: new ExpectedLog() }));
 * const client = await TestClient.connect(`${server.url}/url`);
 * await server.close();
 */
export function startApplication(application: Application, options: ListenOptions = {}): Promise<Server> {
  return application.listen(0, { host: "127.0.0.1", ...options });
}
