import type { Problem } from "../../base/errors.ts";
import type { Excerpt, FailureReport, FrameReport } from "./failure-report.ts";
import type { RequestReport } from "./request-report.ts";

/** The page of a failure for a terminal. */
export function renderFailureText(problem: Problem, report: FailureReport, request: RequestReport): string {
  const errors = report.map(({ title, message, frames }, index) =>
    [
      `${index === 0 ? "" : "Caused by: "}${title}: ${message}`,
      ...frames.map((frame) => renderFrame(frame)),
    ].join("\n"),
  );
  const headers = request.headers.map(([name, value]) => `${name}: ${value}`);
  return [
    `500: Internal Server Error\n${problem.code}: ${problem.message}`,
    ...errors,
    "",
    `${request.method} ${request.url} (${request.remoteAddress})`,
    ...headers,
    "",
  ].join("\n");
}

function renderFrame({ name, place, excerpt }: FrameReport): string {
  const line = `    at ${name === "" ? place : `${name} (${place})`}`;
  return excerpt === undefined ? line : `${line}\n${renderExcerpt(excerpt)}`;
}

function renderExcerpt({ firstLine, line, lines }: Excerpt): string {
  const width = String(firstLine + lines.length).length;
  const numbered = lines.map((text, index) => {
    const number = firstLine + index;
    return `      ${number === line ? ">" : " "} ${String(number).padStart(width)} | ${text}`.trimEnd();
  });
  return numbered.join("\n");
}
