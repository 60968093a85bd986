import type { Problem } from "../base/errors.ts";
import { describe, errorTable } from "../base/errors.ts";
import type { ErrorPage } from "./error-page.ts";
import type { HttpError } from "./http-error.ts";

/**
 * The answer "no" to a request: which problem, which status, which header fields. Thrown by the framework's own code
 * inside a handler; an `HttpError` of the user's becomes one as well.
 */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly problem: Problem;
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly reason: string | undefined;

  constructor(problem: Problem, headers: Refusal["headers"] = [], status?: number, reason?: string) {
    super(problem.message);
    this.problem = problem;
    this.status = status ?? errorTable[problem.code].status ?? 500;
    this.reason = reason;
    this.headers = [...statusHeaders(this.status), ...headers];
  }

  /** What may be told to a client in production. */
  get publicMessage(): string {
    return errorTable[this.problem.code].publicMessage ?? "";
  }

  /** A body for the answer in place of the usual page. */
  ownPage(_debug: boolean): ErrorPage | undefined {
    return undefined;
  }

  /** The refusal that an `HttpError` thrown by `handler` asks for; its status says it all where it has no message. */
  static from(error: HttpError, handler: string): Refusal {
    const problem =
      error.message === ""
        ? describe("STATUS_REFUSED", { handler, status: error.status })
        : describe("HANDLER_REFUSED", { handler, reason: error.message });
    return new Refusal(problem, Object.entries(error.headers), error.status, error.reason);
  }
}

/** RFC 9110 §15.5.22: a 426 says what to upgrade to; RFC 6455 §4.4: and in which version. */
function statusHeaders(status: number): (readonly [string, string])[] {
  if (status !== 426) return [];
  return [
    ["Upgrade", "websocket"],
    ["Connection", "Upgrade, close"],
    ["Sec-WebSocket-Version", "13"],
  ];
}
