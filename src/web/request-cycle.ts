import { BodyError } from "../base/body-error.ts";
import { isCausedBy } from "../base/caused-by.ts";
import type { Problem, WaterspoutError } from "../base/errors.ts";
import { describe } from "../base/errors.ts";
import { quote } from "../base/text.ts";
import { chain, isThenable } from "../base/thenable.ts";
import { listIncludes } from "../protocol/http/field-values.ts";
import { fieldValue } from "../protocol/http/header-fields.ts";
import type { ExchangeListener, HeaderField, HttpExchange } from "../transport/http-exchange.ts";
import type { LoggedRequest } from "./access-log.ts";
import { answerRefusal } from "./answer-refusal.ts";
import { checkUser } from "./authenticated.ts";
import { ConnectionCycle } from "./connection-cycle.ts";
import type { Environment } from "./environment.ts";
import { Finish } from "./finish.ts";
import { HttpError } from "./http-error.ts";
import { HttpRequest } from "./http-request.ts";
import { readRequest } from "./read-request.ts";
import { Refusal } from "./refusal.ts";
import { runWithRequest } from "./request-context.ts";
import { RequestHandler } from "./request-handler.ts";
import type { RouteMatch } from "./router.ts";
import { isOrExtends } from "./router.ts";
import { securityHeaders } from "./security-headers.ts";
import type { SessionRegistry } from "./session-registry.ts";
import type { VerbMethod } from "./verbs.ts";
import { allowedBy, verbMethodOf } from "./verbs.ts";
import { WebSocketHandler } from "./websocket-handler.ts";
import { needsXsrfCheck } from "./xsrf.ts";

/** Refusals whose line in the access log says everything, unless a WebSocket was asked for. */
const selfExplaining: ReadonlySet<string> = new Set([
  "ROUTE_NOT_FOUND",
  "FILE_NOT_FOUND",
  "METHOD_NOT_ALLOWED",
  "STATUS_REFUSED",
]);

/** What the log says where nothing was answered since the client had gone: nginx's number for it. */
const clientGoneStatus = 499;

/**
 * The life of one request, stage by stage; the same for a page and for a WebSocket until the handler is known:
 *
 *     readRequest → route
 *       RequestHandler:   → setDefaultHeaders → initialize → checkXsrfCookie → getCurrentUser (→ authenticated)
 *                           → prepare → form → verb → response → onFinish
 *       WebSocketHandler: → ConnectionCycle
 *
 * Any stage may refuse, by throwing a `Refusal` or an `HttpError`; there is one place that answers refusals. A hook is waited for
 * only if it is async: a handler that has its answer at once gives it in the turn in which the request came.
 */
export class RequestCycle implements ExchangeListener {
  readonly #exchange: HttpExchange;
  readonly #environment: Environment;
  readonly #sessions: SessionRegistry;
  #request: HttpRequest | undefined;
  #refused: Refusal | undefined;
  #connection: ConnectionCycle | undefined;
  #handler: RequestHandler<object> | undefined;
  #handlerName = "";
  /** With what those were rejected who waited for a client that has gone. */
  #lost: WaterspoutError | undefined;
  #timeout: Problem | undefined;
  #isAnswered = false;
  #areHooksDone = false;
  #isGivenUp = false;

  constructor(exchange: HttpExchange, environment: Environment, sessions: SessionRegistry) {
    this.#exchange = exchange;
    this.#environment = environment;
    this.#sessions = sessions;
  }

  /** Runs all stages. */
  run(): void {
    this.#exchange.listen(this);
    try {
      const serving = this.#serve();
      if (serving === undefined) this.#endHooks();
      else
        Promise.resolve(serving).then(
          () => this.#endHooks(),
          (error: unknown) => this.#receiveFailure(error),
        );
    } catch (error) {
      void this.#receiveFailure(error);
    }
  }

