import { misuse } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import { kindOf } from "../base/text.ts";
import { MemoryEngine } from "../hub/memory-engine.ts";
import { HeartbeatWheel } from "../transport/heartbeat.ts";
import { HttpServer } from "../transport/http-server.ts";
import type { ListenTarget } from "../transport/listen-target.ts";
import { SessionStore } from "../transport/session/session-store.ts";
import { AccessLog, stackOf } from "../web/access-log.ts";
import type { Environment } from "../web/environment.ts";
import type { OutgoingMessage, SendOptions } from "../web/outgoing-message.ts";
import { checkChannel, shareMessage } from "../web/outgoing-message.ts";
import type { PathValues } from "../web/path-pattern.ts";
import { RequestCycle } from "../web/request-cycle.ts";
import type { CheckedRoutes, RouteEntry } from "../web/route.ts";
import { Router } from "../web/router.ts";
import { SessionRegistry } from "../web/session-registry.ts";
import type { Settings } from "../web/settings.ts";
import { resolveSettings } from "../web/settings.ts";
import { checkStaticRoots, checkStaticRoutes, createStaticFiles, staticRoutes } from "../web/static-files.ts";
import { BackgroundWork } from "./background-work.ts";
import { ConsoleLogger } from "./console-logger.ts";
import type { PeriodicCallbackOptions } from "./periodic-callback.ts";
import { PeriodicCallback } from "./periodic-callback.ts";
import type { ListenOptions } from "./listen-options.ts";
import { checkListening } from "./listen-options.ts";
import { Server } from "./server.ts";

/**
 * Routes and settings: what a server serves. It does nothing by itself until it listens.
 *
 * @example
 * class Hello extends RequestHandler {
 *   get() {
 *     return "Hello!";
 *   }
 * }
 * const app = new Application([["/", Hello]]);
 * const server = await app.listen(10000);
 */
export class Application<const Routes extends readonly RouteEntry[] = readonly RouteEntry[]> {
  readonly #environment: Environment;
  readonly #logger: Logger;
  readonly #background = new BackgroundWork();

  /**
   * @param routes in the order in which they are tried; see `RouteEntry`.
   * @throws WaterspoutError ROUTE_INVALID, ROUTE_NAME_DUPLICATE, SETTING_UNKNOWN, SETTING_INVALID
   */
  constructor(routes: CheckedRoutes<Routes>, settings: Settings = {}) {
    if (!Array.isArray(routes)) {
      throw misuse("ROUTE_INVALID", {
        route: kindOf(routes),
        reason: "the routes are a list of [pattern, Handler]",
      });
    }
    const resolved = resolveSettings(settings);
    const entries = routes as readonly RouteEntry[];
    this.#logger = settings.logger ?? new ConsoleLogger();
    this.#environment = {
      settings: resolved,
      router: new Router([...staticRoutes(resolved, entries), ...entries]),
      log: new AccessLog(this.#logger, resolved.accessLog),
      heartbeats: new HeartbeatWheel(),
      engine: new MemoryEngine(),
      store: new SessionStore(resolved.fallback.maxSessions),
      staticFiles: createStaticFiles(resolved),
      hasRequestContext: resolved.requestContext,
    };
    checkStaticRoutes(this.#environment.router);
  }

  /**
   * Listens on a port, of which 0 picks a free one; or at a Unix socket, `{ path: "/run/app.sock", mode: 0o660 }`; or serves
   * the connections that another server accepts, `{ source: server }`. Any number of servers may serve the same application.
   *
   * @throws WaterspoutError (as a rejection) PORT_INVALID, PORT_IN_USE, PORT_FORBIDDEN, ADDRESS_INVALID, LISTEN_FAILED,
   *   SOCKET_PATH_INVALID, SOCKET_PATH_IN_USE, TEMPLATES_UNREADABLE, TEMPLATE_INVALID, SETTING_UNKNOWN, SETTING_INVALID also for TLS options that
   *   make no sense, and for a directory of static files that is not there.
   */
  async listen(target: ListenTarget, options: ListenOptions = {}): Promise<Server> {
    checkListening(target, options);
    const environment = this.#environment;
    await checkStaticRoots(environment.router, environment.settings);
    const sessions = new SessionRegistry();
    const http = new HttpServer({
      limits: environment.settings.http,
      tls: options.tls,
      mayAdopt: environment.settings.websocket.sharedReadBuffer,
      receiveExchange: (exchange) => new RequestCycle(exchange, environment, sessions).run(),
      receiveProblem: (problem, peerAddress) => environment.log.malformed(problem, peerAddress),
    });
    await environment.settings.templates?.load?.();
    await http.listen(target, options);
    const leaveVersions = environment.staticFiles?.versions.join();
    const leaveBackground = this.#background.join();
    const leave = (): void => {
      leaveVersions?.();
      leaveBackground();
    };
    return new Server(http, sessions, environment.settings.websocket.closeTimeoutMs, leave);
  }

  /**
   * Calls something every `intervalMs` milliseconds while a server of this application listens, from an interval after the first one
   * does until the last one begins to close. It never overlaps itself; what it throws is logged.
   *
   * @throws WaterspoutError INTERVAL_INVALID
   * @example
   * app.every(60_000, () => app.publish("clock", new Date().toISOString()), { jitter: 0.1 });
   */
  every(
    intervalMs: number,
    callback: () => unknown,
    options: PeriodicCallbackOptions = {},
  ): PeriodicCallback {
    const onError = (error: unknown): void =>
      this.#logger.error(`Exception in a periodic callback\n${stackOf(error)}`);
    const periodic = new PeriodicCallback(callback, intervalMs, { onError, ...options });
    this.#background.add(periodic);
    return periodic;
  }

  /**
   * Sends a message to all subscribers of a channel, on all servers of this application; see
   * `WebSocketHandler.subscribe`. It is encoded once, however many there are.
   *
   * @throws WaterspoutError CHANNEL_INVALID, ARGUMENT_TYPE_INVALID for what `writeMessage` would not send.
   * @example
   * app.publish("room:7", "the server speaks");
   */
  publish(channel: string, message: OutgoingMessage, options?: SendOptions): void {
    checkChannel(channel);
    this.#environment.engine.publish(channel, shareMessage(message, options));
  }

  /**
   * The path of a named route.
   *
   * @param values by parameter name; for a RegExp without names by position, "0", "1" and so on.
   * @throws WaterspoutError ROUTE_NAME_UNKNOWN, ROUTE_PARAMS_INVALID
   */
  reverseUrl(name: string, values: PathValues = {}): string {
    return this.#environment.router.reverseUrl(name, values);
  }
}
