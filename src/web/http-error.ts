import { misuse } from "../base/errors.ts";
import { kindOf } from "../base/text.ts";
import { checkHeader, checkReason } from "../transport/check-header.ts";

/** What else an `HttpError` can carry. */
export interface HttpErrorOptions extends ErrorOptions {
  /** Header fields of the answer, such as `{ "Retry-After": "60" }`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The reason phrase, where it is not to be the one that belongs to the status. */
  readonly reason?: string;
}

/**
 * Thrown by a handler to answer with an error status. The message is for the log; the client sees it in debug mode
 * only. Thrown in a WebSocket handler's `prepare`, it refuses the handshake.
 *
 * @throws WaterspoutError STATUS_INVALID unless `status` is a whole number from 400 to 599, HEADER_INVALID for header
 *   fields that HTTP does not allow, REASON_INVALID for such a reason phrase.
 *
 * @example
 * class Story extends RequestHandler<{ id: string }> {
 *   get() {
 *     throw new HttpError(404, `no story ${this.params.id}`);
 *   }
 * }
 */
export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly reason: string | undefined;

  constructor(status: number, message = "", options: HttpErrorOptions = {}) {
    super(message, options);
    if (!Number.isInteger(status) || status < 400 || status > 599) {
      throw misuse("STATUS_INVALID", { status: kindOf(status), from: 400, to: 599 });
    }
    this.status = status;
    checkReason(options.reason);
    this.reason = options.reason;
    this.headers = options.headers ?? {};
    for (const [name, value] of Object.entries(this.headers)) checkHeader(name, value);
  }
}
