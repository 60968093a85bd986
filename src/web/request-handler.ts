import { isBytesLike, toBytes } from "../base/bytes.ts";
import { misuse } from "../base/errors.ts";
import { encodeJson } from "../base/json.ts";
import { kindOf } from "../base/text.ts";
import type { FileResult } from "../transport/file-responder.ts";
import type { HttpExchange, ResponseBody } from "../transport/http-exchange.ts";
import { argumentsOf, lastArgument } from "./arguments.ts";
import type { BodyReader } from "./body/body-reader.ts";
import type { FormFile } from "./body/form-file.ts";
import type { FormPart } from "./body/form-part.ts";
import { assertSchema, checkSchema } from "./body/json.ts";
import type { SchemaOutput, StandardSchema } from "./body/standard-schema.ts";
import type { NoParams } from "./handler.ts";
import { belongsToConnection, Handler } from "./handler.ts";

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

/**
 * Answers HTTP requests: a method for each verb (`get`, `head`, `post`, `put`, `patch`, `delete`, `options`), and 405
 * for verbs that have none. HEAD is answered by `get` where there is no `head`.
 *
 * What a verb method returns is the response: a string is HTML, an object JSON, bytes are themselves, a `Response` is
 * sent as it is; nothing means what was written with `write`.
 *
 * @example
 * class Story extends RequestHandler<{ id: string }> {
 *   get() {
 *     return { id: this.params.id, tag: this.getQueryArgument("tag", "all") };
 *   }
 * }
 */
export class RequestHandler<Params extends object = NoParams> extends Handler<Params> {
  #status = 200;
  #chunks: Uint8Array[] = [];
  #exchange: HttpExchange | undefined;
  #isFinished = false;

  /** Whether the response has been handed over. */
  get isFinished(): boolean {
    return this.#isFinished;
  }

  /**
   * Sets the status of the response; 200 if nobody does.
   *
   * @throws WaterspoutError STATUS_INVALID unless it is a whole number from 200 to 599.
   */
  setStatus(status: number): void {
    if (!Number.isInteger(status) || status < 200 || status > 599) {
      throw misuse("STATUS_INVALID", { status: kindOf(status), from: 200, to: 599 });
    }
    this.#status = status;
  }

