import { printable } from "../../base/text.ts";
import type { HttpRequest } from "../http-request.ts";

/** What a page says of the request. */
export interface RequestReport {
  readonly method: string;
  readonly url: string;
  readonly remoteAddress: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** Names of header fields and arguments whose values let somebody in: a page may be shown around. */
const secretName = /auth|cookie|token|secret|passw|api-?key|session|csrf|xsrf|jwt|signature|credential/i;

const hidden = "(hidden)";
const textCharactersMax = 2000;

/** Describes a request, without its secrets and its body. */
export function reportRequest(request: HttpRequest): RequestReport {
  const headers = Object.entries(request.headers).map(([name, value]): [string, string] => {
    const text = Array.isArray(value) ? value.join(", ") : String(value);
    // The page before this one may have had a secret in its URL, too.
    const shown = name === "referer" ? hideArguments(text) : text;
    return [name, secretName.test(name) ? hidden : printable(shown, textCharactersMax)];
  });
  return {
    method: printable(request.method),
    url: printable(hideArguments(request.fullUrl()), textCharactersMax),
    remoteAddress: request.remoteAddress,
    headers,
  };
}

/** A URL without the values of arguments that have the name of a secret. */
function hideArguments(url: string): string {
  return url.replace(/([?&])([^=&#]*)=([^&#]*)/g, (pair, mark: string, name: string) =>
    secretName.test(name) ? `${mark}${name}=${hidden}` : pair,
  );
}
