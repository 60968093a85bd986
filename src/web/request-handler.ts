import { misuse } from "../base/errors.ts";
import type { ErrorCode, WaterspoutError } from "../base/errors.ts";
import { kindOf } from "../base/text.ts";
import { isThenable } from "../base/thenable.ts";
import { checkReason } from "../transport/check-header.ts";
import type { HttpExchange } from "../transport/http-exchange.ts";
import { isChunked, releaseBody } from "./chunk-source.ts";
import type { OutgoingMessage, SendOptions } from "./outgoing-message.ts";
import { checkChannel, shareMessage } from "./outgoing-message.ts";
import type { Environment } from "./environment.ts";
import { renderErrorPage } from "./error-page.ts";
import { computeEtag } from "./etag.ts";
import { BodyHandler } from "./body/body-handler.ts";
import type { HandlerContext, NoParams } from "./handler.ts";
import { HttpError } from "./http-error.ts";
import { encodeLocation } from "./location.ts";
import { Refusal } from "./refusal.ts";
import { belongsToConnection } from "./response-fields.ts";
import { ResponseWriter } from "./response-writer.ts";
import { securityHeaders } from "./security-headers.ts";
import type { TemplateData, TemplateName } from "./templates/template-engine.ts";

/** What a verb method may return: see `RequestHandler`. */
export type HandlerResult = HandlerValue | Promise<HandlerValue>;

/** A promise is an object, too; what it promises has to be a value itself. */
type HandlerValue = string | (object & { readonly then?: never }) | void;

/** How to redirect. */
export interface RedirectOptions {
  /** 301 instead of 302. */
  readonly permanent?: boolean;
  /** Any other status from 300 to 399. */
  readonly status?: number;
}

/** What `writeError` knows of an error besides its status. */
export interface ErrorDetails {
  /** The code of docs/errors.md. */
  readonly code: ErrorCode;
  /** What the client may be told: a sentence without internals, or all of it in debug mode. */
  readonly message: string;
  /** What was thrown. */
  readonly error: unknown;
}

/**
 * Answers HTTP requests: an instance for each, with a method for each verb (`get`, `head`, `post`, `put`, `patch`, `delete`,
 * `options`, and those of `customMethods`), and 405 for verbs that have none. HEAD is answered by `get` where there is no `head`, and
 * OPTIONS with the methods that there are (setting `automaticMethods`).
 *
 * The order is `initialize`, `getCurrentUser`, `prepare`, the verb's method, `onFinish`; all may be async.
 *
 * What a verb method returns is the response: a string is HTML, an object JSON, bytes are themselves, a `Response` is
 * sent as it is, a `ReadableStream` or an async iterable piece by piece; nothing means what was written with `write`.
 *
 * @example
 * class Story extends RequestHandler<{ id: string }> {
 *   get() {
 *     return { id: this.params.id, tag: this.getQueryArgument("tag", "all") };
 *   }
 * }
 */
export class RequestHandler<Params extends object = NoParams> extends BodyHandler<Params> {
  /**
   * Methods besides the usual ones that this handler answers, in upper case: `PROPFIND` is answered by `propfind()`. Of those that
   * Node's parser knows (`http.METHODS`).
   */
  static readonly customMethods: readonly string[] = [];
  readonly #environment: Environment;
  #writer: ResponseWriter | undefined;
  #abort: AbortController | undefined;
  #lost: WaterspoutError | undefined;
  /** A page that is being made. */
  #rendering: Promise<void> | undefined;
  #refused: Refusal | undefined;

  constructor(context: HandlerContext) {
    super(context);
    this.#environment = context.environment;
  }

  /**
   * Called before anything else, and again before an error page: sets header fields that every response of this handler has. Other
   * hooks may change them.
   *
   * @example
   * class Api extends RequestHandler {
   *   override setDefaultHeaders() {
   *     this.setHeader("Cache-Control", "no-store");
   *   }
   * }
   */
  setDefaultHeaders(): void {}

  /** Called when the request is over, whatever became of it: the response is sent or its client gone, and no other hook is running. */
  onFinish(): void | Promise<void> {}

  /** Called when the client leaves before the response is complete. Whoever waits for something should wait with `signal`. */
  onConnectionClose(): void | Promise<void> {}

  /**
   * Makes the page of an error: of a thrown `HttpError`, of any other exception (500), of a refusal such as 405. Override it for pages of
   * your own; return or write it as in a verb's method. What was written and set before is forgotten, and the status is set. When it
   * throws, the standard page is sent. What is logged does not depend on it.
   *
   * @example
   * class Api extends RequestHandler {
   *   override writeError(status: number, { code, message }: ErrorDetails) {
   *     return { status, code, message };
   *   }
   * }
   */
  writeError(status: number, details: ErrorDetails): HandlerResult {
    const refusal =
      this.#refused ?? Refusal.from(new HttpError(status, details.message), this.constructor.name);
    const { debug } = this.#environment.settings;
    const accept = this.request.header("accept");
    const page = refusal.ownPage(debug) ?? renderErrorPage(refusal, accept, debug);
    this.setHeader("Content-Type", page.type);
    this.setHeader("X-Content-Type-Options", "nosniff");
    this.write(page.body);
  }