  /** The answer has been sent, or its client has gone. */
  receiveAnswered(): void {
    this.#isAnswered = true;
    if (this.#environment.hasRequestContext) this.#inContext(() => this.#endAnswer());
    else this.#endAnswer();
  }

  /** The client has gone, or was cut off because of `problem`. */
  receiveLost(problem: Problem | undefined): void {
    this.#timeout = problem;
    const handler = this.#handler;
    if (handler === undefined) return;
    this.#inContext(() => {
      this.#lost = handler.writer.receiveLost(problem);
      handler.receiveLost(this.#lost);
      this.#callHook(() => handler.onConnectionClose());
      // Also for a handler that will never end: who asked for it, and how long they waited, is known now. Whoever reads its body is still to hear
      // that there is no more of it.
      if (problem === undefined && this.#exchange.isComplete) this.#giveUp();
    });
  }

  /** Returns a promise where something has to be waited for; so does what it calls. */
  #serve(): PromiseLike<void> | undefined {
    const request = readRequest(this.#exchange, this.#environment.settings);
    if (!(request instanceof HttpRequest)) throw new Refusal(request);
    this.#request = request;
    this.#sessions.refuseWhenClosing();
    const match = this.#environment.router.find(request.hostname, request.path);
    if ("code" in match) throw new Refusal(match);
    this.#handlerName = match.name;
    if (!this.#environment.hasRequestContext) return this.#handle(request, match);
    return runWithRequest(request, () => this.#handle(request, match));
  }

  #handle(request: HttpRequest, match: RouteMatch): PromiseLike<void> | undefined {
    const { handler: Class } = match;
    if (isOrExtends(Class, WebSocketHandler)) {
      this.#connection = new ConnectionCycle(
        this.#exchange,
        request,
        match,
        this.#environment,
        this.#sessions,
      );
      return this.#connection.run();
    }
    if (this.#exchange.isUpgrade && this.#asksForWebSocket()) {
      throw new Refusal(describe("WS_NOT_SPOKEN_HERE", { handler: Class.name }));
    }
    const handler = new Class({ request, match, environment: this.#environment }) as RequestHandler<object>;
    return this.#respond(handler, match.options);
  }

  #respond(handler: RequestHandler<object>, options: object): Stage {
    this.#handler = handler;
    this.#exchange.watchUpgrade();
    handler.attachExchange(this.#exchange);
    if (handler.initialize === hooks.initialize) return this.#letIn(handler);
    return chain(handler.initialize(options), () => this.#letIn(handler)) as Stage;
  }

  #letIn(handler: RequestHandler<object>): Stage {
    if (handler.isFinished) return handler.writer.sending;
    const method = this.#methodOf(handler);
    if (!needsXsrfCheck(handler.request, this.#environment.settings)) return identify(handler, method);
    return chain(handler.checkXsrfCookie(), () => identify(handler, method)) as Stage;
  }

  /** The method that answers this request's verb. */
  #methodOf(handler: RequestHandler<object>): VerbMethod {
    const { automaticMethods } = this.#environment.settings;
    const { customMethods } = handler.constructor as typeof RequestHandler;
    const { method } = this.#exchange;
    const found =
      verbMethodOf(handler, method, customMethods) ??
      (automaticMethods && method === "HEAD" ? verbMethodOf(handler, "GET", customMethods) : undefined);
    if (found !== undefined) return found;
    const allowed = allowedBy(handler, customMethods, automaticMethods);
    if (automaticMethods && method === "OPTIONS" && allowed !== "") {
      return () => {
        handler.setStatus(204);
        handler.setHeader("Allow", allowed);
      };
    }
    const details = { method: quote(method), handler: handler.constructor.name, allowed };
    throw new Refusal(describe("METHOD_NOT_ALLOWED", details), [["Allow", allowed]]);
  }

  async #receiveFailure(error: unknown): Promise<void> {
    try {
      await this.#receiveError(error);
    } catch (failure) {
      await this.#receiveSecond(failure);
    }
    this.#endHooks();
  }

  /** Something failed while a failure was answered, or while what a `Finish` brought was to be sent. */
  async #receiveSecond(failure: unknown): Promise<void> {
    try {
      if (this.#exchange.isAnswered || this.#handler?.isFinished === true) this.#cut(failure);
      else await this.#answerError(failure);
    } catch (again) {
      this.#cut(again);
    }
  }

  async #receiveError(error: unknown): Promise<void> {
    const handler = this.#handler;
    if (this.#isForWantOfClient(error)) {
      this.#giveUp();
    } else if (error instanceof Finish && handler !== undefined && !this.#exchange.isAnswered) {
      await handler.finishWith(handler.isFinished ? undefined : error.body);
    } else if (error instanceof Finish && handler?.isFinished === false) {
      await handler.finish(error.body);
    } else if (this.#exchange.isAnswered) {
      // What the client did wrong is no failure of ours, also when it is too late to say so.
      if (error instanceof BodyError) this.#exchange.abort();
      else if (!(error instanceof Finish)) this.#cut(error);
    } else if (handler?.isFinished === true) {
      // The answer is on its way, and whole.
      if (!(error instanceof BodyError)) this.#logFailure(error);
      await handler.writer.sending;
    } else {
      await this.#answerError(error);
    }
  }

  async #answerError(error: unknown): Promise<void> {
    const refusal = refusalOf(error, this.#handlerName);
    if (refusal instanceof Refusal) {
      await this.#refuse(refusal, error);
    } else {
      this.#logFailure(error);
      await this.#refuse(await this.#failureOf(error), error);
    }
  }

  /** Nobody waits for an answer any more, and none has been begun. */
  #giveUp(): void {
    if (this.#exchange.isAnswered) return;
    this.#isGivenUp = true;
    this.#exchange.giveUp(clientGoneStatus);
  }

  /** The answer to a failure. What it says in debug mode is loaded there only. */
  async #failureOf(error: unknown): Promise<Refusal> {
    const problem = describe("HANDLER_FAILED", { handler: this.#handlerName });
    if (!this.#environment.settings.debug || this.#request === undefined) return new Refusal(problem);
    const { describeFailure } = await import("./debug/failure-refusal.ts");
    return describeFailure(problem, this.#request, error);
  }

  /** Whether something failed only because the client has gone while it was waited for. */
  #isForWantOfClient(error: unknown): boolean {
    return this.#lost !== undefined && isCausedBy(error, this.#lost);
  }

  /** Too late for another answer: what has been sent must not look complete. */
  #cut(error: unknown): void {
    this.#logFailure(error);
    this.#exchange.abort();
  }

  async #refuse(refusal: Refusal, error: unknown): Promise<void> {
    this.#refused = refusal;
    const handler = this.#handler;
    if (handler !== undefined) {
      try {
        await handler.finishWithError(refusal, error);
        return;
      } catch (failure) {
        this.#logFailure(failure);
        if (this.#exchange.isAnswered) {
          this.#exchange.abort();
          return;
        }
      }
    }
    const { securityHeaders: isSecured } = this.#environment.settings;
    const defaults: HeaderField[] = isSecured ? [...securityHeaders(this.#request?.protocol ?? "http")] : [];
    // As in Tornado: who is refused may have been logged out, or in.
    const cookies = handler?.cookieFields ?? [];
    if (cookies.length > 0) defaults.push(["Set-Cookie", cookies]);
    await answerRefusal(this.#exchange, refusal, this.#environment, defaults);
  }

  #asksForWebSocket(): boolean {
    return (
      this.#exchange.isUpgrade && listIncludes(fieldValue(this.#exchange.headers, "upgrade"), "websocket")
    );
  }

  #endAnswer(): void {
    this.#logAnswer();
    if (this.#areHooksDone) this.#finish();
  }

  #logAnswer(): void {
    // What was wrong has been logged by whoever overruled it.
    if (this.#exchange.isOverruled) return;
    const refused = this.#refused;
    const { log } = this.#environment;
    const elapsedMs = log.isKept ? this.#exchange.elapsedMs : 0;
    // A page's handshake may be refused by way of a WebSocket (answerRefusal).
    const status = this.#exchange.status === 101 ? (refused?.status ?? 101) : this.#exchange.status;
    const request = this.#loggedRequest();
    if (this.#connection?.isRoutine === true && refused === undefined) {
      log.served(status, request, elapsedMs);
    } else if (this.#exchange.isCut || (this.#isGivenUp && this.#sessions.isClosing)) {
      log.cut(status, request, elapsedMs);
    } else if (this.#isGivenUp || (this.#lost !== undefined && this.#timeout === undefined)) {
      log.left(status, request, elapsedMs);
    } else {
      log.answered(status, request, elapsedMs);
    }
    const problem = this.#timeout ?? refused?.problem;
    if (problem === undefined || !this.#needsExplanation(problem)) return;
    log.refused(problem, fieldValue(this.#exchange.headers, "origin") ?? request.remoteAddress);
  }

  /** The request for the log, also before it could be read. */
  #loggedRequest(): LoggedRequest {
    if (this.#request !== undefined) return this.#request;
    const { method, target, peerAddress } = this.#exchange;
    return { method, uri: target, remoteAddress: peerAddress };
  }

  #needsExplanation({ code }: Problem): boolean {
    // What a handler threw has been logged with its stack.
    return code !== "HANDLER_FAILED" && (this.#asksForWebSocket() || !selfExplaining.has(code));
  }

  #logFailure(error: unknown): void {
    this.#environment.log.failed(this.#loggedRequest(), error);
  }

  /** No hook will be called any more but the last. */
  #endHooks(): void {
    this.#areHooksDone = true;
    this.#handler
      ?.disposeBody()
      ?.catch((failure: unknown) => this.#inContext(() => this.#logFailure(failure)));
    // Who has gone before anything was answered, and whose handler did not mind, has no answer and needs none.
    if (this.#isAnswered) this.#inContext(() => this.#finish());
  }

  #finish(): void {
    const handler = this.#handler;
    if (handler !== undefined) this.#callHook(() => handler.onFinish());
  }

  /** Calls a hook for which nothing waits; what it throws is logged. */
  #callHook(hook: () => unknown): void {
    try {
      const result = hook();
      if (isThenable(result))
        Promise.resolve(result).catch((error: unknown) => this.#inContext(() => this.#logFailure(error)));
    } catch (error) {
      this.#logFailure(error);
    }
  }

  /** What is called by the connection does not know whose request it is. */
  #inContext(act: () => void): void {
    if (this.#environment.hasRequestContext && this.#request !== undefined)
      runWithRequest(this.#request, act);
    else act();
  }
}

/** The hooks as they are where nobody has overridden them: they do nothing, and need not be called to do it. */
const hooks = RequestHandler.prototype;

type Stage = PromiseLike<void> | undefined;

/** The stages of a request that may come in: who it is of, and its answer. */
function identify(handler: RequestHandler<object>, method: VerbMethod): Stage {
  if (handler.isFinished) return handler.writer.sending;
  if (handler.getCurrentUser === hooks.getCurrentUser) return admit(handler, method);
  return chain(handler.getCurrentUser(), (user) => {
    handler.currentUser = user;
    return admit(handler, method);
  }) as Stage;
}

function admit(handler: RequestHandler<object>, method: VerbMethod): Stage {
  checkUser(handler);
  if (handler.isFinished) return handler.writer.sending;
  if (handler.prepare === hooks.prepare) return answer(handler, method);
  return chain(handler.prepare(), () => answer(handler, method)) as Stage;
}

function answer(handler: RequestHandler<object>, method: VerbMethod): Stage {
  if (handler.isFinished) return handler.writer.sending;
  const reading = handler.readForm();
  if (reading !== undefined) return reading.then(() => call(handler, method));
  return call(handler, method);
}

function call(handler: RequestHandler<object>, method: VerbMethod): Stage {
  const result = method.call(handler);
  if (!isThenable(result)) return handler.finishWith(result);
  return Promise.resolve(result).then((settled) => handler.finishWith(settled));
}

/** What an exception says to the client, or the exception itself where it is none of the client's business. */
function refusalOf(error: unknown, handlerName: string): unknown {
  // RFC 9110 §15.5.9: where a body has not come, nothing else will be understood that does.
  const isOver = error instanceof BodyError && error.problem.code === "BODY_TIMEOUT";
  if (error instanceof BodyError) return new Refusal(error.problem, isOver ? [["Connection", "close"]] : []);
  return error instanceof HttpError ? Refusal.from(error, handlerName) : error;
}
