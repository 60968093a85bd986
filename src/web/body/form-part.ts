import { BodyError } from "../../base/body-error.ts";
import { describe } from "../../base/errors.ts";
import { parseDisposition } from "../../protocol/http/content-disposition.ts";
import type { Disposition } from "../../protocol/http/content-disposition.ts";
import { isUtf8Type, parseMediaType } from "../../protocol/http/media-type.ts";
import type { RawPart } from "../../transport/multipart-reader.ts";
import { decodeText } from "./json.ts";

/**
 * A part of a multipart body, as a handler gets it that streams: its bytes are read once, and before the next part comes.
 */
export class FormPart implements AsyncIterable<Uint8Array> {
  /** The name of the form's field. */
  readonly name: string;
  /** What the client calls the file, see `FormFile.filename`; undefined where the part is no file. */
  readonly filename: string | undefined;
  /** What the client says that it is: `text/plain` where it says nothing. */
  readonly contentType: string;
  readonly #raw: RawPart;
  readonly #bytesMax: number;

  /** @internal */
  constructor(raw: RawPart, bytesMax: number) {
    const { name, filename } = dispositionOf(raw);
    this.name = name;
    this.filename = filename;
    this.contentType = raw.headers["content-type"]?.[0] ?? "text/plain";
    this.#raw = raw;
    this.#bytesMax = bytesMax;
  }

  /** Its bytes as they come: who takes them slowly slows the client. */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return this.#raw[Symbol.asyncIterator]();
  }

  /**
   * Its bytes, all in memory: at most `bytesMax`, or the setting `http.maxFieldBytes`.
   *
   * @throws BodyError FORM_TOO_LARGE
   */
  async bytes(bytesMax: number = this.#bytesMax): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of limitBytes(this.#raw, bytesMax, "bytes in a field", "maxFieldBytes")) {
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  /** The same as text. @throws BodyError FORM_TOO_LARGE, FORM_INVALID unless it is UTF-8. */
  async text(bytesMax: number = this.#bytesMax): Promise<string> {
    const bytes = await this.bytes(bytesMax);
    const type = parseMediaType(this.contentType);
    if (type !== undefined && !isUtf8Type(type)) throw invalid("a field has another charset than UTF-8");
    try {
      return decodeText(bytes);
    } catch {
      throw invalid("a field is not UTF-8");
    }
  }
}

/** Hands on what comes. @throws BodyError FORM_TOO_LARGE when it is more than `bytesMax`. */
export async function* limitBytes(
  source: AsyncIterable<Uint8Array>,
  bytesMax: number,
  what: string,
  setting: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  let byteLength = 0;
  for await (const chunk of source) {
    byteLength += chunk.length;
    if (byteLength > bytesMax) {
      throw new BodyError(describe("FORM_TOO_LARGE", { limit: bytesMax, what, setting }));
    }
    yield chunk;
  }
}

function dispositionOf({ headers }: RawPart): Disposition {
  const [value, another] = headers["content-disposition"] ?? [];
  const disposition = value === undefined || another !== undefined ? undefined : parseDisposition(value);
  if (disposition !== undefined) return disposition;
  throw invalid("a part has not one Content-Disposition that says form-data and a name in UTF-8");
}

function invalid(reason: string): BodyError {
  return new BodyError(describe("FORM_INVALID", { reason }));
}