  /**
   * Adds to the response: a string, bytes, or an object, which becomes JSON. Sent when the handler is done.
   *
   * @throws WaterspoutError HEADERS_SENT after `finish`, ARGUMENT_TYPE_INVALID for anything else.
   */
  write(chunk: string | Uint8Array | object): void {
    if (this.#isFinished) throw misuse("HEADERS_SENT", { what: "write()" });
    if (typeof chunk === "string") {
      this.#defaultType("text/html; charset=utf-8");
      this.#chunks.push(Buffer.from(chunk));
    } else if (isBytesLike(chunk)) {
      this.#defaultType("application/octet-stream");
      this.#chunks.push(toBytes(chunk));
    } else if (typeof chunk === "object" && chunk !== null) {
      this.#defaultType("application/json; charset=utf-8");
      this.#chunks.push(Buffer.from(encodeJson("chunk", chunk)));
    } else {
      throw misuse("ARGUMENT_TYPE_INVALID", {
        name: "chunk",
        expected: "a string, an object or bytes",
        got: kindOf(chunk),
      });
    }
  }

  /**
   * Sends the response, with a last chunk if there is one. Resolves when it has been handed over.
   *
   * @throws WaterspoutError HEADERS_SENT when it has been sent already.
   */
  finish(chunk?: string | Uint8Array | object): Promise<void> {
    if (chunk !== undefined) this.write(chunk);
    return this.#respond(this.#chunks.length === 0 ? undefined : Buffer.concat(this.#chunks));
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
    this.#chunks = [];
    void this.#respond(undefined);
  }

  // The body of the request, and the arguments that come in it: all of it is in web/body.

  /**
   * Whether the handler reads the body itself, as it comes: with `for await (const chunk of this.body)`, or a form's parts with
   * `this.parts()`. `prepare` then runs before the body, no form is read for it, and its length has no limit but `maxBodyBytes`.
   */
  static readonly streamRequestBody: boolean = false;

  /** The most bytes of a body, for this handler: in place of the setting `http.maxBodyBytes`, or of no limit where it streams. */
  static readonly maxBodyBytes: number | undefined = undefined;

  #reader: BodyReader | undefined;

  /**
   * The body, chunk by chunk and once. Nothing more is read than the loop takes, so that a slow loop slows the client.
   *
   * @throws WaterspoutError BODY_USED; while iterating BodyError BODY_TOO_LARGE, BODY_ABORTED, BODY_TIMEOUT
   * @example
   * class Upload extends RequestHandler {
   *   static override readonly streamRequestBody = true;
   *   async put() {
   *     let bytes = 0;
   *     for await (const chunk of this.body) bytes += chunk.length;
   *     return { bytes };
   *   }
   * }
   */
  get body(): AsyncIterable<Uint8Array> {
    return this.#attachedReader().stream();
  }

  /**
   * The bytes of the body, as often as wanted.
   *
   * @throws WaterspoutError BODY_USED where a form has been read; BodyError BODY_TOO_LARGE, BODY_ABORTED, BODY_TIMEOUT
   */
  bytes(): Promise<Uint8Array> {
    return this.#attachedReader().bytes();
  }

  /**
   * The body as text.
   *
   * @throws what `bytes` throws, and BodyError TEXT_INVALID unless it is UTF-8, CONTENT_TYPE_REFUSED for another charset.
   */
  text(): Promise<string> {
    return this.#attachedReader().text();
  }

  /**
   * The body as JSON: without a schema whatever it is, with one what the schema makes of it. Takes the schemas of every library that
   * follows Standard Schema, such as zod, valibot and arktype. A body that breaks the schema is answered with 422 and the
   * paths at which it does.
   *
   * @throws what `text` throws; BodyError CONTENT_TYPE_REFUSED, JSON_INVALID
   */
  json(): Promise<unknown>;
  json<Schema extends StandardSchema>(schema: Schema): Promise<SchemaOutput<Schema>>;
  async json(schema?: StandardSchema): Promise<unknown> {
    if (schema !== undefined) assertSchema(schema);
    const value = await this.#attachedReader().json();
    return schema === undefined ? value : checkSchema(schema, value);
  }

  /**
   * The parts of a multipart form as they come, for a handler that streams. Each is read before the next; what the loop leaves
   * of a part is passed over.
   *
   * @throws while iterating: WaterspoutError BODY_USED; BodyError FORM_INVALID, FORM_TOO_LARGE, and what `body` throws
   */
  parts(): AsyncGenerator<FormPart, void, undefined> {
    return this.#attachedReader().parts();
  }

  /** The files of a multipart form, on disk until the request has been answered. @throws WaterspoutError FORM_NOT_READ in `prepare`. */
  get files(): readonly FormFile[] {
    return this.#attachedReader().form("files").files;
  }

  /**
   * The last value of an argument of the query or of the form, where the form's come last, without white space around it.
   *
   * Without a default, a missing argument answers the request with 400; so does one that is not UTF-8.
   *
   * @throws WaterspoutError FORM_NOT_READ in `prepare` of a request with a form.
   */
  getArgument(name: string, defaultValue?: string): string {
    return lastArgument(this.getArguments(name), name, defaultValue, "query or form");
  }

  /** All values of an argument, those of the query first. @throws like `getArgument` */
  getArguments(name: string): string[] {
    const fields = this.#attachedReader().fieldsBesidesQuery(`getArgument(${kindOf(name)})`);
    return [...this.getQueryArguments(name), ...argumentsOf(fields, name)];
  }

  /**
   * The last value of a field of the form, without white space around it. Without a default, a missing one answers with 400.
   *
   * @throws WaterspoutError FORM_NOT_READ in `prepare`, and where the handler streams.
   */
  getBodyArgument(name: string, defaultValue?: string): string {
    return lastArgument(this.getBodyArguments(name), name, defaultValue, "form");
  }

  /** All values of a field of the form, in order. @throws like `getBodyArgument` */
  getBodyArguments(name: string): string[] {
    return argumentsOf(this.#attachedReader().form(`getBodyArgument(${kindOf(name)})`).fields, name);
  }

  /** Reads the form, if there is one and the handler does not stream; once, also when called early, to check a token in it. @internal */
  readForm(): Promise<void> {
    return this.#attachedReader().readForm();
  }

  /** @internal */
  attachBody(reader: BodyReader): void {
    this.#reader = reader;
  }

  /** Attached before `initialize`. */
  #attachedReader(): BodyReader {
    if (this.#reader === undefined) throw new Error("the handler has no request");
    return this.#reader;
  }

  // The end of the body's part.

  /** @internal */
  attachExchange(exchange: HttpExchange): void {
    this.#exchange = exchange;
  }

  /** Answers with a file below `root`, or says why it cannot be. @internal */
  async respondWithFile(root: string, path: string): Promise<FileResult> {
    const result = await this.#attachedExchange().respondWithFile(this.peekHeaders(), root, path);
    if (result.kind === "sent") {
      this.#isFinished = true;
      this.takeHeaders();
    }
    return result;
  }

  /** Sends what a verb method returned, unless the response has been sent. @internal */
  async finishWith(result: unknown): Promise<void> {
    if (result instanceof Response) {
      await this.#respondLike(result);
    } else if (this.#isFinished) {
      return;
    } else if (result === undefined) {
      await this.finish();
    } else if (typeof result === "string" || (typeof result === "object" && result !== null)) {
      await this.finish(result);
    } else {
      throw misuse("RETURN_VALUE_INVALID", { handler: this.constructor.name, got: kindOf(result) });
    }
  }

  async #respondLike(response: Response): Promise<void> {
    if (response.bodyUsed || response.body?.locked === true) {
      throw misuse("RETURN_VALUE_INVALID", {
        handler: this.constructor.name,
        got: "a Response that has been read",
      });
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
    await this.#respond(response.body ?? undefined);
  }

  /** Throws at once what the caller did wrong; what goes wrong while sending, nobody has to wait for. */
  #respond(body: ResponseBody): Promise<void> {
    if (this.#isFinished) throw misuse("HEADERS_SENT", { what: "finish()" });
    this.#isFinished = true;
    const sending = this.#attachedExchange().respond(this.#status, this.takeHeaders(), body);
    sending.catch(() => {});
    return sending;
  }

  /** Attached before `initialize`. */
  #attachedExchange(): HttpExchange {
    if (this.#exchange === undefined) throw new Error("the handler has no exchange");
    return this.#exchange;
  }

  #defaultType(type: string): void {
    if (!this.hasHeader("Content-Type")) this.setHeader("Content-Type", type);
  }
}

/** A Location as a header field may carry it: what is no ASCII is percent-encoded, what is encoded stays. */
function encodeLocation(url: string): string {
  // Browsers take a backslash for a slash, and two at the front for another host.
  return url.replace(/[^\x21-\x7e]+|\\+/g, (text) => encodeURIComponent(text.toWellFormed()));
}