  /**
   * The entity tag of a response that was not flushed, with its quotes: a hash of the body. Override it for something cheaper, or return
   * undefined for none. A handler that sets `ETag` itself is not asked.
   */
  computeEtag(body: string | Uint8Array): string | undefined {
    return computeEtag(body);
  }

  /** Whether `computeEtag` is the one that comes with the handler, whose tags need no check. @internal */
  get hasDefaultEtag(): boolean {
    return this.computeEtag === RequestHandler.prototype.computeEtag;
  }

  /** Whether the response has been handed over. */
  get isFinished(): boolean {
    return this.#writer?.isFinished === true;
  }

  /** Aborted when the client leaves before the response is complete. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#lost !== undefined) this.#abort.abort(this.#lost);
    return this.#abort.signal;
  }

  /** The status of the response as it is now. */
  get status(): number {
    return this.#attachedWriter().status;
  }

  /**
   * Sets the status of the response, 200 if nobody does, and its reason phrase, where it is not to be the usual one.
   *
   * @throws WaterspoutError STATUS_INVALID unless it is a whole number from 200 to 599, REASON_INVALID unless the phrase is
   *   printable ASCII.
   */
  setStatus(status: number, reason?: string): void {
    if (!Number.isInteger(status) || status < 200 || status > 599) {
      throw misuse("STATUS_INVALID", { status: kindOf(status), from: 200, to: 599 });
    }
    checkReason(reason);
    const writer = this.#attachedWriter();
    writer.status = status;
    writer.reason = reason;
  }

  /**
   * Adds to the response: a string, bytes, or an object, which becomes JSON. Sent when the handler is done, or with `flush`. Bytes must
   * not change until they are sent.
   *
   * @throws WaterspoutError HEADERS_SENT after `finish`, ARGUMENT_TYPE_INVALID for anything else.
   */
  write(chunk: string | Uint8Array | object): void {
    this.#attachedWriter().write(chunk);
  }

  /**
   * Sends what has been written so far, the header fields first. Resolves when the client takes more: who awaits it before writing more
   * holds no more in memory than the client is behind.
   *
   * Rejects with CLIENT_GONE, or RESPONSE_TIMEOUT, when there is no client any more; a method that ends by that is not reported as
   * failed.
   *
   * @throws WaterspoutError HEADERS_SENT after `finish`.
   */
  flush(): Promise<void> {
    return this.#attachedWriter().flush();
  }

  /**
   * Sends the response, with a last chunk if there is one. Resolves when it has been handed over.
   *
   * @throws WaterspoutError HEADERS_SENT when it has been sent already.
   */
  finish(chunk?: string | Uint8Array | object): Promise<void> {
    const writer = this.#attachedWriter();
    if (writer.isFinished) throw misuse("HEADERS_SENT", { what: "finish()" });
    if (chunk !== undefined) writer.write(chunk);
    return writer.finish() ?? Promise.resolve();
  }

  /**
   * Sends a template with this data as the response, after what has been written. Resolves when it has been handed over.
   *
   * @throws WaterspoutError (as a rejection) HEADERS_SENT, and as `renderString`
   * @example
   * class Story extends RequestHandler<{ id: string }> {
   *   get() {
   *     return this.render("story", { title: `Story ${this.params.id}` });
   *   }
   * }
   */
  render<Name extends TemplateName>(name: Name, ...data: TemplateData<Name>): Promise<void> {
    const rendering = this.renderString(name, ...data).then((page) => this.finish(page));
    this.#rendering = rendering;
    // It has been handed to whoever called; a method that does not wait for it is waited for here.
    rendering.catch(() => {});
    return rendering;
  }

  /**
   * Forgets what has been written and set: the response is as it was before `initialize`.
   *
   * @throws WaterspoutError HEADERS_SENT once something has been sent.
   */
  clear(): void {
    this.#attachedWriter().clear();
    this.#rendering = undefined;
    this.forgetHeaders();
    this.#setDefaults();
  }

