import type { Problem } from "../base/errors.ts";
import { describe } from "../base/errors.ts";
import { quote } from "../base/text.ts";
import { listIncludes } from "../protocol/http/field-values.ts";
import { fieldValue } from "../protocol/http/header-fields.ts";
import type { HttpExchange } from "../transport/http-exchange.ts";
import type { LoggedRequest } from "./access-log.ts";
import { stackOf } from "./access-log.ts";
import { answerRefusal } from "./answer-refusal.ts";
import { checkUser } from "./authenticated.ts";
import { ConnectionCycle } from "./connection-cycle.ts";
import type { Environment } from "./environment.ts";
import { HttpError } from "./http-error.ts";
import { HttpRequest } from "./http-request.ts";
import { readRequest } from "./read-request.ts";
import { Refusal } from "./refusal.ts";
import type { RequestHandler } from "./request-handler.ts";
import type { RouteMatch } from "./router.ts";
import { isOrExtends } from "./router.ts";
import type { SessionRegistry } from "./session-registry.ts";
import { WebSocketHandler } from "./websocket-handler.ts";
import { needsXsrfCheck } from "./xsrf.ts";

/** The verbs a handler can have a method for; also the order of an Allow header. */
const verbs = ["get", "head", "post", "put", "patch", "delete", "options"] as const;

/** Refusals whose line in the access log says everything, unless a WebSocket was asked for. */
const selfExplaining: ReadonlySet<string> = new Set([
  "ROUTE_NOT_FOUND",
  "FILE_NOT_FOUND",
  "METHOD_NOT_ALLOWED",
  "STATUS_REFUSED",
]);

/**
 * The life of one request, stage by stage; the same for a page and for a WebSocket until the handler is known:
 *
 *     readRequest → route
 *       RequestHandler:   → initialize → checkXsrfCookie → getCurrentUser (→ authenticated) → prepare → verb → response
 *       WebSocketHandler: → ConnectionCycle
 *
 * Any stage may refuse, by throwing a `Refusal` or an `HttpError`; there is one place that answers refusals.
 */
export class RequestCycle {
  readonly #exchange: HttpExchange;
  readonly #environment: Environment;
  readonly #sessions: SessionRegistry;
  #request: HttpRequest | undefined;
  #refused: Refusal | undefined;
  #connection: ConnectionCycle | undefined;

  constructor(exchange: HttpExchange, environment: Environment, sessions: SessionRegistry) {
    this.#exchange = exchange;
    this.#environment = environment;
    this.#sessions = sessions;
  }

  /** Runs all stages. Never rejects. */
  async run(): Promise<void> {
    this.#exchange.onAnswered(() => this.#logAnswer());
    let handlerName = "";
    try {
      const request = readRequest(this.#exchange, this.#environment.settings);
      if (!(request instanceof HttpRequest)) throw new Refusal(request);
      this.#request = request;
      this.#sessions.refuseWhenClosing();
      const match = this.#environment.router.find(request.hostname, request.path);
      if ("code" in match) throw new Refusal(match);
      handlerName = match.handler.name;
      await this.#serve(request, match);
    } catch (error) {
      await this.#receiveError(error, handlerName).catch((failure: unknown) => this.#cut(failure));
    }
  }

  async #serve(request: HttpRequest, match: RouteMatch): Promise<void> {
    const { handler: Class } = match;
    if (isOrExtends(Class, WebSocketHandler)) {
      this.#connection = new ConnectionCycle(
        this.#exchange,
        request,
        match,
        this.#environment,
        this.#sessions,
      );
      await this.#connection.run();
      return;
    }
    if (this.#asksForWebSocket()) {
      throw new Refusal(describe("WS_NOT_SPOKEN_HERE", { handler: Class.name }));
    }
    const handler = new Class({ request, match, environment: this.#environment });
    await this.#respond(handler as RequestHandler<object>, match.options);
  }

  async #respond(handler: RequestHandler<object>, options: object): Promise<void> {
    handler.attachExchange(this.#exchange);
    await handler.initialize(options);
    if (handler.isFinished) return;
    const method = this.#methodOf(handler);
    if (needsXsrfCheck(handler.request, this.#environment.settings)) await handler.checkXsrfCookie();
    handler.currentUser = await handler.getCurrentUser();
    checkUser(handler);
    if (!handler.isFinished) await handler.prepare();
    if (handler.isFinished) return;
    await handler.finishWith(await method());
  }

  /** The method that answers this request's verb. */
  #methodOf(handler: RequestHandler<object>): () => unknown {
    const methods = handler as unknown as Readonly<Record<string, unknown>>;
    const implemented = verbs.filter((verb) => typeof methods[verb] === "function");
    const asked = this.#exchange.method.toLowerCase();
    const verb = implemented.find((each) => each === asked) ?? (asked === "head" ? "get" : undefined);
    const method = verb === undefined ? undefined : methods[verb];
    if (typeof method === "function") return () => Reflect.apply(method, handler, []) as unknown;
    const allowed = allowedBy(implemented);
    const details = { method: quote(this.#exchange.method), handler: handler.constructor.name, allowed };
    throw new Refusal(describe("METHOD_NOT_ALLOWED", details), [["Allow", allowed]]);
  }

  async #receiveError(error: unknown, handlerName: string): Promise<void> {
    const refusal = error instanceof HttpError ? Refusal.from(error, handlerName) : error;
    if (this.#exchange.isAnswered) {
      this.#cut(error);
    } else if (refusal instanceof Refusal) {
      await this.#refuse(refusal);
    } else {
      this.#logFailure(error);
      await this.#refuse(new Refusal(describe("HANDLER_FAILED", { handler: handlerName })), stackOf(error));
    }
  }

  /** Too late for another answer: what has been sent must not look complete. */
  #cut(error: unknown): void {
    this.#logFailure(error);
    this.#exchange.abort();
  }

  async #refuse(refusal: Refusal, stack?: string): Promise<void> {
    this.#refused = refusal;
    await answerRefusal(this.#exchange, refusal, this.#environment, stack);
  }

  #asksForWebSocket(): boolean {
    return (
      this.#exchange.isUpgrade && listIncludes(fieldValue(this.#exchange.headers, "upgrade"), "websocket")
    );
  }

  #logAnswer(): void {
    const refused = this.#refused;
    const { log } = this.#environment;
    const request = this.#loggedRequest();
    if (this.#connection?.isRoutine === true && refused === undefined) {
      log.served(this.#exchange.status, request, this.#exchange.elapsedMs);
      return;
    }
    log.answered(refused?.status ?? this.#exchange.status, request, this.#exchange.elapsedMs);
    if (refused === undefined || !this.#needsExplanation(refused.problem)) return;
    log.refused(refused.problem, fieldValue(this.#exchange.headers, "origin") ?? request.remoteAddress);
  }

  /** The request for the log, also before it could be read. */
  #loggedRequest(): LoggedRequest {
    const { method, target, peerAddress } = this.#exchange;
    return this.#request ?? { method, uri: target, remoteAddress: peerAddress };
  }

  #needsExplanation({ code }: Problem): boolean {
    // What a handler threw has been logged with its stack.
    return code !== "HANDLER_FAILED" && (this.#asksForWebSocket() || !selfExplaining.has(code));
  }

  #logFailure(error: unknown): void {
    this.#environment.log.failed(this.#loggedRequest(), error);
  }
}

function allowedBy(implemented: readonly string[]): string {
  const all = implemented.includes("get") ? new Set(["get", "head", ...implemented]) : implemented;
  return [...all].map((verb) => verb.toUpperCase()).join(", ");
}
