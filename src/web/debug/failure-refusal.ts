import type { Problem } from "../../base/errors.ts";
import type { ErrorPage } from "../error-page.ts";
import type { HttpRequest } from "../http-request.ts";
import { Refusal } from "../refusal.ts";
import { renderFailureHtml } from "./failure-html.ts";
import type { FailureReport } from "./failure-report.ts";
import { reportFailure } from "./failure-report.ts";
import { renderFailureText } from "./failure-text.ts";
import { reportRequest } from "./request-report.ts";

/** The answer to a request whose handler failed, in debug mode: a page for the programmer. */
export class FailureRefusal extends Refusal {
  readonly #request: HttpRequest;
  readonly #report: FailureReport;

  constructor(problem: Problem, request: HttpRequest, report: FailureReport) {
    super(problem);
    this.#request = request;
    this.#report = report;
  }

  override ownPage(debug: boolean): ErrorPage | undefined {
    if (!debug) return undefined;
    const request = reportRequest(this.#request);
    return this.#request.header("accept")?.includes("text/html") === true
      ? { type: "text/html; charset=utf-8", body: renderFailureHtml(this.problem, this.#report, request) }
      : { type: "text/plain; charset=utf-8", body: renderFailureText(this.problem, this.#report, request) };
  }
}

/** Makes that answer; the sources are read for it. */
export async function describeFailure(
  problem: Problem,
  request: HttpRequest,
  error: unknown,
): Promise<FailureRefusal> {
  return new FailureRefusal(problem, request, await reportFailure(error));
}