  /**
   * Sends the client to another URL: 302, 301 if permanent, or the status given.
   *
   * @throws WaterspoutError STATUS_INVALID, HEADER_INVALID, HEADERS_SENT
   */
  redirect(url: string | URL, options: RedirectOptions = {}): void {
    if (typeof url !== "string" && !(url instanceof URL)) {
      throw misuse("ARGUMENT_TYPE_INVALID", { name: "url", expected: "a string or a URL", got: kindOf(url) });
    }
    const status = options.status ?? (options.permanent === true ? 301 : 302);
    if (!Number.isInteger(status) || status < 300 || status > 399) {
      throw misuse("STATUS_INVALID", { status: kindOf(status), from: 300, to: 399 });
    }
    this.setHeader("Location", encodeLocation(String(url)));
    this.setStatus(status);
    const writer = this.#attachedWriter();
    writer.dropBody();
    void writer.finish();
  }

  /**
   * Sends a message to all subscribers of a channel, like `Application.publish`: what a request has changed, those hear at once who have a
   * connection open.
   *
   * @throws WaterspoutError CHANNEL_INVALID, ARGUMENT_TYPE_INVALID for what `writeMessage` of a `WebSocketHandler` would not send.
   * @example
   * class Messages extends RequestHandler<{ room: string }> {
   *   async post() {
   *     this.publish(`room:${this.params.room}`, await this.text());
   *     this.setStatus(204);
   *   }
   * }
   */
  publish(channel: string, message: OutgoingMessage, options?: SendOptions): void {
    checkChannel(channel);
    this.#environment.engine.publish(channel, shareMessage(message, options));
  }

  /** Called first. @internal */
  override attachExchange(exchange: HttpExchange): void {
    super.attachExchange(exchange);
    this.#writer = new ResponseWriter(this, exchange, this.#environment.settings);
    this.#setDefaults();
  }

  /** Sends what a verb method returned, unless the response has been sent. Returns a promise where it takes time. @internal */
  finishWith(result: unknown): Promise<void> | undefined {
    const writer = this.#attachedWriter();
    if (writer.isFinished) {
      if (typeof result === "object" && result !== null) releaseBody(result);
      return writer.sending;
    }
    // As in Tornado, who says what to render need not say that it is the answer.
    if (result === undefined) return this.#rendering ?? writer.finish();
    if (typeof result === "object" && result !== null) {
      if (isChunked(result)) return writer.sendChunks(result);
      if (result instanceof Response) return this.#respondLike(result, writer);
    }
    if (typeof result !== "string" && (typeof result !== "object" || result === null)) {
      throw misuse("RETURN_VALUE_INVALID", { handler: this.constructor.name, got: kindOf(result) });
    }
    writer.write(result, `the value that ${this.constructor.name} returned`);
    return writer.finish();
  }

  /** Answers with the page of an error. @internal */
  async finishWithError(refusal: Refusal, error: unknown): Promise<void> {
    this.clear();
    const writer = this.#attachedWriter();
    writer.status = refusal.status;
    writer.reason = refusal.reason;
    for (const [name, value] of refusal.headers) this.putHeader(name, [value]);
    this.#refused = refusal;
    const { code, message } = refusal.problem;
    const told = this.#environment.settings.debug ? message : refusal.publicMessage;
    const result = this.writeError(refusal.status, { code, message: told, error });
    await this.finishWith(isThenable(result) ? await result : result);
  }

  /** The client has gone. @internal */
  receiveLost(error: WaterspoutError): void {
    this.#lost = error;
    this.#abort?.abort(error);
  }

  /** The response, for whoever serves this handler. @internal */
  get writer(): ResponseWriter {
    return this.#attachedWriter();
  }

  async #respondLike(response: Response, writer: ResponseWriter): Promise<void> {
    if (response.bodyUsed || response.body?.locked === true) {
      const got = "a Response that has been read";
      throw misuse("RETURN_VALUE_INVALID", { handler: this.constructor.name, got });
    }
    this.setStatus(response.status);
    for (const [name, value] of response.headers) {
      // A Response that fetch brought says how it came, and its body has been decoded since.
      const isOfItsWay = response.url !== "" && (name === "content-encoding" || name === "content-length");
      if (name !== "set-cookie" && !isOfItsWay && !belongsToConnection(name, value))
        this.setHeader(name, value);
    }
    const cookies = response.headers.getSetCookie();
    if (cookies.length > 0) this.setHeader("Set-Cookie", cookies);
    writer.dropBody();
    writer.omitType();
    if (response.body === null) await writer.finish();
    else await writer.sendChunks(response.body);
  }

  #setDefaults(): void {
    if (this.#environment.settings.securityHeaders) {
      for (const [name, value] of securityHeaders(this.request.protocol)) this.putHeader(name, [value]);
    }
    this.setDefaultHeaders();
  }

  /** Attached before `initialize`. */
  #attachedWriter(): ResponseWriter {
    if (this.#writer === undefined) throw new Error("the handler has no exchange");
    return this.#writer;
  }
}
