import { describe, misuse } from "../base/errors.ts";
import { kindOf } from "../base/text.ts";
import { isThenable } from "../base/thenable.ts";
import { helloSubprotocol } from "../protocol/session/head.ts";
import type { AcceptedMessages } from "../protocol/websocket/message-assembler.ts";
import type { HttpExchange, ResponseHeaders } from "../transport/http-exchange.ts";
import type { Transport, TransportKind } from "../transport/transport.ts";
import { checkUser } from "./authenticated.ts";
import { corsHeaders, isFromUnnamedSite } from "./cors.ts";
import type { Environment } from "./environment.ts";
import type { HttpRequest } from "./http-request.ts";
import { originDetails } from "./origin-check.ts";
import { Refusal } from "./refusal.ts";
import type { SessionRegistry } from "./session-registry.ts";
import type { WebSocketHandler } from "./websocket-handler.ts";
import { WebSocketSession } from "./websocket-session.ts";
import { isUntoldPost } from "./xsrf.ts";

/** What was agreed on when a client is let in. */
export interface Terms {
  /** Empty for none. */
  readonly subprotocol: string;
  readonly headers: ResponseHeaders;
  readonly accepts: AcceptedMessages;
}

/** A client that wants to speak to a handler, whichever way it came. */
export interface Applicant {
  readonly kind: TransportKind;
  readonly subprotocols: readonly string[];
  /** Lets it in. Called once, when nothing can refuse it any more. */
  accept(terms: Terms): Transport;
}

/**
 * The one way in to a `WebSocketHandler`, for every transport:
 *
 *     initialize → checkOrigin (→ checkXsrfCookie) → getCurrentUser (→ authenticated) → prepare → selectSubprotocol
 *       → accept → session
 *
 * Each step may refuse by throwing. A hook is waited for only if it is async: otherwise the client is answered in the turn
 * in which it came.
 */
export class Admission {
  readonly #exchange: HttpExchange;
  readonly #request: HttpRequest;
  readonly #environment: Environment;
  readonly #sessions: SessionRegistry;

  constructor(
    exchange: HttpExchange,
    request: HttpRequest,
    environment: Environment,
    sessions: SessionRegistry,
  ) {
    this.#exchange = exchange;
    this.#request = request;
    this.#environment = environment;
    this.#sessions = sessions;
  }

  /** All steps; the client is let in, or a refusal thrown. */
  async admit(handler: WebSocketHandler<object>, options: object, applicant: Applicant): Promise<void> {
    const wait = this.#waiterOf(handler);
    try {
      const checked = this.checkOrigin(handler, options, applicant.kind);
      if (isThenable(checked)) await checked;
      if (isUntoldPost(this.#request, this.#environment.settings)) await handler.checkXsrfCookie();
      const user = handler.getCurrentUser();
      handler.currentUser = isThenable(user) ? await wait(user) : user;
      checkUser(handler);
      const prepared = handler.prepare();
      if (isThenable(prepared)) await wait(prepared);
      const offered = applicant.subprotocols.filter((each) => each !== helloSubprotocol);
      const selected = handler.selectSubprotocol(offered);
      const subprotocol = isThenable(selected) ? await wait(selected) : selected;
      const checkedSubprotocol = checkSelected(handler, subprotocol ?? "", offered);
      // Who left meanwhile would never learn the name of its session. With its key it comes in when it comes back.
      if (applicant.kind !== "websocket" && this.#exchange.isAborted) handler.abortSignal();
      else this.#open(handler, applicant, checkedSubprotocol);
    } catch (error) {
      handler.abortSignal();
      throw error;
    }
  }

  /** The first steps: whether the page that sent this may speak to the handler, and read the answer. Returns a promise only where a hook does. */
  checkOrigin(handler: WebSocketHandler<object>, options: object, kind: TransportKind): Promise<void> | void {
    handler.setTransport(kind);
    const initialized = handler.initialize(options);
    if (isThenable(initialized)) {
      const wait = this.#waiterOf(handler);
      return Promise.resolve(wait(initialized)).then(() => this.#checkOrigin(handler, kind));
    }
    return this.#checkOrigin(handler, kind);
  }

  #checkOrigin(handler: WebSocketHandler<object>, kind: TransportKind): Promise<void> | void {
    const origin = this.#request.header("origin");
    if (kind !== "websocket") {
      // In debug mode a page may read why it is refused, too.
      if (this.#environment.settings.debug) this.#exchange.setStandingHeaders(corsHeaders(this.#request));
      if (isFromUnnamedSite(this.#request)) this.#judge(false, "(not told, of another site)", kind);
    }
    // Only browsers send an Origin, and only a browser can be made to connect in the name of somebody else.
    if (origin === undefined) return this.#judge(true, "", kind);
    const allowed = handler.checkOrigin(origin);
    if (!isThenable(allowed)) return this.#judge(allowed, origin, kind);
    const wait = this.#waiterOf(handler);
    return Promise.resolve(wait(allowed)).then((answer) => this.#judge(answer, origin, kind));
  }

  /** Nothing but true lets in: not some other value that happens to be truthy. */
  #judge(isAllowed: unknown, origin: string, kind: TransportKind): void {
    if (isAllowed !== true) {
      throw new Refusal(describe("WS_ORIGIN_REFUSED", originDetails(origin, this.#request)));
    }
    if (kind !== "websocket") this.#exchange.setStandingHeaders(corsHeaders(this.#request));
  }

  #open(handler: WebSocketHandler<object>, applicant: Applicant, subprotocol: string): void {
    const accepts = checkAccepted(handler);
    this.#sessions.refuseWhenClosing();
    const transport = applicant.accept({ subprotocol, headers: handler.takeHeaders(), accepts });
    new WebSocketSession(handler, transport, this.#environment, this.#sessions).start();
  }

  /** Waits for an async hook, whose handler is told when the client leaves meanwhile. */
  #waiterOf(handler: WebSocketHandler<object>): <Answer>(answer: PromiseLike<Answer>) => PromiseLike<Answer> {
    return (answer) => {
      this.#exchange.onLost(handler.signalAborter());
      return answer;
    };
  }
}

function checkAccepted(handler: WebSocketHandler<object>): AcceptedMessages {
  const { acceptedMessages } = handler;
  if (["text", "binary", "any"].includes(acceptedMessages)) return acceptedMessages;
  throw misuse("SETTING_INVALID", {
    name: `${handler.constructor.name}.acceptedMessages`,
    expected: '"text", "binary" or "any"',
    value: kindOf(acceptedMessages),
  });
}

/** What `selectSubprotocol` returned, if a client may be answered with it; with none it always may. */
function checkSelected(
  handler: WebSocketHandler<object>,
  selected: unknown,
  offered: readonly string[],
): string {
  if (selected === "" || (offered as readonly unknown[]).includes(selected)) return selected as string;
  const details = {
    handler: handler.constructor.name,
    selected: kindOf(selected),
    offered: offered.join(", ") || "none",
  };
  throw new Refusal(describe("WS_SUBPROTOCOL_NOT_OFFERED", details));
}
