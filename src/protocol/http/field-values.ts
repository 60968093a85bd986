/**
 * The grammars of header field values that the handshake needs (RFC 9110 §5.6). Each is one pass over the value:
 * no backtracking expression ever sees what a stranger sent.
 */

const tokenCharacters: ReadonlySet<string> = new Set(
  "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
);

/** Whether `text` is a token (RFC 9110 §5.6.2). */
export function isToken(text: string): boolean {
  if (text === "") return false;
  for (const character of text) if (!tokenCharacters.has(character)) return false;
  return true;
}

/** Whether `text` may be the value of a header field: no control characters, and nothing outside Latin-1 (RFC 9110 §5.5). */
export function isFieldValue(text: string): boolean {
  return !/[^\t\x20-\x7e\x80-\xff]/.test(text);
}

/** The members of a comma-separated list (RFC 9110 §5.6.1): trimmed, empty ones left out, not checked further. */
export function listMembers(value: string | undefined): string[] {
  if (value === undefined) return [];
  return value
    .split(",")
    .map((member) => trimWhitespace(member))
    .filter((member) => member !== "");
}

/** Whether a comma-separated list has `name` as a member, whatever the case. */
export function listIncludes(value: string | undefined, name: string): boolean {
  return listMembers(value).some((member) => member.toLowerCase() === name);
}

/** One extension of a Sec-WebSocket-Extensions header: `name; parameter; parameter=value`. */
export interface ExtensionOffer {
  readonly name: string;
  /** In the order they came; a parameter without a value has `true`. */
  readonly parameters: readonly (readonly [name: string, value: string | true])[];
}

/**
 * Parses Sec-WebSocket-Extensions (RFC 6455 §9.1); undefined when it breaks the grammar. Offers stay a list, and
 * parameters stay pairs: an alternative may be offered twice, and a repeated parameter is for the extension to judge.
 */
export function parseExtensions(value: string | undefined): ExtensionOffer[] | undefined {
  const offers: ExtensionOffer[] = [];
  for (const member of (value ?? "").split(",").map(trimWhitespace)) {
    if (member === "") continue;
    const [name = "", ...rest] = member.split(";").map(trimWhitespace);
    if (!isToken(name)) return undefined;
    const parameters: [string, string | true][] = [];
    for (const part of rest) {
      const parameter = parseParameter(part);
      if (parameter === undefined) return undefined;
      parameters.push(parameter);
    }
    offers.push({ name, parameters });
  }
  return offers;
}

function parseParameter(text: string): [string, string | true] | undefined {
  const equals = text.indexOf("=");
  if (equals === -1) return isToken(text) ? [text, true] : undefined;
  const name = trimWhitespace(text.slice(0, equals));
  const value = unquote(trimWhitespace(text.slice(equals + 1)));
  // RFC 6455 §9.1: a quoted value must be a token once the quotes are gone; so it holds no "," or ";" either.
  return isToken(name) && isToken(value) ? [name, value] : undefined;
}

function unquote(text: string): string {
  const quoted = text.startsWith('"') && text.endsWith('"');
  return quoted ? text.slice(1, -1).replaceAll(/\\(.)/g, "$1") : text;
}

/** Removes optional whitespace (RFC 9110 §5.6.3): spaces and tabs, and nothing else that `trim()` would. */
function trimWhitespace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isWhitespace(text.charCodeAt(start))) start++;
  while (end > start && isWhitespace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isWhitespace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
