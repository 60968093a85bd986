import { BodyError } from "../../base/body-error.ts";
import type { Problem } from "../../base/errors.ts";
import { describe, misuse } from "../../base/errors.ts";
import type { HttpLimits } from "../../base/limits.ts";
import { quote } from "../../base/text.ts";
import { fieldValue } from "../../protocol/http/header-fields.ts";
import type { MediaType } from "../../protocol/http/media-type.ts";
import { boundaryOf, isJsonType, isUtf8Type, parseMediaType } from "../../protocol/http/media-type.ts";
import type { HttpExchange } from "../../transport/http-exchange.ts";
import { MultipartReader } from "../../transport/multipart-reader.ts";
import type { RequestBody } from "../../transport/request-body.ts";
import { UploadDirectory } from "../../transport/upload-directory.ts";
import type { Form } from "./form.ts";
import { parseUrlencodedForm, readMultipartForm } from "./form.ts";
import { FormPart } from "./form-part.ts";
import { decodeText, parseJson } from "./json.ts";

/** What a handler class says about the bodies that it takes. */
export interface BodyOptions {
  /** See `RequestHandler.streamRequestBody`. */
  readonly streamRequestBody: boolean;
  /** See `RequestHandler.maxBodyBytes`. */
  readonly maxBodyBytes: number | undefined;
}

/** Methods of which a form is read only by who asks: their bodies mean nothing (RFC 9110 §9.3.1). */
export function isFormless(method: string): boolean {
  return method === "GET" || method === "HEAD";
}

/**
 * The body of one request, in the way its handler wants it. It is read once, by one reader; nothing is read that nobody
 * asked for, except a form, and that only between `prepare` and the verb's method.
 */
export class BodyReader {
  readonly #exchange: HttpExchange;
  readonly #limits: HttpLimits;
  readonly #options: BodyOptions;
  #body: RequestBody | undefined;
  /** Who has the body, for the message to who comes later. */
  #reader = "";
  #bytes: Promise<Uint8Array> | undefined;
  #reading: Promise<void> | undefined;
  #form: Form | undefined;
  #directory: UploadDirectory | undefined;

  constructor(exchange: HttpExchange, limits: HttpLimits, options: BodyOptions) {
    this.#exchange = exchange;
    this.#limits = limits;
    this.#options = options;
  }

