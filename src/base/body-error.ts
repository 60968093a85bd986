import type { ErrorCode, Problem } from "./errors.ts";

/**
 * What ends the reading of a request's body when the client is to blame: it left, its body is too long or not what it
 * says. A handler that does not catch it answers with the status of its code. Where bytes are handed on one by one, an
 * exception is the only way to say so.
 */
export class BodyError extends Error {
  override readonly name = "BodyError";
  /** Which fault, as docs/errors.md lists it. */
  readonly code: ErrorCode;
  /** @internal */
  readonly problem: Problem;

  /** @internal */
  constructor(problem: Problem) {
    super(problem.message);
    this.code = problem.code;
    this.problem = problem;
  }
}
