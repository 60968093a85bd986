import { environment } from "./environment.ts";

/**
 * The address of a server, relative to the page, as an `http:` or `https:` URL: `ws:` and `wss:` stand for these.
 *
 * @throws DOMException SyntaxError for what is no such URL, or has a fragment.
 */
export function parseTargetUrl(given: string | URL): URL {
  try {
    const { href } = new URL(given, environment.document?.baseURI ?? environment.location?.href);
    if (/^(?:ws|http)s?:[^#]*$/.test(href)) return new URL(href.replace(/^ws/, "http"));
  } catch {
    // It does not parse.
  }
  throw new DOMException(`no URL of ws, wss, http or https without #: ${given}`, "SyntaxError");
}

/** Whether a server is on this machine, and so in reach without any network. */
export function isLoopback(hostname: string | undefined): boolean {
  return /(?:^|\.)localhost$|^127\.|^\[::1\]$/.test(hostname ?? "");
}
