import { STATUS_CODES } from "node:http";
import type { Problem } from "../base/errors.ts";
import { errorTable } from "../base/errors.ts";

/** The words that belong to a status code (RFC 9110 §15), or "Unknown". */
export function reasonPhrase(status: number): string {
  return STATUS_CODES[status] ?? "Unknown";
}

/** The answer to what was no request, or stopped being one: the code and a sentence. */
export function plainAnswer(problem: Problem): { readonly status: number; readonly body: string } {
  const { status = 400, publicMessage = "" } = errorTable[problem.code];
  return { status, body: `${problem.code}: ${publicMessage}\n` };
}

/** The same as the bytes of a whole response, for where there is no request that Node could answer. */
export function plainResponse(problem: Problem): string {
  const { status, body } = plainAnswer(problem);
  return [
    `HTTP/1.1 ${status} ${reasonPhrase(status)}`,
    "Connection: close",
    "Content-Type: text/plain; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "",
    body,
  ].join("\r\n");
}
