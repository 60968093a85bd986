import { misuse } from "../base/errors.ts";
import { kindOf } from "../base/text.ts";
import { matchesEtag } from "../protocol/http/entity-tag.ts";
import type { HeaderField, HttpExchange } from "../transport/http-exchange.ts";
import { isEtag } from "./etag.ts";

/** A response as it is going to be sent. */
export interface Answer {
  readonly status: number;
  readonly headers: HeaderField[];
  readonly body: string | Uint8Array | undefined;
}

/** What a 304 does not repeat: it is about what the client has (RFC 9110 §15.4.5). */
const omitted: ReadonlySet<string> = new Set([
  "content-encoding",
  "content-language",
  "content-length",
  "content-range",
  "content-type",
]);

/** Who makes entity tags. */
export interface EtagOwner {
  readonly hasDefaultEtag: boolean;
  hasHeader(name: string): boolean;
  computeEtag(body: string | Uint8Array): string | undefined;
}

/**
 * The entity tag for a whole response to GET or HEAD that its handler has given none.
 *
 * @throws what the handler's `computeEtag` throws; WaterspoutError HEADER_INVALID for what is no entity tag.
 */
export function entityTagFor(
  exchange: HttpExchange,
  status: number,
  body: string | Uint8Array | undefined,
  owner: EtagOwner,
): string | undefined {
  if (!isConditional(exchange, status) || body === undefined || body.length === 0) return undefined;
  if (owner.hasHeader("etag")) return undefined;
  const etag = owner.computeEtag(body);
  if (etag === undefined || owner.hasDefaultEtag || isEtag(etag)) return etag;
  throw misuse("HEADER_INVALID", {
    name: '"ETag"',
    reason: `computeEtag() returned ${kindOf(etag)}, which is no entity tag in quotes`,
  });
}

/** Gives a whole response the entity tag `computed`, and if the client has it already (If-None-Match, RFC 9110 §13.1.2), makes it a 304. */
export function answerConditionally(
  exchange: HttpExchange,
  status: number,
  headers: HeaderField[],
  body: string | Uint8Array | undefined,
  computed: string | undefined,
): Answer {
  const plain: Answer = { status, headers, body };
  if (!isConditional(exchange, status)) return plain;
  if (computed !== undefined) headers.push(["ETag", computed]);
  const etag = computed ?? valueOf(headers, "etag");
  const ifNoneMatch = exchange.headers["if-none-match"];
  if (etag === undefined || typeof ifNoneMatch !== "string" || !matchesEtag(ifNoneMatch, etag)) return plain;
  const kept = headers.filter(([name]) => !omitted.has(name.toLowerCase()));
  return { status: 304, headers: kept, body: undefined };
}

function isConditional({ method }: HttpExchange, status: number): boolean {
  return status === 200 && (method === "GET" || method === "HEAD");
}

/** The value of a header field that comes once. */
export function valueOf(headers: readonly HeaderField[], name: string): string | undefined {
  for (const [each, value] of headers) {
    if (each.length === name.length && each.toLowerCase() === name)
      return typeof value === "string" ? value : value.join(", ");
  }
  return undefined;
}
