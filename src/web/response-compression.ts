import type { ContentCoding } from "../protocol/http/content-coding.ts";
import { isWorthCompressing, negotiateCoding } from "../protocol/http/content-coding.ts";
import { listIncludes } from "../protocol/http/field-values.ts";
import { fieldValue } from "../protocol/http/header-fields.ts";
import { BodyCompressor, compressBody } from "../transport/compress-response.ts";
import type { HeaderField, HttpExchange } from "../transport/http-exchange.ts";
import { weakEtag } from "./etag.ts";
import { valueOf } from "./response-condition.ts";
import type { ResolvedSettings } from "./settings.ts";

/** From the one that makes text smallest to the one that everybody has. */
const codings: readonly ContentCoding[] = ["br", "gzip"];

/** Whether the content of a response may be given a coding, whoever asks. Its header fields then say that it depends on who does. */
export function prepareCompression(
  status: number,
  headers: HeaderField[],
  settings: ResolvedSettings,
): boolean {
  if (settings.compressResponse === undefined || !isCompressible(status, headers)) return false;
  addVary(headers);
  return true;
}

/** A whole body for a client that takes it compressed, with the header fields that say so; undefined when nothing is to be done. */
export function compressWhole(
  exchange: HttpExchange,
  headers: readonly HeaderField[],
  body: string | Uint8Array | undefined,
  settings: ResolvedSettings,
): Promise<{ readonly headers: HeaderField[]; readonly body: Uint8Array }> | undefined {
  const options = settings.compressResponse;
  if (options === undefined || body === undefined || body.length < options.thresholdBytes) return undefined;
  const coding = negotiateCoding(fieldValue(exchange.headers, "accept-encoding"), codings);
  if (coding === undefined) return undefined;
  return compressBody(body, coding, options).then((compressed) => ({
    headers: encoded(headers, coding),
    body: compressed,
  }));
}

/** The same for a body that is written bit by bit. */
export function compressStream(
  exchange: HttpExchange,
  status: number,
  headers: HeaderField[],
  settings: ResolvedSettings,
): { readonly headers: HeaderField[]; readonly compressor: BodyCompressor | undefined } | undefined {
  const options = settings.compressResponse;
  if (options === undefined || !prepareCompression(status, headers, settings)) return undefined;
  const coding = negotiateCoding(fieldValue(exchange.headers, "accept-encoding"), codings);
  if (coding === undefined) return undefined;
  // The same answer without its body does not need a compressor.
  const compressor = exchange.method === "HEAD" ? undefined : new BodyCompressor(coding, options);
  return { headers: encoded(headers, coding), compressor };
}

/** Whether the content may be given a coding, whoever asks: not a part of it, not what has one, and nothing that must not be touched. */
function isCompressible(status: number, headers: readonly HeaderField[]): boolean {
  return (
    status >= 200 &&
    status !== 204 &&
    status !== 206 &&
    status !== 304 &&
    isWorthCompressing(valueOf(headers, "content-type") ?? "") &&
    valueOf(headers, "content-encoding") === undefined &&
    valueOf(headers, "content-range") === undefined &&
    // RFC 9111 §5.2.2.6.
    !listIncludes(valueOf(headers, "cache-control"), "no-transform")
  );
}

/** The header fields of a body that has been given a coding. */
function encoded(headers: readonly HeaderField[], coding: ContentCoding): HeaderField[] {
  const kept = headers.flatMap(([name, value]): HeaderField[] => {
    const field = name.toLowerCase();
    // A range of what is compressed anew each time would be of other bytes.
    if (field === "content-length" || field === "accept-ranges") return [];
    // The tag is that of the plain bytes.
    if (field === "etag") return [[name, weakEtag(String(value))]];
    return [[name, value]];
  });
  return [...kept, ["Content-Encoding", coding]];
}

/** Says that the answer depends on what the client takes, also to those who get it as it is. */
function addVary(headers: HeaderField[]): void {
  const vary = valueOf(headers, "vary");
  if (listIncludes(vary, "*") || listIncludes(vary, "accept-encoding")) return;
  const at = headers.findIndex(([name]) => name.toLowerCase() === "vary");
  const field: HeaderField = ["Vary", vary === undefined ? "Accept-Encoding" : `${vary}, Accept-Encoding`];
  if (at === -1) headers.push(field);
  else headers[at] = field;
}
