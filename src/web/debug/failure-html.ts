import type { Problem } from "../../base/errors.ts";
import { escapeHtml } from "../html.ts";
import type { ErrorReport, Excerpt, FailureReport, FrameReport } from "./failure-report.ts";
import type { RequestReport } from "./request-report.ts";

const style = `
:root { color-scheme: light dark; --text: #1f2328; --quiet: #59636e; --ground: #fff; --raised: #f6f8fa;
  --line: #d1d9e0; --red: #b3261e; --mark: #ffe9e7; }
@media (prefers-color-scheme: dark) { :root { --text: #e6e8eb; --quiet: #9198a1; --ground: #15181c;
  --raised: #1e2227; --line: #363c44; --red: #ff8a80; --mark: #4a2322; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
header, main { max-width: 70rem; margin: 0 auto; padding: 1.5rem clamp(1rem, 4vw, 3rem); }
header { padding-bottom: 0; color: var(--quiet); }
h1, h2 { line-height: 1.3; margin: 0 0 .75rem; overflow-wrap: anywhere; }
h1 { font-size: 1.1rem; font-weight: 600; color: var(--text); }
h2 { font-size: 1rem; color: var(--red); }
h2 small { display: block; font-size: inherit; font-weight: 400; color: var(--quiet); }
section { margin-bottom: 2.5rem; }
code, pre, .frame, table { font-family: ui-monospace, Menlo, Consolas, monospace; font-size: .875rem; }
.message { margin: 0 0 1rem; padding: .75rem 1rem; border-left: .25rem solid var(--red); background: var(--mark);
  font-size: 1rem; white-space: pre-wrap; overflow-wrap: anywhere; }
ol { margin: 0; padding: 0; list-style: none; }
.frame { padding: .2rem 0; overflow-wrap: anywhere; }
.frame span { color: var(--quiet); }
.other { color: var(--quiet); }
.excerpt { margin: .35rem 0 1rem; padding: .5rem 0; overflow-x: auto; border: 1px solid var(--line);
  border-radius: .4rem; background: var(--raised); line-height: 1.55; tab-size: 4; }
.excerpt div { width: max-content; min-width: 100%; padding: 0 1rem 0 .5rem; }
.excerpt .hit { background: var(--mark); box-shadow: inset .2rem 0 var(--red); }
.excerpt i { display: inline-block; min-width: 2.5rem; padding-right: .9rem; text-align: right; font-style: normal;
  color: var(--quiet); user-select: none; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: .35rem .75rem .35rem 0; border-top: 1px solid var(--line); text-align: left; vertical-align: top; }
th { font-weight: 400; color: var(--quiet); white-space: nowrap; }
td { overflow-wrap: anywhere; }
@media (max-width: 40rem) { th, td { display: block; padding-right: 0; } td { border: 0; padding-top: 0; }
  th { padding-bottom: 0; } }
`;

/** The page of a failure for a browser. It has no script, and its policy lets none run. */
export function renderFailureHtml(problem: Problem, report: FailureReport, request: RequestReport): string {
  const [first] = report;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(first === undefined ? problem.code : `${first.title}: ${first.message.slice(0, 100)}`)}</title>
<style>${style}</style>
<header>
<h1>500: Internal Server Error</h1>
<p>${escapeHtml(problem.message)} <code>${problem.code}</code></p>
</header>
<main>
${report.map((error, index) => renderError(error, index > 0)).join("\n")}
${renderRequest(request)}
<p class="other">This page is shown because <code>debug</code> is true. Without it clients see nothing of this.</p>
</main>
</html>
`;
}

function renderError({ title, message, frames }: ErrorReport, isCause: boolean): string {
  return `<section>
<h2>${isCause ? "<small>Caused by</small>" : ""}${escapeHtml(title)}</h2>
<pre class="message">${escapeHtml(message)}</pre>
<ol>
${frames.map((frame) => renderFrame(frame)).join("\n")}
</ol>
</section>`;
}

function renderFrame({ name, place, isOwn, excerpt }: FrameReport): string {
  const text = `${escapeHtml(name)} <span>${escapeHtml(place)}</span>`;
  const lines = excerpt === undefined ? "" : renderExcerpt(excerpt);
  return `<li><div class="frame${isOwn ? "" : " other"}">${text}</div>${lines}</li>`;
}

function renderExcerpt({ firstLine, line, lines }: Excerpt): string {
  const numbered = lines.map((text, index) => {
    const number = firstLine + index;
    return `<div${number === line ? ' class="hit"' : ""}><i>${number}</i>${escapeHtml(text)}</div>`;
  });
  return `<pre class="excerpt">${numbered.join("")}</pre>`;
}

function renderRequest({ method, url, remoteAddress, headers }: RequestReport): string {
  const rows = [["request", `${method} ${url}`], ["client", remoteAddress], ...headers] as const;
  return `<section>
<h1>Request</h1>
<table>
${rows.map(([name, value]) => `<tr><th>${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`).join("\n")}
</table>
</section>`;
}
