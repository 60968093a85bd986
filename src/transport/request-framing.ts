import type { IncomingMessage } from "node:http";

/**
 * What is wrong with how a request says where its body ends, and Node's parser lets pass; undefined when nothing is. Two servers
 * that read such a request differently see two different requests behind it (RFC 9112 §11.2).
 */
export function framingFault(request: IncomingMessage): string | undefined {
  const { httpVersion } = request;
  // Node takes HTTP/0.9 and HTTP/2.0 as well, and reads what follows as if it were HTTP/1.1.
  if (httpVersion !== "1.1" && httpVersion !== "1.0") return `HTTP/${httpVersion} is not spoken here`;
  const coding = request.headers["transfer-encoding"];
  if (coding === undefined) return undefined;
  // RFC 9112 §6.1: its framing is faulty, whatever it says.
  if (httpVersion === "1.0") return "an HTTP/1.0 request with a Transfer-Encoding";
  // Also what is empty, what comes twice, and other codings, which handlers would take for the body as it is.
  return coding.toLowerCase() === "chunked" ? undefined : "a Transfer-Encoding that is not chunked";
}

/** Whether a request announces a body. */
export function announcesBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}
