import { reasonPhrase } from "../transport/plain-answer.ts";
import { escapeHtml } from "./html.ts";
import type { Refusal } from "./refusal.ts";

/** A body for a refusal, with its type: HTML for who asks for it, plain text for everybody else. */
export interface ErrorPage {
  readonly type: string;
  readonly body: string;
}

/**
 * The page that says no. In production it has the status, the code and a sentence without internals; in debug mode all
 * that the log has.
 */
export function renderErrorPage(refusal: Refusal, accept: string | undefined, debug: boolean): ErrorPage {
  const title = `${refusal.status}: ${refusal.reason ?? reasonPhrase(refusal.status)}`;
  const { code, message, advice } = refusal.problem;
  const details = debug ? [message, advice].filter(Boolean) : [refusal.publicMessage];
  if (!accept?.includes("text/html")) {
    return { type: "text/plain; charset=utf-8", body: `${title}\n${code}: ${details.join("\n")}\n` };
  }
  const paragraphs = details
    .map((detail) => `<p style="white-space: pre-wrap">${escapeHtml(detail)}</p>`)
    .join("\n");
  const body = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<body style="font-family: system-ui, sans-serif; margin: 3rem">
<h1>${escapeHtml(title)}</h1>
${paragraphs}
<p><code>${code}</code></p>
</body>
</html>
`;
  return { type: "text/html; charset=utf-8", body };
}
