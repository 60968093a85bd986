import { isUtf8 } from "node:buffer";
import { BodyError } from "../../base/body-error.ts";
import { describe, misuse } from "../../base/errors.ts";
import { kindOf } from "../../base/text.ts";
import { SchemaRefusal } from "./schema-refusal.ts";
import type { SchemaOutput, StandardSchema } from "./standard-schema.ts";

/** Bytes as text. @throws BodyError TEXT_INVALID unless they are UTF-8. A byte order mark is no part of the text. */
export function decodeText(bytes: Uint8Array): string {
  if (!isUtf8(bytes)) throw new BodyError(describe("TEXT_INVALID", {}));
  return new TextDecoder().decode(bytes);
}

/** Parses JSON. @throws BodyError JSON_INVALID without a word of the text, which is the client's own. */
export function parseJson(text: string, depthMax: number): unknown {
  if (text === "") throw invalid("it is empty");
  if (isDeeper(text, depthMax)) {
    throw invalid(
      `its arrays and objects are nested deeper than ${depthMax} (to allow more: http: { maxJsonDepth })`,
    );
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const position = /at position (\d+)/.exec((error as Error).message)?.[1];
    throw invalid(position === undefined ? "it does not parse" : `it does not parse at position ${position}`);
  }
}

/**
 * Checks a value by a schema, and returns what the schema makes of it.
 *
 * @throws Refusal SCHEMA_VIOLATED; WaterspoutError ARGUMENT_TYPE_INVALID for what is no Standard Schema.
 */
export async function checkSchema<Schema extends StandardSchema>(
  schema: Schema,
  value: unknown,
): Promise<SchemaOutput<Schema>> {
  const result = await schema["~standard"].validate(value);
  if (result.issues !== undefined) throw new SchemaRefusal(result.issues);
  return result.value;
}

/** Throws ARGUMENT_TYPE_INVALID for what is no Standard Schema. */
export function assertSchema(schema: unknown): void {
  const isObject = (typeof schema === "object" && schema !== null) || typeof schema === "function";
  const standard = isObject
    ? (schema as { readonly "~standard"?: { readonly validate?: unknown } })["~standard"]
    : undefined;
  if (typeof standard?.validate === "function") return;
  const expected = "a schema with the Standard Schema interface (zod, valibot, arktype, …)";
  throw misuse("ARGUMENT_TYPE_INVALID", { name: "schema", expected, got: kindOf(schema) });
}

/**
 * Whether arrays and objects stand deeper in each other than `depthMax`. JSON.parse takes any depth, but nothing behind
 * it does: schema libraries and JSON.stringify walk by recursion, and overflow the stack.
 */
function isDeeper(text: string, depthMax: number): boolean {
  if (text.length <= depthMax) return false;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quotationMark) at = endOfString(text, at);
    else if (code === bracket || code === brace) {
      if (++depth > depthMax) return true;
    } else if (code === closingBracket || code === closingBrace) depth--;
  }
  return false;
}

/** Where a string ends that begins at `start`; the end of the text when it does not. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quotationMark) return at;
    if (code === backslash) at++;
  }
  return text.length;
}

const quotationMark = 0x22;
const backslash = 0x5c;
const bracket = 0x5b;
const closingBracket = 0x5d;
const brace = 0x7b;
const closingBrace = 0x7d;

function invalid(reason: string): BodyError {
  return new BodyError(describe("JSON_INVALID", { reason }));
}