  /** The fields and files, for `what`; none where the request brings no form. @throws WaterspoutError FORM_NOT_READ */
  form(what: string): Form {
    if (this.#form !== undefined) return this.#form;
    if (this.#formType() === undefined) return noForm;
    const { streamRequestBody } = this.#options;
    const when = streamRequestBody
      ? "a streamed form is read with parts()"
      : "the form is read after prepare()";
    throw misuse("FORM_NOT_READ", { what, when });
  }

  /** The form's fields for who looks at the query as well: a handler that streams has none. */
  fieldsBesidesQuery(what: string): Form["fields"] {
    return this.#options.streamRequestBody ? [] : this.form(what).fields;
  }

  /**
   * Reads the form, if the request brings one and its handler does not stream; once, whoever asks first. Nothing is to be waited
   * for where there is none.
   */
  readForm(): Promise<void> | undefined {
    if (this.#reading !== undefined || this.#options.streamRequestBody) return this.#reading;
    const type = this.#formType();
    if (type !== undefined) this.#reading = this.#readForm(type);
    return this.#reading;
  }

  /** The body chunk by chunk. @throws WaterspoutError BODY_USED */
  stream(): AsyncIterable<Uint8Array> {
    return this.#take("this.body", this.#streamBytesMax());
  }

  /** All bytes, as often as wanted. @throws WaterspoutError BODY_USED; BodyError */
  bytes(): Promise<Uint8Array> {
    this.#bytes ??= this.#take("bytes(), text() or json()", this.#limits.maxBodyBytes).bytes();
    return this.#bytes;
  }

  /** @throws WaterspoutError BODY_USED; BodyError CONTENT_TYPE_REFUSED, CONTENT_ENCODING_REFUSED, TEXT_INVALID */
  async text(): Promise<string> {
    this.#refuseEncoding();
    const type = this.#type();
    if (type !== undefined && !isUtf8Type(type)) throw this.#wrongType("text in UTF-8");
    return decodeText(await this.bytes());
  }

  /** @throws BodyError CONTENT_TYPE_REFUSED, CONTENT_ENCODING_REFUSED, TEXT_INVALID, JSON_INVALID */
  async json(): Promise<unknown> {
    const type = this.#type();
    if (type === undefined || !isJsonType(type) || !isUtf8Type(type)) {
      throw this.#wrongType("application/json in UTF-8");
    }
    return parseJson(await this.text(), this.#limits.maxJsonDepth);
  }

  /** The parts of a multipart body as they come. @throws WaterspoutError BODY_USED; BodyError */
  async *parts(): AsyncGenerator<FormPart, void, undefined> {
    this.#refuseEncoding();
    const type = this.#type();
    if (type?.value !== "multipart/form-data") throw this.#wrongType("multipart/form-data");
    const boundary = boundaryOf(type);
    if (boundary === undefined)
      throw new BodyError(describe("FORM_INVALID", { reason: "it names no boundary" }));
    const { maxFormParts, maxPartHeaderBytes, maxFieldBytes } = this.#limits;
    const limits = { partsMax: maxFormParts, headerBytesMax: maxPartHeaderBytes };
    for await (const raw of new MultipartReader(
      this.#take("parts()", this.#streamBytesMax()),
      boundary,
      limits,
    )) {
      yield new FormPart(raw, maxFieldBytes);
    }
  }

  /** Removes the files that came: the request has been answered, or will not be. */
  dispose(): Promise<void> | undefined {
    return this.#directory?.remove();
  }

  async #readForm(type: MediaType): Promise<void> {
    if (type.value === "multipart/form-data") {
      this.#directory = new UploadDirectory();
      this.#form = await readMultipartForm(this.parts(), this.#directory, this.#limits);
      return;
    }
    this.#refuseEncoding();
    if (!isUtf8Type(type)) throw this.#wrongType("a form in UTF-8");
    const bytes = await this.#take("the form", this.#limits.maxBodyBytes).bytes();
    this.#form = parseUrlencodedForm(bytes, this.#limits.maxFormFields);
  }

  #formType(): MediaType | undefined {
    if (isFormless(this.#exchange.method)) return undefined;
    const type = this.#type();
    return type !== undefined && formTypes.has(type.value) ? type : undefined;
  }

  #type(): MediaType | undefined {
    return parseMediaType(fieldValue(this.#exchange.headers, "content-type"));
  }

  /** How much may come of what is not kept: of a form that the framework reads, no more than of any other body. */
  #streamBytesMax(): number {
    return this.#options.streamRequestBody ? Infinity : this.#limits.maxBodyBytes;
  }

  /** Hands the body to `reader`, who takes so many bytes of it unless the handler has a limit of its own. */
  #take(reader: string, bytesMaxDefault: number): RequestBody {
    if (this.#body !== undefined) throw misuse("BODY_USED", { what: reader, reader: this.#reader });
    this.#reader = reader;
    const { maxBodyBytes } = this.#options;
    const { bodyTimeoutMs } = this.#limits;
    const bytesMax = maxBodyBytes ?? bytesMaxDefault;
    const setting =
      maxBodyBytes === undefined ? "http: { maxBodyBytes }" : "static readonly maxBodyBytes of the handler";
    this.#body = this.#exchange.openBody({ bytesMax, timeoutMs: bodyTimeoutMs, setting });
    return this.#body;
  }

  #refuseEncoding(): void {
    const encoding = fieldValue(this.#exchange.headers, "content-encoding");
    if (encoding === undefined || encoding.toLowerCase() === "identity") return;
    throw new BodyError(describe("CONTENT_ENCODING_REFUSED", { encoding: quote(encoding) }));
  }

  #wrongType(expected: string): BodyError {
    const type = quote(fieldValue(this.#exchange.headers, "content-type"));
    const problem: Problem = describe("CONTENT_TYPE_REFUSED", { expected, type });
    return new BodyError(problem);
  }
}

const formTypes: ReadonlySet<string> = new Set(["application/x-www-form-urlencoded", "multipart/form-data"]);

const noForm: Form = { fields: [], files: [] };
