import { quote } from "../base/text.ts";
import { isToken } from "../protocol/http/field-values.ts";

/**
 * A WebSocket's URL (WebSockets Standard, "get a URL record"): `ws:` or `wss:`; `http:` and `https:` stand for them.
 *
 * @throws DOMException SyntaxError for anything else, and for a URL with a fragment.
 */
export function parseWebSocketUrl(text: string | URL): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    // Even what does not parse may hold a password.
    throw syntaxError(`${quote(String(text).replace(/[^/]*@/, "…@"))} is no URL`);
  }
  const scheme = /^(?:ws|http)(s?):$/.exec(url.protocol);
  if (scheme === null) {
    throw syntaxError(
      `the scheme of a WebSocket's URL is ws, wss, http or https, got ${quote(url.protocol)}`,
    );
  }
  if (url.href.includes("#")) throw syntaxError("a WebSocket's URL has no fragment (nothing behind a #)");
  // The setter of `protocol` is allowed to change between special schemes, and keeps what is the default port of both.
  return new URL(url.href.replace(/^http/, "ws"));
}

/**
 * The subprotocols to offer: tokens, all different (RFC 6455 §4.1).
 *
 * @throws DOMException SyntaxError where they are not.
 */
export function checkSubprotocols(protocols: string | readonly string[]): readonly string[] {
  const list = typeof protocols === "string" ? [protocols] : protocols.map((each: unknown) => String(each));
  for (const [index, protocol] of list.entries()) {
    if (!isToken(protocol)) throw syntaxError(`a subprotocol is a token, got ${quote(protocol)}`);
    // As browsers and undici do, whatever the case.
    if (list.slice(0, index).some((other) => other.toLowerCase() === protocol.toLowerCase())) {
      throw syntaxError(`subprotocol ${quote(protocol)} is given twice`);
    }
  }
  return list;
}

function syntaxError(message: string): DOMException {
  return new DOMException(message, "SyntaxError");
}
