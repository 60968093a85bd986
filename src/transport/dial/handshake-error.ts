import { STATUS_CODES } from "node:http";
import { misuse, WaterspoutError } from "../../base/errors.ts";
import { printable, quote } from "../../base/text.ts";
import type { HeaderFields } from "../../protocol/http/header-fields.ts";
import { fieldValue } from "../../protocol/http/header-fields.ts";

/** An HTTP answer, with as much of its body as was worth reading. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: HeaderFields;
  readonly body: string;
}

/** How much of an answer stands in an error's message; its properties have more. */
const shownFieldsMax = 32;
const shownBodyCharactersMax = 1000;

/**
 * Why `connect()` failed: the answer of the server (or, with the code PROXY_FAILED, of the proxy) is shown in the message, and its parts
 * are properties. They are undefined where there was no answer.
 *
 * @example
 * await connect("wss://example.com/feed").catch((error: unknown) => {
 *   if (error instanceof HandshakeError && error.status === 401) console.log("log in first", error.body);
 *   else throw error;
 * });
 */
export class HandshakeError extends WaterspoutError {
  /** HTTP status of the answer. */
  readonly status: number | undefined;
  /** Header fields of the answer, by lower-case name. */
  readonly headers: HeaderFields | undefined;
  /** The start of the answer's body, at most 64 KiB of it. */
  readonly body: string | undefined;

  /** @internal */
  constructor(error: WaterspoutError, answer: HttpAnswer | undefined) {
    super(
      { code: error.code, message: error.message, advice: "" },
      error.cause === undefined ? {} : { cause: error.cause },
    );
    this.status = answer?.status;
    this.headers = answer?.headers;
    this.body = answer?.body;
  }
}

/** The error for a handshake that failed because of `reason`, a clause that names the peer. */
export function handshakeFailure(reason: string, answer?: HttpAnswer, cause?: unknown): HandshakeError {
  const shown = answer === undefined ? reason : `${reason}${showAnswer(answer)}`;
  return new HandshakeError(misuse("HANDSHAKE_FAILED", { reason: shown }, { cause }), answer);
}

/** The same for a proxy. */
export function proxyFailure(
  proxy: string,
  target: string,
  reason: string,
  answer?: HttpAnswer,
  cause?: unknown,
): HandshakeError {
  const shown = answer === undefined ? reason : `${reason}${showAnswer(answer)}`;
  return new HandshakeError(misuse("PROXY_FAILED", { proxy, target, reason: shown }, { cause }), answer);
}

/** The error for a handshake that took longer than `limit` milliseconds. */
export function handshakeTimeout(limit: number, stage: string): HandshakeError {
  return new HandshakeError(misuse("HANDSHAKE_TIMEOUT", { limit, stage }), undefined);
}

/** The error for an answer that redirects to where we do not go. */
export function redirectRefusal(
  from: URL,
  location: string,
  reason: string,
  answer: HttpAnswer,
): HandshakeError {
  const details = { from: showUrl(from), location: quote(location), reason };
  return new HandshakeError(misuse("REDIRECT_NOT_FOLLOWED", details), answer);
}

/** A status with the words that belong to it. */
export function statusLine(status: number): string {
  return `${status} ${STATUS_CODES[status] ?? ""}`.trimEnd();
}

/** A URL as an error may show it: a user's password stays out of logs, and so does a query, where tokens often are. */
export function showUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

/** Header fields and body, indented below the sentence. */
function showAnswer({ headers, body }: HttpAnswer): string {
  const names = Object.keys(headers);
  const fields = names.slice(0, shownFieldsMax).map((name) => {
    // A cookie is a secret between server and client.
    const value = name === "set-cookie" ? "(not shown)" : (fieldValue(headers, name) ?? "");
    return `${printable(name)}: ${printable(value)}`;
  });
  if (names.length > shownFieldsMax) fields.push(`… and ${names.length - shownFieldsMax} more`);
  const shownBody = body.length > shownBodyCharactersMax ? `${body.slice(0, shownBodyCharactersMax)}…` : body;
  const lines = shownBody === "" ? [] : ["", ...shownBody.trimEnd().split(/\r?\n/)];
  return [...fields, ...lines.map((line) => printable(line, shownBodyCharactersMax + 1))]
    .map((line) => `\n${`  ${line}`.trimEnd()}`)
    .join("");
}
