import { isToken } from "./field-values.ts";

/** A value with parameters: `form-data; name="a"`, `text/html; charset=utf-8`. */
export interface ParameterizedValue {
  /** What stands before the first semicolon, in lower case. */
  readonly value: string;
  /** By lower-case name. */
  readonly parameters: ReadonlyMap<string, string>;
}

/**
 * Parses a value with parameters (RFC 9110 §5.6.6); undefined when it breaks the grammar or a parameter comes twice, of
 * which two readers might believe two different ones. One pass: the time grows with the length.
 */
export function parseParameterized(text: string): ParameterizedValue | undefined {
  const semicolon = text.indexOf(";");
  const value = trim(semicolon === -1 ? text : text.slice(0, semicolon)).toLowerCase();
  const parameters = new Map<string, string>();
  let at = semicolon === -1 ? text.length : semicolon;
  while (at < text.length) {
    at = skipWhitespace(text, at + 1);
    // RFC 9110 §5.6.6: there may be nothing between two semicolons.
    if (at === text.length || text[at] === ";") continue;
    const equals = text.indexOf("=", at);
    const name = text.slice(at, equals).toLowerCase();
    if (equals === -1 || !isToken(name) || parameters.has(name)) return undefined;
    const read = text[equals + 1] === '"' ? readQuoted(text, equals + 2) : readBare(text, equals + 1);
    if (read === undefined) return undefined;
    parameters.set(name, read.value);
    at = skipWhitespace(text, read.end);
    if (at < text.length && text[at] !== ";") return undefined;
  }
  return { value, parameters };
}

interface Read {
  readonly value: string;
  readonly end: number;
}

function readBare(text: string, start: number): Read | undefined {
  const semicolon = text.indexOf(";", start);
  const end = semicolon === -1 ? text.length : semicolon;
  const value = trim(text.slice(start, end));
  return isToken(value) ? { value, end } : undefined;
}

/**
 * A backslash quotes a quotation mark or a backslash and nothing else: RFC 9110 would let it quote anything, but forms
 * come with the path of a Windows file.
 */
function readQuoted(text: string, start: number): Read | undefined {
  let value = "";
  let from = start;
  for (let at = start; at < text.length; at++) {
    if (text[at] === '"') return { value: value + text.slice(from, at), end: at + 1 };
    if (text[at] !== "\\" || (text[at + 1] !== '"' && text[at + 1] !== "\\")) continue;
    value += text.slice(from, at);
    from = ++at;
  }
  return undefined;
}

function skipWhitespace(text: string, start: number): number {
  let at = start;
  while (text[at] === " " || text[at] === "\t") at++;
  return at;
}

function trim(text: string): string {
  const start = skipWhitespace(text, 0);
  let end = text.length;
  while (end > start && (text[end - 1] === " " || text[end - 1] === "\t")) end--;
  return text.slice(start, end);
}
