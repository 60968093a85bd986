import { environment } from "./environment.ts";

/**
 * The address of a server, relative to the page, as an `http:` or `https:` URL: `ws:` and `wss:` stand for these.
 *
 * @throws DOMException SyntaxError for what is no such URL, or has a fragment.
 */
export function parseTargetUrl(given: string | URL): URL {
  let url: URL;
  try {
    url = new URL(given, environment.document?.baseURI ?? environment.location?.href);
    url = new URL(url.href.replace(/^ws/, "http"));
  } catch {
    throw new DOMException(`${given} is no URL`, "SyntaxError");
  }
  if (!/^https?:$/.test(url.protocol) || url.href.includes("#")) {
    throw new DOMException(
      `a URL begins with ws, wss, http or https and has no #, got ${url}`,
      "SyntaxError",
    );
  }
  return url;
}

/** Whether a server is on this machine, and so in reach without any network. */
export function isLoopback(hostname: string | undefined): boolean {
  return hostname !== undefined && /^(?:(?:.*\.)?localhost|127\..*|\[::1\])$/.test(hostname);
}
