import { matchesEtag } from "../protocol/http/entity-tag.ts";
import type { HeaderField, HttpExchange } from "../transport/http-exchange.ts";

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

/**
 * Gives a whole response to GET or HEAD its entity tag, unless the handler gave it one; and if the client has it already (If-None-Match,
 * RFC 9110 §13.1.2), makes it a 304.
 */
export function answerConditionally(
  exchange: HttpExchange,
  status: number,
  headers: HeaderField[],
  body: string | Uint8Array | undefined,
  owner: { computeEtag(body: string | Uint8Array): string | undefined },
): Answer {
  const plain: Answer = { status, headers, body };
  const { method } = exchange;
  if (status !== 200 || (method !== "GET" && method !== "HEAD")) return plain;
  let etag = valueOf(headers, "etag");
  if (etag === undefined && body !== undefined && body.length > 0) {
    const computed = owner.computeEtag(body);
    if (computed === undefined) return plain;
    etag = computed;
    headers.push(["ETag", etag]);
  }
  const ifNoneMatch = exchange.headers["if-none-match"];
  if (etag === undefined || typeof ifNoneMatch !== "string" || !matchesEtag(ifNoneMatch, etag)) return plain;
  const kept = headers.filter(([name]) => !omitted.has(name.toLowerCase()));
  return { status: 304, headers: kept, body: undefined };
}

/** The value of a header field that comes once. */
export function valueOf(headers: readonly HeaderField[], name: string): string | undefined {
  for (const [each, value] of headers) {
    if (each.length === name.length && each.toLowerCase() === name)
      return typeof value === "string" ? value : value.join(", ");
  }
  return undefined;
}
