import { isUtf8 } from "node:buffer";
import { BodyError } from "../../base/body-error.ts";
import { describe } from "../../base/errors.ts";
import type { HttpLimits } from "../../base/limits.ts";
import type { UploadDirectory } from "../../transport/upload-directory.ts";
import { parseQuery } from "../arguments.ts";
import { FormFile } from "./form-file.ts";
import type { FormPart } from "./form-part.ts";
import { limitBytes } from "./form-part.ts";

/** A form that has been read: its fields in order, and its files. */
export interface Form {
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly files: readonly FormFile[];
}

/**
 * Reads an urlencoded form (WHATWG URL §5.1) strictly: what is not percent-encoded UTF-8 is refused, and so are more
 * fields than allowed, before they are taken apart.
 *
 * @throws BodyError FORM_INVALID, FORM_TOO_LARGE
 */
export function parseUrlencodedForm(bytes: Uint8Array, fieldsMax: number): Form {
  if (!isUtf8(bytes)) throw invalid("it is not UTF-8");
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
  if (!isPercentEncoded(text)) throw invalid("a name or value is not percent-encoded UTF-8");
  const fields = parseQuery(text, fieldsMax);
  if (fields === undefined) {
    throw new BodyError(
      describe("FORM_TOO_LARGE", { limit: fieldsMax, what: "fields", setting: "maxFormFields" }),
    );
  }
  return { fields: fields.map(([name, value = ""]) => [name, value] as const), files: [] };
}

/** The whole at once, since no character goes over a "&" or a "=". */
function isPercentEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** Reads a multipart form: fields into memory, files to disk. @throws BodyError like the parts, FORM_TOO_LARGE */
export async function readMultipartForm(
  parts: AsyncIterable<FormPart>,
  directory: UploadDirectory,
  { maxFileBytes }: HttpLimits,
): Promise<Form> {
  const fields: [name: string, value: string][] = [];
  const files: FormFile[] = [];
  for await (const part of parts) {
    const { name, filename, contentType } = part;
    if (filename === undefined) {
      fields.push([name, await part.text()]);
      continue;
    }
    const chunks = limitBytes(part, maxFileBytes, "bytes in a file", "maxFileBytes");
    // A browser sends a file without name and bytes for an input in which none was chosen.
    const first = await chunks.next();
    if (filename === "" && first.done === true) continue;
    const stored = await directory.store(prepend(first, chunks));
    files.push(new FormFile(name, filename, contentType, stored));
  }
  return { fields, files };
}

async function* prepend(
  first: IteratorResult<Uint8Array, void>,
  rest: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (first.done === true) return;
  yield first.value;
  yield* rest;
}

function invalid(reason: string): BodyError {
  return new BodyError(describe("FORM_INVALID", { reason }));
}
