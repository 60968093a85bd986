import { kindOf } from "../../base/text.ts";
import type { HttpLimits } from "../../base/limits.ts";
import type { HttpExchange } from "../../transport/http-exchange.ts";
import type { ArgumentOptions } from "../arguments.ts";
import { argumentsOf, lastArgument } from "../arguments.ts";
import type { HandlerContext, NoParams } from "../handler.ts";
import { Handler } from "../handler.ts";
import { xsrfFieldName } from "../xsrf.ts";
import { BodyReader, isFormless } from "./body-reader.ts";
import type { FormFile } from "./form-file.ts";
import type { FormPart } from "./form-part.ts";
import { assertSchema, checkSchema } from "./json.ts";
import type { SchemaOutput, StandardSchema } from "./standard-schema.ts";

/** The body of the request, and the arguments that come in it, as a `RequestHandler` has them. */
export abstract class BodyHandler<Params extends object = NoParams> extends Handler<Params> {
  /**
   * Whether the handler reads the body itself, as it comes: with `for await (const chunk of this.body)`, or a form's parts with
   * `this.parts()`. No form is then read for it, and what it reads in these ways has no limit but its own `maxBodyBytes`.
   */
  static readonly streamRequestBody: boolean = false;

  /** The most bytes of a body, for this handler: in place of the setting `http.maxBodyBytes`, or of no limit where it streams. */
  static readonly maxBodyBytes: number | undefined = undefined;

  readonly #limits: HttpLimits;
  #exchange: HttpExchange | undefined;
  #reader: BodyReader | undefined;

  constructor(context: HandlerContext) {
    super(context);
    this.#limits = context.environment.settings.http;
  }

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
   * @param defaultValue a text, or null.
   * @param options `{ trim: false }` leaves the white space.
   * @throws WaterspoutError FORM_NOT_READ in `prepare` of a request with a form.
   */
  getArgument<Default extends string | null | undefined = undefined>(
    name: string,
    defaultValue?: Default,
    options?: ArgumentOptions,
  ): string | Exclude<Default, undefined> {
    return lastArgument(this.getArguments(name, options), name, defaultValue, "query or form");
  }

  /** All values of an argument, those of the query first. @throws like `getArgument` */
  getArguments(name: string, options?: ArgumentOptions): string[] {
    const fields = this.#attachedReader().fieldsBesidesQuery(`getArgument(${kindOf(name)})`);
    return [...this.getQueryArguments(name, options), ...argumentsOf(fields, name, options)];
  }

  /**
   * The last value of a field of the form, without white space around it. Without a default, a missing one answers with 400.
   *
   * @param defaultValue a text, or null.
   * @param options `{ trim: false }` leaves the white space.
   * @throws WaterspoutError FORM_NOT_READ in `prepare`, and where the handler streams.
   */
  getBodyArgument<Default extends string | null | undefined = undefined>(
    name: string,
    defaultValue?: Default,
    options?: ArgumentOptions,
  ): string | Exclude<Default, undefined> {
    return lastArgument(this.getBodyArguments(name, options), name, defaultValue, "form");
  }

  /** All values of a field of the form, in order. @throws like `getBodyArgument` */
  getBodyArguments(name: string, options?: ArgumentOptions): string[] {
    const { fields } = this.#attachedReader().form(`getBodyArgument(${kindOf(name)})`);
    return argumentsOf(fields, name, options);
  }

  /** Reads the form, if there is one and the handler does not stream; once, also when called early, to check a token in it. @internal */
  readForm(): Promise<void> | undefined {
    return isFormless(this.request.method) ? undefined : this.#attachedReader().readForm();
  }

  /** @internal */
  override async readXsrfField(): Promise<string | undefined> {
    await this.readForm();
    const fields = this.#attachedReader().fieldsBesidesQuery("checkXsrfCookie()");
    return argumentsOf(fields, xsrfFieldName).at(-1);
  }

  /** Removes the files that came: the request has been answered, or will not be. @internal */
  disposeBody(): Promise<void> | undefined {
    return this.#reader?.dispose();
  }

  /** Called first. @internal */
  attachExchange(exchange: HttpExchange): void {
    this.#exchange = exchange;
  }

  /** Made when somebody first asks for it: most requests have no body. */
  #attachedReader(): BodyReader {
    if (this.#exchange === undefined) throw new Error("the handler has no exchange");
    this.#reader ??= new BodyReader(this.#exchange, this.#limits, this.constructor as typeof BodyHandler);
    return this.#reader;
  }
}
