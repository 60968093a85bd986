import { misuse } from "../base/errors.ts";
import { kindOf } from "../base/text.ts";
import { HttpError } from "./http-error.ts";
import { RequestHandler } from "./request-handler.ts";

/** The options of a route to an `ErrorHandler`. */
export interface ErrorHandlerOptions {
  /** From 400 to 599. */
  readonly status: number;
}

/**
 * Answers every GET and POST, and the other usual methods, with an error: for a path that is gone, or as the last route of a host.
 *
 * @example
 * new Application([["/old/*", ErrorHandler, { status: 410 }]]);
 */
export class ErrorHandler extends RequestHandler {
  #status = 404;

  override initialize({ status }: ErrorHandlerOptions): void {
    if (!Number.isInteger(status) || status < 400 || status > 599) {
      throw misuse("STATUS_INVALID", { status: kindOf(status), from: 400, to: 599 });
    }
    this.#status = status;
  }

  override prepare(): void {
    throw new HttpError(this.#status);
  }

  /** There is nothing that a forged request could change, and a path that does not exist shall say so. */
  override checkXsrfCookie(): void {}

  // What `prepare` refuses has to be a method that there is.
  get(): void {}
  head(): void {}
  post(): void {}
  put(): void {}
  patch(): void {}
  delete(): void {}
  options(): void {}
}
