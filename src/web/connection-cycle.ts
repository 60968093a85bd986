import { describe } from "../base/errors.ts";
import { printable } from "../base/text.ts";
import type { Opening } from "../protocol/session/request.ts";
import { checkHandshake } from "../protocol/websocket/handshake.ts";
import type { HttpExchange } from "../transport/http-exchange.ts";
import { findCallFault } from "../transport/session/call-check.ts";
import type { SessionPlace } from "../transport/session/session-store.ts";
import type { SessionCall } from "../transport/session/session-options.ts";
import type { SessionTransport } from "../transport/session/session-transport.ts";
import { Admission } from "./admission.ts";
import { SessionApplicant, WebSocketApplicant } from "./applicant.ts";
import { corsHeaders, preflightHeaders, sessionOrigin } from "./cors.ts";
import type { Environment } from "./environment.ts";
import type { HttpRequest } from "./http-request.ts";
import { Refusal } from "./refusal.ts";
import { bindHooks } from "./request-context.ts";
import type { RouteMatch } from "./router.ts";
import { eventSourceOpening, looksLikeSessionCall, readSessionCall, wantsStream } from "./session-call.ts";
import type { SessionRegistry } from "./session-registry.ts";
import type { WebSocketHandler } from "./websocket-handler.ts";

/** A call that opens a session. */
type OpeningCall = SessionCall & { readonly target: Opening };

/** The hooks that are called by the connection, long after the request. */
const connectionHooks = ["open", "onMessage", "onPing", "onPong", "onClose"] as const;

/** When a client that was refused for want of room may come back, in seconds. */
const retryAfterSeconds = 5;

/**
 * The life of a request to a `WebSocketHandler`: which transport it asks for, told by method and header fields, and what
 * is done about it.
 *
 *     Upgrade                                  → a WebSocket
 *     POST, or GET for text/event-stream       → a session: the one it names, or a new one
 *     OPTIONS                                  → what a page may do (CORS)
 */
export class ConnectionCycle {
  readonly #exchange: HttpExchange;
  readonly #request: HttpRequest;
  readonly #match: RouteMatch;
  readonly #environment: Environment;
  readonly #admission: Admission;
  /** Whether this is one of many requests of a session, which are not worth a line of the log each. */
  isRoutine = false;

  constructor(
    exchange: HttpExchange,
    request: HttpRequest,
    match: RouteMatch,
    environment: Environment,
    sessions: SessionRegistry,
  ) {
    this.#exchange = exchange;
    this.#request = request;
    this.#match = match;
    this.#environment = environment;
    this.#admission = new Admission(exchange, request, environment, sessions);
  }

