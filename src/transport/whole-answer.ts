import { Buffer } from "node:buffer";
import { writeSlices } from "./body-writer.ts";
import type { DirectResponse } from "./direct-response.ts";
import type { ResponseHeaders } from "./response-head.ts";
import { flattenHeaders, mayHaveContent, mayHaveLength, sliceBytesMin } from "./response-head.ts";

/** What a response carries that is not written bit by bit. */
export type ResponseBody = string | Uint8Array | undefined;

/**
 * Sends an answer that is there as a whole, with the Content-Length of `body`, or, to HEAD without one, that of `headers`; nothing is
 * sent for a body that HTTP forbids. Returns a promise only where the client has to be waited for.
 *
 * @param keepAlive what an answer says of its connection (`keepAliveFields`); undefined where that is Node's to say.
 */
export function sendWhole(
  response: DirectResponse,
  status: number,
  reason: string | undefined,
  headers: ResponseHeaders,
  body: ResponseBody,
  keepAlive: string | undefined,
): Promise<void> | undefined {
  const isHead = response.req.method === "HEAD";
  const hasContent = mayHaveContent(status);
  const content = hasContent && !isHead ? body : undefined;
  const isLarge = content !== undefined && content.length >= sliceBytesMin;
  // Who answers HEAD without making the body may know its length, and nobody else does (RFC 9110 §8.6).
  const isLengthTold = isHead && hasContent && body === undefined;
  const bodyBytes = body === undefined || !hasContent ? 0 : Buffer.byteLength(body);
  const length = mayHaveLength(status) && !isLengthTold ? bodyBytes : undefined;
  if (keepAlive !== undefined && !isLarge && !isLengthTold) {
    if (response.answerDirectly(status, reason, headers, length, content, keepAlive)) return undefined;
  }
  const fields = flattenHeaders(headers, isLengthTold);
  if (length !== undefined) fields.push("Content-Length", String(length));
  writeHead(response, status, reason, fields);
  if (isLarge) return writeSlices(response, content).then(() => void response.end());
  // Node sends a text in one piece with its fields, in one encoding, which for those is Latin-1 (RFC 9110 §5.5).
  response.end(typeof content === "string" ? Buffer.from(content) : content);
  return undefined;
}

/** Has Node send the head of an answer. @param fields names and values in turn. */
export function writeHead(
  response: DirectResponse,
  status: number,
  reason: string | undefined,
  fields: string[],
): void {
  if (reason === undefined) response.writeHead(status, fields);
  else response.writeHead(status, reason, fields);
}
