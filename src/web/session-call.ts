import { isUtf8 } from "node:buffer";
import type { Problem } from "../base/errors.ts";
import { describe } from "../base/errors.ts";
import { quote } from "../base/text.ts";
import { listMembers } from "../protocol/http/field-values.ts";
import { fieldValue } from "../protocol/http/header-fields.ts";
import { parseMediaType } from "../protocol/http/media-type.ts";
import type { Opening } from "../protocol/session/request.ts";
import { parseSessionRequest } from "../protocol/session/request.ts";
import type { HttpExchange } from "../transport/http-exchange.ts";
import type { SessionCall } from "../transport/session/session-options.ts";

/** What an EventSource opens, which can say nothing about it. */
export const eventSourceOpening: Opening = { kind: "sse", key: undefined, subprotocols: [] };

/** Whether the answer is to be a stream of server-sent events. */
export function wantsStream(exchange: HttpExchange): boolean {
  return listMembers(fieldValue(exchange.headers, "accept")).some(
    (each) => parseMediaType(each)?.value === "text/event-stream",
  );
}

/** Whether this looks like a request of the session protocol, also where none is served. */
export function looksLikeSessionCall(exchange: HttpExchange): boolean {
  if (exchange.isUpgrade) return false;
  if (exchange.method === "GET") return wantsStream(exchange);
  return exchange.method === "POST" && hasTextType(exchange);
}

/**
 * Reads what a client of the session protocol wants (docs/session-protocol.md). Undefined when it left before all was here.
 */
export async function readSessionCall(
  exchange: HttpExchange,
  bytesMax: number,
): Promise<SessionCall | Problem | undefined> {
  if (exchange.method !== "POST") return readEventSource(exchange);
  // Any other type would need a preflight, so that this one is all that pages use.
  if (!hasTextType(exchange)) {
    return describe("SESSION_CONTENT_TYPE", { type: quote(fieldValue(exchange.headers, "content-type")) });
  }
  const body = await exchange.readBody(bytesMax);
  if (body === undefined || "code" in body) return body;
  if (!isUtf8(body)) return invalid("it is not UTF-8");
  const request = parseSessionRequest(Buffer.from(body.buffer, body.byteOffset, body.length).toString());
  if ("reason" in request) return invalid(request.reason);
  const asStream = wantsStream(exchange);
  const { records, close } = request;
  if (asStream && records.length > 0) return invalid("what asks for a stream brings no records");
  if (asStream && close !== undefined) return invalid("what asks for a stream does not close");
  return { ...request, asStream };
}

/** What an EventSource wants: a new session, or, by the id of the last event that it has seen, the one it had. */
function readEventSource(exchange: HttpExchange): SessionCall {
  const [token = "", number = ""] = (fieldValue(exchange.headers, "last-event-id") ?? "").split(":", 2);
  const isResumed = /^\d{1,15}$/.test(number);
  return {
    target: isResumed ? token : eventSourceOpening,
    ack: isResumed ? Number(number) : 0,
    seq: 0,
    records: [],
    poll: undefined,
    close: undefined,
    asStream: true,
  };
}

function hasTextType(exchange: HttpExchange): boolean {
  return parseMediaType(fieldValue(exchange.headers, "content-type"))?.value === "text/plain";
}

function invalid(reason: string): Problem {
  return describe("SESSION_REQUEST_INVALID", { reason });
}