  /** Answers the request, or throws why not. */
  async run(): Promise<void> {
    const { transports } = this.#match;
    const hasFallbacks = transports.some((each) => each !== "websocket");
    const asksForSession =
      this.#exchange.method === "POST" || (this.#exchange.method === "GET" && wantsStream(this.#exchange));
    if (hasFallbacks && !this.#exchange.isUpgrade && asksForSession) await this.#serveSession();
    else if (hasFallbacks && this.#exchange.method === "OPTIONS") await this.#answerPreflight();
    else if (looksLikeSessionCall(this.#exchange)) await this.#refuseSession();
    else await this.#acceptWebSocket();
  }

  async #acceptWebSocket(): Promise<void> {
    const { transports } = this.#match;
    if (!transports.includes("websocket")) {
      throw this.#transportRefusal(
        this.#exchange.isUpgrade ? "websocket" : `a plain ${this.#exchange.method}`,
      );
    }
    const offer = checkHandshake(this.#exchange);
    if ("code" in offer) {
      const allowed = transports.length > 1 ? "GET, POST, OPTIONS" : "GET";
      throw new Refusal(offer, offer.code === "WS_METHOD_NOT_ALLOWED" ? [["Allow", allowed]] : []);
    }
    const applicant = new WebSocketApplicant(this.#exchange, offer, this.#environment);
    await this.#admission.admit(this.#createHandler(), this.#match.options, applicant);
  }

  /** What a page is told that asks whether it may send what it could not send unasked. */
  async #answerPreflight(): Promise<void> {
    await this.#checkOrigin();
    await this.#exchange.respond(204, preflightHeaders(this.#request), undefined);
  }

  /** A route that takes no sessions says so to who asks for one, rather than what is wrong with it as a handshake. */
  async #refuseSession(): Promise<never> {
    return await this.#refuseReadably(
      this.#transportRefusal(wantsStream(this.#exchange) ? "sse" : "a session"),
    );
  }

  async #serveSession(): Promise<void> {
    const { settings, store } = this.#environment;
    const call = await readSessionCall(this.#exchange, settings.fallback.maxBodyBytes);
    // Who left meanwhile is not there to be answered.
    if (call === undefined) return;
    if ("code" in call) return await this.#refuseReadably(new Refusal(call));
    const place: SessionPlace = { path: this.#request.path, origin: sessionOrigin(this.#request) };
    const { target } = call;
    if (typeof target !== "string") {
      // Of several that wait for an opening of which nothing came, one tries it again, and the others wait for that one.
      for (let opening = this.#openingOf(target, place); opening; opening = this.#openingOf(target, place)) {
        const earlier = await opening;
        if (earlier !== undefined && this.#continue(earlier, call)) return;
      }
      return await this.#open({ ...call, target }, place);
    }
    const session = store.find(target, place);
    if (session !== undefined && this.#continue(session, call)) return;
    if (this.#exchange.method === "POST") {
      return await this.#refuseReadably(new Refusal(describe("SESSION_UNKNOWN", {})));
    }
    // An EventSource comes back for ever: what it had is gone, so it gets a new one.
    await this.#open({ ...call, target: eventSourceOpening, ack: 0 }, place);
  }

  /** The same opening, made before or under way. */
  #openingOf({ key }: Opening, place: SessionPlace): Promise<SessionTransport | undefined> | undefined {
    return key === undefined ? undefined : this.#environment.store.opening(key, place);
  }

  /** Hands a request to its session; false when the session cannot go on where the client is. */
  #continue(session: SessionTransport, call: SessionCall): boolean {
    this.isRoutine = true;
    this.#exchange.setStandingHeaders(corsHeaders(this.#request));
    if (this.#exchange.method === "GET" && session.isFinishedFor(call.ack)) {
      session.confirmEnd();
      // The one answer upon which an EventSource does not come back (WHATWG HTML §9.2.3).
      void this.#exchange.respond(204, [], undefined);
      return true;
    }
    if (call.asStream && !session.canContinue(call.ack)) {
      session.abandon();
      this.isRoutine = false;
      return false;
    }
    const problem = session.receive(call, this.#exchange);
    if (problem !== undefined) throw new Refusal(problem);
    return true;
  }

  async #open(call: OpeningCall, place: SessionPlace): Promise<void> {
    const { store, settings } = this.#environment;
    const { kind, key } = call.target;
    if (!this.#match.transports.includes(kind))
      return await this.#refuseReadably(this.#transportRefusal(kind));
    const fault = findCallFault(kind, call, 0);
    if (fault !== undefined) return await this.#refuseReadably(new Refusal(fault));
    if (store.isFull) {
      const problem = describe("SESSIONS_TOO_MANY", { limit: settings.fallback.maxSessions });
      return await this.#refuseReadably(new Refusal(problem, [["Retry-After", String(retryAfterSeconds)]]));
    }
    const settle = store.beginOpening(key, place);
    const acknowledges = this.#exchange.method === "POST";
    const applicant = new SessionApplicant(call.target, place, acknowledges, this.#environment);
    try {
      await this.#admission.admit(this.#createHandler(), this.#match.options, applicant);
    } finally {
      settle(applicant.session);
    }
    this.#exchange.setStandingHeaders([...applicant.headers, ...corsHeaders(this.#request)]);
    const problem = applicant.session?.receive(call, this.#exchange);
    if (problem !== undefined) throw new Refusal(problem);
  }

  /** Throws the refusal, unless it throws that the page must not read this one. */
  async #refuseReadably(refusal: Refusal): Promise<never> {
    await this.#checkOrigin();
    throw refusal;
  }

  /** Lets the page read the answer, or throws that it must not. */
  async #checkOrigin(): Promise<void> {
    const kind = this.#match.transports.find((each) => each !== "websocket") ?? "polling";
    await this.#admission.checkOrigin(this.#createHandler(), this.#match.options, kind);
  }

  #transportRefusal(transport: string): Refusal {
    const transports = this.#match.transports.join(", ");
    return new Refusal(describe("WS_TRANSPORT_NOT_ALLOWED", { transport: printable(transport), transports }));
  }

  #createHandler(): WebSocketHandler<object> {
    const { handler: Class } = this.#match;
    const handler = new Class({
      request: this.#request,
      match: this.#match,
      environment: this.#environment,
    }) as WebSocketHandler<object>;
    if (this.#environment.hasRequestContext) bindHooks(handler, connectionHooks);
    return handler;
  }
}
